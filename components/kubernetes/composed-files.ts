/**
 * Files from a Secret that somebody else makes: by hand, by External Secrets, by a sealed one. It has the secrets of the
 * model by their names; what the services read is composed of them inside the pod, and stored nowhere.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { types } from "@pulumi/kubernetes";
import { FILES_FOLDER, type FileMount, type Ref, type Service, type Text } from "../app/model";
import { mentionsSecret, refsOf } from "../app/text";
import type { ImageRef } from "../image/image-ref";
import { fileItems, fileData, PLAIN_MODE, SECRET_MODE } from "./files";
import { hashOf } from "./hash";
import { filesName } from "./names";
import { cpuQuantity, memoryQuantity } from "./quantities";

/** A Secret of the namespace, and the image whose Python composes files from it. */
export interface ExistingSecret {
  readonly name: string;
  readonly image: ImageRef;
}

/** ConfigMap with the program that composes the files. */
export const COMPOSER = "composer";
const PROGRAM = "compose.py";
const DESCRIPTION = "files.json";
const SOURCES = "/run/ralex-sources";
/** Far above what any service has: the largest is the dashboard of Grafana. */
const FOLDER_MIB = 4;

const isComposed = ({ content }: FileMount): boolean => mentionsSecret(content);
const isCopied = (file: FileMount): boolean => !isComposed(file);

/** Whether a service's pods need the Secret. */
export const composes = ({ files }: Service): boolean => files.some(isComposed);

/** Data of the ConfigMap {@link COMPOSER}. */
export const composerData = (): Record<string, string> => ({
  [PROGRAM]: fs.readFileSync(path.join(__dirname, "composer", PROGRAM), "utf8"),
});

type Part = string | { readonly secret: string; readonly form: string };

const partsOf = (value: Text, plain: (value: Text) => string): readonly Part[] => {
  if (!mentionsSecret(value)) return [plain(value)];
  if (typeof value === "object" && "join" in value) {
    return value.join.flatMap((part) => partsOf(part, plain)).reduce(merged, []);
  }
  const { secret, form } = value as Extract<Ref, { readonly ref: "secret" }>;
  return [{ secret, form }];
};

/** Neighbouring literals as one. */
function merged(parts: readonly Part[], next: Part): readonly Part[] {
  const last = parts.at(-1);
  if (next === "") return parts;
  if (typeof last !== "string" || typeof next !== "string") return [...parts, next];
  return [...parts.slice(0, -1), last + next];
}

/**
 * Data of a service's ConfigMap: what is plain, and how the rest is composed. There is no secret in it.
 * @param secret - name of the Secret, for what is said of it.
 */
export function composedData(
  { files }: Service,
  secret: string,
  plain: (value: Text) => string,
): Record<string, string> {
  const [copied, composed] = [files.filter(isCopied), files.filter(isComposed)];
  const description = {
    secret,
    plain: copied.map(relative),
    composed: composed.map((file) => ({
      path: relative(file),
      mode: (file.secret ? SECRET_MODE : PLAIN_MODE).toString(8).padStart(4, "0"),
      parts: partsOf(file.content, plain),
    })),
  };
  const contents = fileData(
    copied,
    copied.map(({ content }) => plain(content)),
  );
  if (composed.length === 0) return contents;
  return { ...contents, [DESCRIPTION]: `${JSON.stringify(description, null, 2)}\n` };
}

/** Hash over what {@link composedData} gives and the program: the values of the Secret are not known. */
export const composedHash = (data: Readonly<Record<string, string>>): string => hashOf([data, composerData()]);

const relative = ({ path: file }: FileMount): string => path.posix.relative(FILES_FOLDER, file);

/** Names of the secrets that a service's files are made from, sorted: its pods see no others. */
export const secretsOf = ({ files }: Service): readonly string[] =>
  [
    ...new Set(
      files.flatMap(({ content }) => refsOf(content)).flatMap((ref) => (ref.ref === "secret" ? ref.secret : [])),
    ),
  ].sort();

/** The folder that the service reads, in memory, and what it is composed from. */
export function composedVolumes(service: Service, { name }: ExistingSecret): types.input.core.v1.Volume[] {
  const copied = service.files.filter(isCopied);
  const plain = fileItems(copied, PLAIN_MODE).map((item) => ({ ...item, path: `plain/${item.path}` }));
  const keys = secretsOf(service).map((key) => ({ key, path: `secret/${key}`, mode: SECRET_MODE }));
  return [
    { name: "files", emptyDir: { medium: "Memory", sizeLimit: memoryQuantity(FOLDER_MIB) } },
    {
      name: "sources",
      projected: {
        sources: [
          { configMap: { name: COMPOSER, items: [{ key: PROGRAM, path: PROGRAM }] } },
          { configMap: { name: filesName(service.name), items: [{ key: DESCRIPTION, path: DESCRIPTION }, ...plain] } },
          // The program says which keys are missing, all at once; the kubelet would name none.
          { secret: { name, optional: true, items: keys } },
        ],
      },
    },
  ];
}

/** Composes the files before anything else runs in the pod, as the pod's own user. */
export const composingContainer = ({ image }: ExistingSecret): types.input.core.v1.Container => ({
  name: COMPOSER,
  image: image.toString(),
  imagePullPolicy: "IfNotPresent",
  command: ["python3.11", "-I", `${SOURCES}/${PROGRAM}`, SOURCES, FILES_FOLDER],
  // Below what any service asks for, so that no pod takes more of a node for it.
  resources: {
    requests: { cpu: cpuQuantity(0.01), memory: memoryQuantity(16) },
    limits: { cpu: cpuQuantity(0.5), memory: memoryQuantity(64) },
  },
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  terminationMessagePolicy: "FallbackToLogsOnError",
  volumeMounts: [
    { name: "sources", mountPath: SOURCES, readOnly: true },
    { name: "files", mountPath: FILES_FOLDER },
  ],
});
