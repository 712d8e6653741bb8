/** Settings of target kubernetes: what they may be, and what goes together. */
import fc from "fast-check";
import { annotations, pairsOf } from "../../../components/settings/metadata-lines";
import { loadSettings } from "../../../components/settings/load";
import { settingsProblems } from "../../support/settings-problems";

const CLUSTER = { target: "kubernetes", kubeContext: "c", hostName: "ralex.test" };
const load = (stack: Record<string, unknown>) =>
  loadSettings({ environment: {}, dotenv: {}, stack: { ...CLUSTER, ...stack } });
const problemsOf = (stack: Record<string, unknown>) => settingsProblems({ ...CLUSTER, ...stack });

describe("the way in", () => {
  test("a Gateway is named by its namespace, its name and the listener that ends TLS", () => {
    expect(load({ exposure: "gateway", gateway: "edge-system/public/https" }).gateway).toBe("edge-system/public/https");
    expect(problemsOf({ exposure: "gateway" })).toEqual([
      "gateway: is needed with exposure gateway: name the listener, <namespace>/<Gateway>/<listener>",
    ]);
    for (const gateway of ["public", "edge-system/public", "a/b/c/d", "A/b/c"]) {
      expect(problemsOf({ exposure: "gateway", gateway })).toEqual([expect.stringContaining("gateway: must be")]);
    }
  });

  test("what only another way in has is refused, all at once", () => {
    const stack = { ingressClass: "a", ingressAnnotations: "b/c: d", tlsSecret: "e", gateway: "f/g/h" };
    const none = Object.entries(stack).map(([key]) => {
      const exposure = key === "gateway" ? "gateway" : "ingress";
      return `${key}: has no effect unless exposure is ${exposure}`;
    });
    expect(problemsOf(stack)).toEqual(none);
  });

  test.each(["ingress", "gateway"])("an address is no host name with exposure %s", (exposure) => {
    const gateway = exposure === "gateway" ? { gateway: "a/b/c" } : {};
    expect(problemsOf({ exposure, ...gateway, hostName: "10.0.0.7" })).toEqual([
      `hostName: must be a name with exposure ${exposure}, which leads here by names alone`,
    ]);
  });
});

describe("annotations of the Ingress", () => {
  const name = fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,20}[A-Za-z0-9])?$/);
  const prefix = fc.stringMatching(/^[a-z0-9]([a-z0-9.-]{0,20}[a-z0-9])?$/);
  const key = fc.oneof(
    name,
    fc.tuple(prefix, name).map((parts) => parts.join("/")),
  );
  const value = fc.stringMatching(/^\S([ -~]{0,30}\S)?$/);

  test("are read as they were written, in whatever order", () => {
    fc.assert(
      fc.property(fc.dictionary(key, value), (wished) => {
        const text = Object.entries(wished)
          .map(([one, is]) => `${one}: ${is}\n`)
          .join("\n");
        expect(annotations.safeParse(text).success).toBe(true);
        expect({ ...pairsOf(text) }).toEqual({ ...wished });
      }),
    );
  });

  test.each([
    ["no colon", 'a/b "c"'],
    ["no blank behind the colon", "a/b:c"],
    ["no value", "a/b: "],
    ["a key with a blank", "a b: c"],
    ["a prefix in capitals", "A/b: c"],
  ])("a line with %s is refused by its number", (_, line) => {
    const { error } = annotations.safeParse(`good: one\n\n${line}\n`);
    expect(error?.issues.map(({ message }) => message)).toEqual([expect.stringMatching(/^line 2: must read/)]);
  });

  test("one that is there twice is refused by its name", () => {
    const { error } = annotations.safeParse("a/b: 1\na/b: 2\n");
    expect(error?.issues.map(({ message }) => message)).toEqual(["a/b: is there twice"]);
  });
});

describe("what scales and scrapes from outside", () => {
  test("KEDA needs the stack's own Prometheus and room to scale", () => {
    expect(load({ keda: "keda", apiMaxReplicas: 5 }).apiRequestsPerReplica).toBe(20);
    expect(problemsOf({ keda: "keda", monitoring: "none" })).toEqual([
      expect.stringContaining("keda: needs monitoring own"),
      expect.stringContaining("keda: scales nothing without apiMaxReplicas"),
    ]);
    expect(problemsOf({ apiRequestsPerReplica: 5 })).toEqual([
      "apiRequestsPerReplica: has no effect without keda: CPU is scaled on",
    ]);
  });

  test("labels of ServiceMonitors have values that Kubernetes takes, and need ServiceMonitors", () => {
    expect(load({ serviceMonitors: "watch", serviceMonitorLabels: "release: p" }).serviceMonitors).toBe("watch");
    expect(problemsOf({ serviceMonitorLabels: "release: p" })).toEqual([
      expect.stringContaining("serviceMonitorLabels: has no effect without serviceMonitors"),
    ]);
    for (const serviceMonitorLabels of ["release: a b", "release: -a", `release: ${"a".repeat(64)}`, "release:"]) {
      expect(problemsOf({ serviceMonitors: "watch", serviceMonitorLabels })).toEqual([
        expect.stringContaining("serviceMonitorLabels: line 1: must read"),
      ]);
    }
  });

  test("exporters do not fit into size edge", () => {
    const edge = { size: "edge", monitoring: "none", apiReplicas: 1, serviceMonitors: "watch" };
    expect(problemsOf(edge)).toEqual([expect.stringContaining("serviceMonitors: brings exporters")]);
  });
});

describe("logs of a stack on a cluster", () => {
  test("are the cluster's, unless the stack is to have its own", () => {
    expect(load({}).logs).toBe("cluster");
    expect(problemsOf({ logs: "own" })).toEqual([]);
    expect(problemsOf({ logs: "own", operatorListeners: true })).toEqual([]);
  });

  test("are the stack's own only with the monitoring that the log search is part of", () => {
    expect(problemsOf({ logs: "own", monitoring: "none" })).toEqual([
      "logs: needs monitoring own, which the log search is part of: set monitoring to own, or logs to cluster",
    ]);
  });

  test("leave room in the namespace's name for that of the one beside it", () => {
    expect(problemsOf({ logs: "own", namespace: "n".repeat(49) })).toEqual([]);
    expect(problemsOf({ logs: "own", namespace: "n".repeat(50) })).toEqual([
      "namespace: may have 49 characters with logs own: -observability is added to it",
    ]);
    expect(problemsOf({ namespace: "n".repeat(63) })).toEqual([]);
  });
});
