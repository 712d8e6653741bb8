/** On three nodes with NetworkPolicies enforced: replicas come and go without a failed request, and pods reach what the model says. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { flowsOf } from "../../components/app/flows";
import { withProbe } from "../../components/app/model";
import { selector } from "../../components/kubernetes/names";
import { SYSTEM_IMAGES } from "../../toolchain/cluster/images/recipes";
import { kubectl } from "../../toolchain/cluster";
import { ensureImage } from "../../toolchain/substitutes/build";
import { ClusterEnvironments } from "../support/cluster-environments";
import type { LoadResult } from "../support/load";
import { clusterSettings, onKubernetes } from "../support/on-kubernetes";

const MINUTE = 60_000;
const API = "app.kubernetes.io/name=api";

let all: ClusterEnvironments;

/** The node that gets no volume: pods with one can go nowhere else on this cluster. */
const FREE = "node3";

beforeAll(async () => {
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-nodes-")));
  all.startUpstream();
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
  await kubectl(["cordon", FREE]);
  try {
    await all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes");
  } finally {
    await kubectl(["uncordon", FREE]);
  }
  all.configure({ apiReplicas: 3 });
  await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
}, 15 * MINUTE);

afterAll(() => all.remove(), 5 * MINUTE);

interface Pod {
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly spec: { readonly nodeName: string };
  readonly status: { readonly podIP: string; readonly phase: string };
}

const pods = async (...query: readonly string[]): Promise<readonly Pod[]> =>
  (JSON.parse(await all.kubectl("get", "pods", ...query, "-o", "json")) as { items: Pod[] }).items;

function expectUnharmed({ requests, streams, failures }: LoadResult): void {
  expect(failures).toEqual([]);
  expect(requests).toBeGreaterThan(100);
  expect(streams).toBeGreaterThan(0);
}

test("the API's replicas are spread over the nodes", async () => {
  expect(new Set((await pods("-l", API)).map(({ spec }) => spec.nodeName)).size).toBe(3);
});

describe("under a hundred chats a second, with streams", () => {
  test(
    "a replica of the API is evicted, and no request or stream fails",
    async () => {
      const [pod] = await pods("-l", API);
      const name = pod?.metadata.name ?? "";
      const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace: "ralex-kstaging" } };
      expectUnharmed(
        await all.underLoad(async () => {
          await kubectl(["create", "--raw", `/api/v1/namespaces/ralex-kstaging/pods/${name}/eviction`, "-f", "-"], {
            input: JSON.stringify(eviction),
          });
          await all.kubectl("wait", "--for=delete", `pod/${name}`, "--timeout=60s");
          await all.kubectl("rollout", "status", "deployment/api", "--timeout=60s");
        }),
      );
    },
    3 * MINUTE,
  );

  test(
    "the edge is evicted, and no request or stream fails",
    async () => {
      expectUnharmed(
        await all.underLoad(async () => {
          const [pod] = await pods("-l", "app.kubernetes.io/name=edge");
          await all.kubectl("delete", "pod", pod?.metadata.name ?? "");
          await all.kubectl("rollout", "status", "deployment/edge", "--timeout=60s");
        }),
      );
    },
    3 * MINUTE,
  );

  test(
    "a node is drained, and no request or stream fails",
    async () => {
      expect((await pods()).filter(({ spec }) => spec.nodeName === FREE)).not.toEqual([]);
      try {
        expectUnharmed(
          await all.underLoad(async () => {
            await kubectl(["drain", FREE, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=120s"]);
            await all.kubectl("rollout", "status", "deployment/api", "--timeout=60s");
          }),
        );
        expect((await pods()).filter(({ spec }) => spec.nodeName === FREE)).toEqual([]);
      } finally {
        await kubectl(["uncordon", FREE]);
      }
    },
    5 * MINUTE,
  );
});

describe("pods reach what the model says and nothing else, for every pair of services and every port", () => {
  /** A pod with a service's labels, which policies go by; never ready, so that nobody takes it for a replica. */
  const prober = (service: string, image: string) => ({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `prober-${service}`, labels: { ...selector(service), prober: "true" } },
    spec: {
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "prober",
          image,
          readinessProbe: { exec: { command: ["false"] }, periodSeconds: 60 },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
        },
      ],
    },
  });

  /** Names and ports, a line each, of those that take a connection within two seconds. */
  const script = (ends: readonly { readonly end: string; readonly address: string; readonly port: number }[]): string =>
    ends
      .map(({ end, address, port }) => `(timeout 2 nc ${address} ${port} </dev/null >/dev/null 2>&1 && echo ${end}) &`)
      .concat("wait")
      .join("\n");

  test(
    "live, where the policies are enforced",
    async () => {
      const application = onKubernetes(
        clusterSettings({ release: { id: "r", images: {} }, exposure: "nodePort", apiReplicas: 3 }),
      );
      const services = withProbe(application).filter(({ kind }) => kind === "service");
      const { repository, digest } = await ensureImage(SYSTEM_IMAGES.busybox);
      const file = path.join(all.folder, ".ralex/probers.json");
      const items = services.map(({ name }) => prober(name, `${repository}@${digest}`));
      fs.writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
      await all.kubectl("apply", "-f", file);
      try {
        await all.kubectl("wait", "--for=jsonpath={.status.phase}=Running", "pod", "-l", "prober", "--timeout=60s");
        const running = await pods("-l", "!prober", "--field-selector=status.phase=Running");
        const addressOf = (name: string) =>
          running.find(({ metadata }) => metadata.labels["app.kubernetes.io/name"] === name)?.status.podIP ?? "";
        const ends = services.flatMap(({ name, ports }) =>
          Object.entries(ports)
            .filter(({ 1: { protocol } }) => protocol === "tcp")
            .map(([port, { number }]) => ({
              to: name,
              end: `${name}:${port}`,
              address: addressOf(name),
              port: number,
            })),
        );
        expect(ends.map(({ address }) => address)).not.toContain("");
        const reached = await Promise.all(
          services.map(async ({ name }) => {
            const others = ends.filter(({ to }) => to !== name);
            const said = await all.kubectl("exec", `prober-${name}`, "--", "sh", "-c", script(others));
            return said
              .split("\n")
              .filter((line) => line !== "")
              .map((end) => `${name} -> ${end}`);
          }),
        );
        // What is published is open to everybody; flows of jobs are over by now.
        const published = application.edge.listeners.map(({ port }) => `${application.edge.service}:${port}`);
        const counts = (from: string, end: string) =>
          services.some(({ name }) => name === from) && ends.some((one) => one.end === end) && !published.includes(end);
        const expected = flowsOf(application)
          .filter(({ from, to, port }) => counts(from, `${to}:${port}`))
          .map(({ from, to, port }) => `${from} -> ${to}:${port}`);
        const seen = reached.flat().filter((flow) => !published.some((end) => flow.endsWith(` ${end}`)));
        expect(expected.length).toBeGreaterThan(9);
        expect(seen.sort()).toEqual(expected.sort());
      } finally {
        await all.kubectl("delete", "pod", "-l", "prober", "--wait=false");
      }
    },
    4 * MINUTE,
  );
});
