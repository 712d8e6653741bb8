/**
 * A stack with a log search of its own: the collector beside it finds what its pods write, and nothing that others write;
 * operators come to it by kubectl port-forward, with their password.
 */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kubeconfigPath, kubectl } from "../../toolchain/cluster";
import { goTool } from "../../toolchain/go-tools";
import { ClusterEnvironments } from "../support/cluster-environments";
import { freePort } from "../support/ports";

const MINUTE = 60_000;
const OWN = { logs: "own", operatorListeners: true };
const BESIDE = "ralex-kstaging-observability";
const CHATS = 'k8s.container.name:="api" AND path:="/v1/chat/completions"';

let all: ClusterEnvironments;
let forward: ChildProcess | undefined;
let port: number;
let password: string;

type Line = Readonly<Record<string, string>>;

const deploy = () => all.must("kstaging", "deploy", "-s", "kstaging", "--yes");

/** Leads from a port of this machine to the edge's port for the log search. */
async function startForward(): Promise<void> {
  port = await freePort();
  const to = ["--namespace", "ralex-kstaging", "port-forward", "service/edge", `${port}:9428`];
  forward = spawn(await goTool("kubectl"), ["--kubeconfig", kubeconfigPath(), ...to], { stdio: "ignore" });
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(200)) {
    if ((await ask("/", "wrong").catch(() => undefined)) !== undefined) return;
  }
  throw new Error("kubectl port-forward leads nowhere");
}

async function stopForward(): Promise<void> {
  const running = forward;
  forward = undefined;
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
  const ended = once(running, "exit");
  running.kill();
  await ended;
}

const ask = (where: string, secret = password): Promise<Response> => {
  const authorization = `Basic ${Buffer.from(`operator:${secret}`).toString("base64")}`;
  return fetch(`http://127.0.0.1:${port}${where}`, { headers: { authorization } });
};

async function search(query: string): Promise<readonly Line[]> {
  const answer = await ask(`/select/logsql/query?${new URLSearchParams({ query, limit: "1000" }).toString()}`);
  if (!answer.ok) throw new Error(`${query}: ${answer.status} ${await answer.text()}`);
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as Line);
}

beforeAll(async () => {
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-cluster-logs-")));
  all.startUpstream();
  all.configure(OWN);
  await all.commit("logs of its own");
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
  await all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes");
  password = await all.output("operatorPassword");
  await startForward();
}, 15 * MINUTE);

afterAll(async () => {
  await stopForward();
  await all.remove();
}, 5 * MINUTE);

describe("logs of the stack's own", () => {
  test("ask operators for their password", async () => {
    expect((await ask("/select/vmui/", "wrong")).status).toBe(401);
    expect((await ask("/select/vmui/")).status).toBe(200);
  });

  test("have the API's line of a chat within 20 seconds, with namespace, pod and container", async () => {
    const before = (await search(CHATS)).length;
    expect(await all.chat("to be found again")).toMatchObject({ status: 200 });
    const end = Date.now() + 20_000;
    let lines: readonly Line[] = [];
    while (lines.length <= before && Date.now() < end) {
      await sleep(250);
      lines = await search(CHATS);
    }
    expect(lines.length).toBe(before + 1);
    expect(lines.at(-1)).toMatchObject({
      status: "200",
      "k8s.namespace.name": "ralex-kstaging",
      "k8s.container.name": "api",
      "k8s.pod.name": expect.stringMatching(/^api-/),
    });
  }, 60_000);

  test(
    "have no line of another namespace, of the collector's own neither",
    async () => {
      const image = all.pin("kstaging").images.redis ?? "";
      const pod = ["--namespace", "default", "pod/loud"];
      const said = ["--command", "--", "sh", "-c", "echo said-by-somebody-else"];
      await kubectl(["--namespace", "default", "run", "loud", `--image=${image}`, "--restart=Never", ...said]);
      try {
        await kubectl(["wait", ...pod, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"]);
        // Longer than a line of our own takes.
        await sleep(20_000);
        expect(await search('"said-by-somebody-else"')).toEqual([]);
        expect(await search("* | uniq by (k8s.namespace.name)")).toEqual([{ "k8s.namespace.name": "ralex-kstaging" }]);
      } finally {
        await kubectl(["delete", ...pod, "--wait=false"]);
      }
    },
    3 * MINUTE,
  );
});

describe("the namespace with access to the nodes", () => {
  test("is named in the outputs and has the collector alone, one on each node, at its pinned digest", async () => {
    expect(JSON.parse(await all.output("hostAccessNamespaces"))).toEqual([BESIDE]);
    const { stdout } = await all.must("kstaging", "status", "-s", "kstaging", "--json");
    expect(stdout).toContain("log-collector-");
    const pods = (await kubectl(["--namespace", BESIDE, "get", "pods", "-o", "name"])).trim().split("\n");
    const nodes = (await kubectl(["get", "nodes", "-o", "name"])).trim().split("\n");
    expect(pods).toHaveLength(nodes.length);
    const ids = "{.items[*].status.containerStatuses[*].imageID}";
    const running = await kubectl(["--namespace", BESIDE, "get", "pods", "-o", `jsonpath=${ids}`]);
    const pinned = all.pin("kstaging").images["otel-collector"]?.split("@")[1] ?? "none";
    expect(running.match(/sha256:[0-9a-f]{64}/g)).toEqual(nodes.map(() => pinned));
  });

  test(
    "is deployed again without a change, and what is taken from it is told by drift and put back",
    async () => {
      expect((await deploy()).stderr).toMatch(/Resources:\s+\d+ unchanged/);
      await kubectl(["--namespace", BESIDE, "delete", "daemonset", "log-collector"]);
      const drift = await all.ralex("kstaging", ["drift", "-s", "kstaging"]);
      expect([drift.exitCode, drift.stdout]).toEqual([3, expect.stringContaining("log-collector")]);
      await deploy();
      expect((await all.ralex("kstaging", ["drift", "-s", "kstaging"])).exitCode).toBe(0);
    },
    8 * MINUTE,
  );

  test(
    "goes when the cluster has the logs again, and the log search's volume stays",
    async () => {
      await stopForward();
      all.configure();
      await deploy();
      expect(await kubectl(["get", "namespaces", "-o", "name"])).not.toContain(BESIDE);
      expect(await all.kubectl("get", "pvc", "-o", "name")).toContain("persistentvolumeclaim/victorialogs");
      expect(await all.chat("without a collector")).toMatchObject({ status: 200 });
    },
    8 * MINUTE,
  );
});
