/** What a pod composes of an existing Secret is what the Pulumi program writes, file by file, mounted as the pod says. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { withProbe, type Text } from "../../components/app/model";
import { ImageRef } from "../../components/image/image-ref";
import { serviceText } from "../../components/kubernetes/names";
import { renderObjects, renderProbe, type KubernetesObject } from "../../components/kubernetes/render/objects";
import { UNORDERED_JOB } from "../../components/kubernetes/workload";
import { inForm } from "../../components/secrets/forms";
import { bridgeEnvironment } from "../support/bridge";
import { clusterSettings, DIGEST, onKubernetes } from "../support/on-kubernetes";

const CHECKOUT = path.resolve(__dirname, "../..");
const settings = clusterSettings({
  ...{ release: { id: "r-1", images: {} }, exposure: "ingress", openrouterApiKey: "set" },
  ...{ upstreamUrl: "https://up.test/v1", upstreamApiKey: "set" },
});
const application = onKubernetes(settings);
const names = withProbe(application).map(({ image }) => [image, ImageRef.of(`r/${image}`, DIGEST)] as const);
const args = {
  ...{ stack: "staging", application, settings, images: Object.fromEntries(names), jobs: UNORDERED_JOB },
  secretFiles: { existing: { name: "vault", image: ImageRef.of("r/probe", DIGEST) } },
};
const objects = renderObjects(args);

interface Item {
  readonly key: string;
  readonly path: string;
}
interface Pod {
  readonly initContainers?: readonly { readonly command: readonly string[] }[];
  readonly volumes?: readonly {
    readonly name: string;
    readonly projected?: {
      readonly sources: readonly Readonly<Record<string, { readonly name: string; readonly items: readonly Item[] }>>[];
    };
  }[];
}

const podOf = (service: string): Pod => {
  const workload = objects.find(
    ({ kind, metadata }) =>
      /^(Deployment|StatefulSet|Job)$/.test(kind) && metadata.labels?.["app.kubernetes.io/name"] === service,
  );
  const template = workload === undefined ? renderProbe(args) : (workload.spec as { template: unknown }).template;
  return (template as { spec: Pod }).spec;
};

const isCertificate = (secret: string): boolean => /^tls/.test(secret);
const valueOf = (secret: string): string =>
  isCertificate(secret) ? `-----BEGIN ${secret}-----\nAAAA\n-----END ${secret}-----\n` : `valueOf${secret}`;

/** As the resolver of the Pulumi program has it. */
const text = (value: Text): string => {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map(text).join("");
  return value.ref === "secret" ? inForm(valueOf(value.secret), value.form) : serviceText(value, application);
};

/** Lays out a volume as the kubelet does. */
function project(pod: Pod, folder: string): void {
  const data = (name: string) =>
    (
      objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === name) as
        KubernetesObject | undefined
    )?.data as Readonly<Record<string, string>> | undefined;
  const sources = pod.volumes?.find(({ name }) => name === "sources")?.projected?.sources ?? [];
  for (const { configMap, secret } of sources) {
    for (const { key, path: file } of configMap?.items ?? secret?.items ?? []) {
      const content = configMap === undefined ? valueOf(key) : data(configMap.name)?.[key];
      if (content === undefined) throw new Error(`there is no key ${key} in ${configMap?.name}`);
      fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
      fs.writeFileSync(path.join(folder, file), content);
    }
  }
}

const composing = withProbe(application).filter(({ name }) => podOf(name).initContainers !== undefined);

test("every service that has a secret composes its files, and those without do not", () => {
  expect(composing.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["postgres", "redis", "databases", "migrations", "api", "openwebui", "edge", "probe"]),
  );
  expect(composing.map(({ name }) => name)).not.toContain("prometheus");
});

test.each(composing.map((service) => [service.name, service] as const))(
  "%s finds the files that the Pulumi program would have written",
  async (name, service) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-composed-"));
    try {
      const pod = podOf(name);
      const [sources, files] = [path.join(folder, "sources"), path.join(folder, "files")];
      fs.mkdirSync(files);
      project(pod, sources);
      const [, isolated = "", program = "", from = "", to] = pod.initContainers?.[0]?.command ?? [];
      expect(to).toBe("/etc/ralex");
      const python = path.join(await bridgeEnvironment(CHECKOUT), "bin/python");
      await execa(python, [isolated, program.replace(from, sources), sources, files]);
      const written = service.files.map(({ path: file }) => {
        const place = path.join(files, path.posix.relative("/etc/ralex", file));
        return [file, fs.readFileSync(place, "utf8"), fs.statSync(place).mode & 0o777];
      });
      expect(written).toEqual(
        service.files.map(({ path: file, content, secret }) => [file, text(content), secret ? 0o440 : 0o444]),
      );
    } finally {
      fs.rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
