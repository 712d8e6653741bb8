/**
 * Files from a Secret that somebody else makes: by hand, by External Secrets, by a sealed one. It has the secrets of the
 * model by their names; what the services read is composed of them inside the pod, and stored nowhere.
 */
import type { types } from "@pulumi/kubernetes";
import type { Input } from "@pulumi/pulumi";
import { FILES_FOLDER, type Service, type Text } from "../app/model";
import type { ImageRef } from "../image/image-ref";
import { composerText, composes, DESCRIPTION, describeFiles, isCopied, PROGRAM, secretsOf } from "../secrets/composed";
import { fileItems, fileData, PLAIN_MODE, SECRET_MODE } from "./files";
import { hashOf } from "./hash";
import { filesName } from "./names";
import { cpuQuantity, memoryQuantity } from "./quantities";
import { CONFINEMENT } from "./confinement";

/** A Secret of the namespace, and the image whose Python composes files from it. */
export interface ExistingSecret {
  readonly name: string;
  readonly image: ImageRef;
  /** Keyed hashes over the values that each service reads of it, by service, where somebody has asked for them. */
  readonly hashes?: Readonly<Record<string, Input<string>>>;
}

/** Name of the Secret with an Ingress' certificate, beside one that holds the secrets. */
export const tlsSecretOf = (secret: string): string => `${secret}-tls`;

/** ConfigMap with the program that composes the files. */
export const COMPOSER = "composer";
const SOURCES = "/run/ralex-sources";
/** Far above what any service has: the largest is the dashboard of Grafana. */
const FOLDER_MIB = 4;

/** Data of the ConfigMap {@link COMPOSER}. */
export const composerData = (): Record<string, string> => ({
  [PROGRAM]: composerText(),
});

/**
 * Data of a service's ConfigMap: what is plain, and how the rest is composed. There is no secret in it.
 * @param secret - name of the Secret, for what is said of it.
 */
export function composedData(service: Service, secret: string, plain: (value: Text) => string): Record<string, string> {
  const copied = service.files.filter(isCopied);
  const contents = fileData(
    copied,
    copied.map(({ content }) => plain(content)),
  );
  if (!composes(service)) return contents;
  return {
    ...contents,
    [DESCRIPTION]: describeFiles(service, secret, { secret: SECRET_MODE, plain: PLAIN_MODE }, plain),
  };
}

/** Hash over what {@link composedData} gives and the program: the values of the Secret are not known. */
export const composedHash = (data: Readonly<Record<string, string>>): string => hashOf([data, composerData()]);

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
  securityContext: CONFINEMENT,
  terminationMessagePolicy: "FallbackToLogsOnError",
  volumeMounts: [
    { name: "sources", mountPath: SOURCES, readOnly: true },
    { name: "files", mountPath: FILES_FOLDER },
  ],
});
