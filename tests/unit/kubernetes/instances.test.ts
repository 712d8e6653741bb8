import type { V1Pod } from "@kubernetes/client-node";
import { podDifferences } from "../../../cli/targets/kubernetes/drift";
import { instancesOf } from "../../../cli/targets/kubernetes/instances";
import { expectedObjects } from "../../../cli/targets/kubernetes/recovery";

const digest = (letter: string) => `sha256:${letter.repeat(64)}`;

/** A pod of the API as a cluster describes it. */
function pod(name: string, container: Record<string, unknown>, rest: Partial<V1Pod> & { phase?: string } = {}): V1Pod {
  const { phase = "Running", metadata, spec } = rest;
  return {
    metadata: { name, labels: { "app.kubernetes.io/name": "api" }, ...metadata },
    spec: { containers: [{ name: "api", image: `r/api@${digest("a")}`, readinessProbe: {} }], ...spec },
    status: {
      phase,
      containerStatuses: [
        { name: "api", image: "r/api", imageID: `r/api@${digest("a")}`, ready: true, restartCount: 0, ...container },
      ],
    },
  };
}

const RUNNING = { state: { running: {} }, started: true };

describe("the pods of a stack", () => {
  test("are shown with the most telling word that the cluster has", () => {
    const deleted = { metadata: { name: "e", deletionTimestamp: new Date() } };
    const job = { spec: { containers: [{ name: "api" }], restartPolicy: "Never" }, phase: "Succeeded" };
    const shown = instancesOf([
      pod("a", RUNNING),
      pod("b", { ...RUNNING, ready: false }),
      pod("c", { ready: false, imageID: "", state: { waiting: { reason: "ImagePullBackOff" } } }, { phase: "Pending" }),
      pod("d", { ready: false, state: { waiting: { reason: "CrashLoopBackOff" } } }),
      pod("e", RUNNING, deleted),
      pod("f", { state: { terminated: { exitCode: 0 } } }, job),
      pod("g", { state: { terminated: { exitCode: 1, reason: "Error" } } }, { ...job, phase: "Failed" }),
      pod("h", { ...RUNNING, ready: false, started: false }),
    ]).map(({ name, state, health }) => `${name} ${state} ${health}`);
    expect(shown).toEqual([
      "a running healthy",
      "b running unhealthy",
      "c ImagePullBackOff starting",
      "d CrashLoopBackOff not running",
      "e terminating not running",
      "f succeeded done",
      "g Error failed",
      "h running starting",
    ]);
  });

  test("name the image that the node runs, and the one that it was told to run where it has none yet", () => {
    const image = (letter: string) => `r/api@${digest(letter)}`;
    expect(instancesOf([pod("a", { imageID: image("b") })])[0]?.image).toBe(image("b"));
    expect(instancesOf([pod("a", { imageID: "" })])[0]?.image).toBe(image("a"));
  });
});

describe("drift of pods", () => {
  const services = { api: { image: `r/api@${digest("a")}`, replicas: 2 } };

  test("is none where all run the image, whatever repository or mirror it came from", () => {
    const pods = [pod("a", RUNNING), pod("b", { ...RUNNING, imageID: `mirror/api@${digest("a")}` })];
    expect(podDifferences(pods, services, new Set())).toEqual([]);
  });

  test("names a pod with other bytes, and a service with too few pods", () => {
    const found = podDifferences([pod("a", { ...RUNNING, imageID: `r/api@${digest("b")}` })], services, new Set());
    expect(found).toEqual([
      {
        from: "container",
        subject: "a",
        property: "image",
        expected: services.api.image,
        actual: `r/api@${digest("b")}`,
      },
      { from: "container", subject: "api", property: "replicas", expected: 2, actual: 1 },
    ]);
    expect(podDifferences([pod("a", RUNNING)], services, new Set(["api"]))).toEqual([]);
  });
});

test("what a stack's state has in its namespaces is looked for by kind, namespace and name; providers and namespaces are not in it", () => {
  const recorded = (type: string, outputs: Record<string, unknown>) => ({ urn: "", type, outputs });
  expect(
    expectedObjects([
      recorded("kubernetes:core/v1:Namespace", {
        apiVersion: "v1",
        kind: "Namespace",
        metadata: { name: "ralex-dev" },
      }),
      recorded("kubernetes:apps/v1:Deployment", {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name: "api", namespace: "ralex-dev" },
      }),
      recorded("pulumi:providers:kubernetes", {}),
      recorded("random:index/randomPassword:RandomPassword", { result: "x" }),
      recorded("kubernetes:apps/v1:DaemonSet", {
        apiVersion: "apps/v1",
        kind: "DaemonSet",
        metadata: { name: "log-collector", namespace: "ralex-dev-observability" },
      }),
    ]),
  ).toEqual([
    { apiVersion: "apps/v1", kind: "Deployment", namespace: "ralex-dev", name: "api" },
    { apiVersion: "apps/v1", kind: "DaemonSet", namespace: "ralex-dev-observability", name: "log-collector" },
  ]);
});
