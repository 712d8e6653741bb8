/** Kubernetes' quantities. Source: k8s.io/apimachinery, pkg/api/resource/quantity.go. */
import type { Value } from "./value";

const SUFFIXES: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** Cores or bytes; undefined for what is no quantity, and for what is not known. */
export function quantity({ raw }: Value): number | undefined {
  if (typeof raw === "number") return raw;
  const [, number = "", suffix = ""] =
    /^([+-]?[\d.]+(?:[eE][+-]?\d+)?)([numkMGTPE]i?|Ki)?$/.exec(typeof raw === "string" ? raw : "") ?? [];
  const factor = SUFFIXES[suffix];
  return number === "" || factor === undefined ? undefined : Number(number) * factor;
}
