/** An environment's stack without Pulumi, beside it in a namespace of its own: as a release of the chart, or as plain objects. */
import * as fs from "node:fs";
import * as https from "node:https";
import * as path from "node:path";
import execa from "execa";
import { describeRalex } from "../../components/app/ralex";
import { kubernetesPlacement } from "../../components/kubernetes/placement";
import { loadSettings } from "../../components/settings/load";
import { kubectl, kubeconfigPath } from "../../toolchain/cluster";
import { goTool } from "../../toolchain/go-tools";
import type { ClusterEnvironments } from "./cluster-environments";
import { poll } from "./http";

const STACK = "kstaging";
const NAMESPACE = "ralex-beside";
const SECRET = "ralex";
const PATIENCE_MS = 120_000;

/** Writes every key of the Secret as a script of the chart does, and prints it as an object. */
const MAKE = `
import json, sys
sys.path.insert(0, sys.argv[1])
import make_secret
host, keys = sys.argv[2], json.loads(sys.argv[3])
data = {key: make_secret.password(length) for key, length in keys.items()} | make_secret.certificates(host)
print(json.dumps(data))
`;

/**
 * Installs, waits, runs the chart's own checks and asks for a chat; then removes all of it. The port is that of the
 * environment, whose own stack has to be away.
 * @returns seconds from `helm install` until the chat is answered. @throws Error with what Helm says.
 */
export async function helmRelease(all: ClusterEnvironments): Promise<number> {
  const values = await valuesFile(all);
  return inNamespace(all, async (data) => {
    await makeSecret(data);
    const began = performance.now();
    await helm(all, "install", STACK, path.join(all.folder, "charts/ralex"), "--values", values, "--wait");
    await helm(all, "test", STACK);
    await answered(all, data);
    return (performance.now() - began) / 1000;
  });
}

/** Applies the rendered objects all at once, the Secret after them, and asks until a chat is answered; then removes them. */
export async function appliedObjects(all: ClusterEnvironments): Promise<void> {
  all.configure({ namespace: NAMESPACE });
  const { stdout } = await all.must(STACK, "render", "kubernetes", "-s", STACK, "--existing-secret", SECRET);
  all.configure();
  await inNamespace(all, async (data) => {
    await kubectl(["apply", "--filename", "-"], { input: stdout });
    await makeSecret(data);
    await answered(all, data);
  });
}

type SecretData = Readonly<Record<string, string>>;

async function inNamespace<T>(all: ClusterEnvironments, work: (data: SecretData) => Promise<T>): Promise<T> {
  const data = await secretData(all);
  await kubectl(["create", "namespace", NAMESPACE]);
  try {
    return await work(data);
  } finally {
    await kubectl(["delete", "namespace", NAMESPACE]);
  }
}

async function makeSecret(stringData: SecretData): Promise<void> {
  const secret = { apiVersion: "v1", kind: "Secret", metadata: { name: SECRET, namespace: NAMESPACE } };
  await kubectl(["apply", "--filename", "-"], { input: JSON.stringify({ ...secret, stringData }) });
}

export const helmVersion = async (): Promise<string> =>
  (await execa(await goTool("helm"), ["version", "--template", "{{.Version}}"])).stdout;

async function helm({ folder }: ClusterEnvironments, ...args: readonly string[]): Promise<void> {
  const [home, kubeconfig] = [path.join(folder, ".ralex/helm"), kubeconfigPath()];
  await execa(await goTool("helm"), [...args, "--namespace", NAMESPACE, "--timeout", "5m"], {
    env: { KUBECONFIG: kubeconfig, HELM_CACHE_HOME: home, HELM_CONFIG_HOME: home, HELM_DATA_HOME: home },
  });
}

async function valuesFile(all: ClusterEnvironments): Promise<string> {
  const { stdout } = await all.must(STACK, "render", "helm-values", "-s", STACK, "--existing-secret", SECRET);
  const file = path.join(all.folder, ".ralex/helm-values.yaml");
  fs.writeFileSync(file, stdout);
  return file;
}

async function secretData(all: ClusterEnvironments): Promise<SecretData> {
  const host = all.settings().hostName as string;
  const stack = { target: "kubernetes", kubeContext: "none", hostName: host, release: { id: "r", images: {} } };
  const settings = loadSettings({ environment: {}, dotenv: {}, stack });
  const { secrets } = describeRalex(settings, kubernetesPlacement(settings));
  const keys = Object.entries(secrets).flatMap(([name, source]) =>
    source.from === "generated" ? [[name, source.length]] : [],
  );
  const composer = path.join(all.folder, "components/secrets/composer");
  const { stdout } = await execa("python3", ["-c", MAKE, composer, host, JSON.stringify(Object.fromEntries(keys))]);
  return JSON.parse(stdout) as Record<string, string>;
}

/** Asks until a chat is answered. */
async function answered(all: ClusterEnvironments, data: SecretData): Promise<void> {
  const { hostName, nodePort } = all.settings() as { hostName: string; nodePort: number };
  const ask = () =>
    new Promise<boolean>((resolve) => {
      const request = https.request(`https://${hostName}:${nodePort}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${data.apiKey}`, "content-type": "application/json" },
        ca: data.tlsCaCertificate,
      });
      request.once("error", () => resolve(false));
      request.once("response", (response) => {
        response.resume();
        resolve(response.statusCode === 200);
      });
      request.end(JSON.stringify({ model: "echo", messages: [{ role: "user", content: "without Pulumi" }] }));
    });
  await poll("a chat of a stack without Pulumi", PATIENCE_MS, async () => ((await ask()) ? true : undefined));
}
