/** Replicas that follow the load, by CPU and by KEDA, and what a Prometheus Operator's kinds say to ours. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { addToCluster, KEDA, kubectl, waitForMetrics } from "../../toolchain/cluster";
import { ClusterEnvironments } from "../support/cluster-environments";
import { poll } from "../support/http";

const MINUTE = 60_000;
const PRIORITY = "ralex-test";
const SCALED = { apiReplicas: 1, apiMaxReplicas: 4 };
const BY_REQUESTS = { ...SCALED, keda: KEDA.namespace, apiRequestsPerReplica: 5 };
const SCRAPED = { serviceMonitors: "watch", serviceMonitorLabels: "release: test", priorityClass: PRIORITY };

let all: ClusterEnvironments;

const deploy = () => all.must("kstaging", "deploy", "-s", "kstaging", "--yes");

const replicas = async (): Promise<number> =>
  Number(await all.kubectl("get", "deployment", "api", "-o", "jsonpath={.status.readyReplicas}"));

const untilReplicas = (wanted: (now: number) => boolean, ms: number) =>
  poll("another number of replicas", ms, async () => (wanted(await replicas()) ? true : undefined));

beforeAll(async () => {
  await addToCluster("keda");
  await addToCluster("service-monitors");
  await waitForMetrics();
  await kubectl(["create", "priorityclass", PRIORITY, "--value", "1000"]);
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-scaling-")), BY_REQUESTS);
  all.startUpstream();
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
  await all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes");
}, 15 * MINUTE);

afterAll(async () => {
  await all.remove();
  await kubectl(["delete", "priorityclass", PRIORITY]);
}, 5 * MINUTE);

test(
  "KEDA brings replicas with the requests in flight, no request fails meanwhile, and none is asked of CPU",
  async () => {
    expect(await replicas()).toBe(1);
    const { failures } = await all.underLoad(() => untilReplicas((now) => now > 1, MINUTE), {
      perSecond: 5,
      streams: 20,
    });
    expect(failures).toEqual([]);
    const scalers = await all.kubectl("get", "horizontalpodautoscalers", "-o", "jsonpath={..metrics[*].type}");
    expect(scalers).toBe("External");
  },
  4 * MINUTE,
);

test(
  "an update while KEDA has scaled leaves its number of replicas alone, and a second one changes nothing",
  async () => {
    await deploy();
    const { stderr } = await deploy();
    expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
  },
  4 * MINUTE,
);

test(
  "an API server with the Prometheus Operator's kinds takes what the stack tells it, and pods their class of priority",
  async () => {
    all.configure(SCRAPED);
    await deploy();
    const found = await all.kubectl(
      ...["get", "servicemonitors,prometheusrules", "-l", "release=test"],
      ...["-o", "jsonpath={range .items[*]}{.kind}/{.metadata.name} {end}"],
    );
    expect(found.trim().split(" ")).toEqual([
      ...["alertmanager", "api", "nginx-exporter", "postgres-exporter", "prometheus", "redis-exporter"].map(
        (name) => `ServiceMonitor/${name}`,
      ),
      "PrometheusRule/ralex",
    ]);
    const classes = await all.kubectl("get", "pods", "-o", "jsonpath={.items[*].spec.priorityClassName}");
    expect(new Set(classes.split(" "))).toEqual(new Set([PRIORITY]));
  },
  6 * MINUTE,
);

test("a class of priority and kinds that the cluster lacks are refused before anything is changed", async () => {
  all.configure({ ...SCRAPED, priorityClass: "nobody" });
  const { exitCode, stderr } = await all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"]);
  expect([exitCode, stderr]).toEqual([1, expect.stringContaining("the cluster has no PriorityClass nobody; it has ")]);
  expect(stderr).toContain("nothing of kstaging was changed");
}, 60_000);

test(
  "the API is scaled by CPU where nobody asks KEDA, and no request fails while replicas come",
  async () => {
    all.configure({ ...SCALED, keda: undefined, apiRequestsPerReplica: undefined });
    await deploy();
    // By itself it comes down after the five minutes that Kubernetes waits with it.
    await all.kubectl("scale", "deployment/api", "--replicas=1");
    await untilReplicas((now) => now === 1, MINUTE);
    const { failures } = await all.underLoad(() => untilReplicas((now) => now > 1, 2 * MINUTE), {
      perSecond: 400,
      streams: 0,
    });
    expect(failures).toEqual([]);
  },
  6 * MINUTE,
);
