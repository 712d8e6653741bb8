/** Programs whose previews are recorded: a database, what uses it, and what a change does to both. */

const HEAD = `
import * as pulumi from "@pulumi/pulumi";
import * as kubernetes from "@pulumi/kubernetes";
import * as random from "@pulumi/random";
const config = new pulumi.Config();
// Objects are written into a folder: no cluster is asked.
const provider = new kubernetes.Provider("cluster", { renderYamlToDirectory: "rendered" });
const options = { provider };
`;

export interface DatabaseOptions {
  readonly storageClass: string;
  readonly replicas: number;
  /** 64 hexadecimal digits each. */
  readonly apiDigest: string;
  /** Length of the password. */
  readonly password?: number;
  readonly more?: string;
}

/** A digest that is 64 times one digit. */
export const digest = (digit: string): string => digit.repeat(64);

/** A database with its volume and password, and an API beside it. */
export const database = ({ storageClass, replicas, apiDigest, password = 24, more = "" }: DatabaseOptions): string => `
${HEAD}
const password = new random.RandomPassword("postgres-password", { length: ${password} });
new kubernetes.core.v1.Secret("postgres-password", {
  metadata: { name: "postgres-password" },
  stringData: { password: password.result, upstream: config.getSecret("upstreamKey") ?? "" },
}, options);
new kubernetes.core.v1.PersistentVolumeClaim("postgres-data", {
  metadata: { name: "postgres-data" },
  spec: {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "${storageClass}",
    resources: { requests: { storage: "20Gi" } },
  },
}, options);
const workload = (name: string, image: string, replicas: number, env: { name: string; value: string }[]) => ({
  metadata: { name },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: {
      metadata: { labels: { app: name } },
      spec: { containers: [{ name, image, env }] },
    },
  },
});
new kubernetes.apps.v1.Deployment("postgres", workload("postgres", "docker.io/library/postgres@sha256:${digest("a")}", 1, [
  { name: "STORAGE", value: "${storageClass}" },
]), options);
new kubernetes.apps.v1.Deployment("api", workload("api", "registry.example/ralex-api@sha256:${apiDigest}", ${replicas}, []), options);
${more}
`;

/** Many objects with much text in them. */
export const manyObjects = (count: number, text: string): string => `
${HEAD}
for (let index = 0; index < ${count}; index += 1) {
  const data = Object.fromEntries(Array.from({ length: 40 }, (_, line) => ["settings-of-tenant-" + index + "/line-" + line, "${text} " + line]));
  new kubernetes.core.v1.ConfigMap("tenant-" + index + "-settings", { metadata: { name: "tenant-" + index }, data }, options);
}
`;
