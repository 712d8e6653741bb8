/** Settings of target kubernetes that only clash together. */
import { clusterSettings } from "../../support/on-kubernetes";
import { SettingsError } from "../../../components/settings/load";

function problems(stack: Record<string, unknown>): readonly string[] {
  try {
    clusterSettings(stack);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems.map(({ key, message }) => `${key} ${message}`);
    throw error;
  }
}

describe("logs of a stack on a cluster", () => {
  test("are the cluster's, unless the stack is to have its own", () => {
    expect(clusterSettings().logs).toBe("cluster");
    expect(problems({ logs: "own" })).toEqual([]);
    expect(problems({ logs: "own", operatorListeners: true })).toEqual([]);
  });

  test("are the stack's own only with the monitoring that the log search is part of", () => {
    expect(problems({ logs: "own", monitoring: "none" })).toEqual([
      "logs needs monitoring own, which the log search is part of: set monitoring to own, or logs to cluster",
    ]);
  });

  test("leave room in the namespace's name for that of the one beside it", () => {
    expect(problems({ logs: "own", namespace: "n".repeat(49) })).toEqual([]);
    expect(problems({ logs: "own", namespace: "n".repeat(50) })).toEqual([
      "namespace may have 49 characters with logs own: -observability is added to it",
    ]);
    expect(problems({ namespace: "n".repeat(63) })).toEqual([]);
  });
});
