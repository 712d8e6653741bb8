/** A service's files: a ConfigMap and a Secret, which its pods see as one folder. */
import * as path from "node:path";
import type { types } from "@pulumi/kubernetes";
import { FILES_FOLDER, type FileMount, type Service } from "../app/model";
import { hashOf } from "./hash";
import { filesName } from "./names";

/** Root and the pod's group read what is secret, everybody in the container the rest. */
export const SECRET_MODE = 0o440;
export const PLAIN_MODE = 0o444;

/** A key of a ConfigMap or Secret may hold no slash. */
const keyOf = ({ path: file }: FileMount): string => path.posix.relative(FILES_FOLDER, file).replace(/\//g, ".");

export const isSecret = ({ secret }: FileMount): boolean => secret;
export const isPlain = (file: FileMount): boolean => !isSecret(file);

/** Contents by key, of the files and their texts in one order. */
export const fileData = (files: readonly FileMount[], contents: readonly string[]): Record<string, string> =>
  Object.fromEntries(files.map((file, index) => [keyOf(file), contents[index] ?? ""]));

/**
 * Contents as a Secret holds them. Not `stringData`: the provider turns that into `data` during an update, which its plan
 * does not have, and the engine's refusal would show the secret.
 */
export const secretData = (contents: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    Object.entries(contents).map(([key, text]) => [key, Buffer.from(text, "utf8").toString("base64")]),
  );

/** Hash over names and contents of all files, in the order of the service; it reveals nothing of a generated secret. */
export const filesHash = (files: readonly FileMount[], contents: readonly string[]): string =>
  hashOf(files.map(({ path: file }, index) => [file, contents[index]]));

/** Keys of a ConfigMap or Secret as files below {@link FILES_FOLDER}. */
export const fileItems = (files: readonly FileMount[], mode: number) =>
  files.map((file) => ({ key: keyOf(file), path: path.posix.relative(FILES_FOLDER, file.path), mode }));

/** Volume `files` of a pod, for {@link FILES_FOLDER}. */
export function projectedFiles({ name, files }: Service): types.input.core.v1.Volume {
  const [plain, secret] = [files.filter(isPlain), files.filter(isSecret)];
  return {
    name: "files",
    projected: {
      sources: [
        ...(plain.length === 0 ? [] : [{ configMap: { name: filesName(name), items: fileItems(plain, PLAIN_MODE) } }]),
        ...(secret.length === 0 ? [] : [{ secret: { name: filesName(name), items: fileItems(secret, SECRET_MODE) } }]),
      ],
    },
  };
}
