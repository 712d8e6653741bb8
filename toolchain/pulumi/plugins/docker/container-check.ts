/**
 * What the official provider refuses in a container's inputs.
 * Source, where nothing else is said: the `ValidateDiagFunc`s of resource_docker_container.go, resourceDockerContainer.
 */
import { flag, object, objects, text, texts } from "../support/inputs";
import type { Failure } from "../support/tables";
import { UNKNOWN, type Values } from "../support/wire";
import { nanoCpus, nanoseconds } from "./go-forms";

/** Whole numbers, with the least that each may be. */
const LEAST: Readonly<Record<string, number>> = {
  cpuPeriod: 0,
  cpuQuota: 0,
  cpuShares: 0,
  destroyGraceSeconds: Number.MIN_SAFE_INTEGER,
  maxRetryCount: Number.MIN_SAFE_INTEGER,
  memory: 0,
  memorySwap: -1,
  shmSize: 0,
  stopTimeout: Number.MIN_SAFE_INTEGER,
  waitTimeout: Number.MIN_SAFE_INTEGER,
};
const DURATIONS = ["interval", "timeout", "startPeriod", "startInterval"];

type Allowed = readonly string[];
const RESTARTS: Allowed = ["no", "on-failure", "always", "unless-stopped"];
const MOUNTS: Allowed = ["bind", "volume", "tmpfs"];
const PROPAGATIONS: Allowed = ["private", "rprivate", "shared", "rshared", "slave", "rslave"];

const whole = (property: string, value: unknown, least: number): Failure[] => {
  if (typeof value !== "number" || (Number.isInteger(value) && value >= least)) return [];
  return [{ property, reason: `must be a whole number${least < -1 ? "" : ` of at least ${least}`}` }];
};

const oneOf = (property: string, value: string | undefined, allowed: Allowed): Failure[] =>
  value === undefined || value === UNKNOWN || allowed.includes(value)
    ? []
    : [{ property, reason: `must be one of ${allowed.join(", ")}` }];

const fits = (property: string, value: string | undefined, isFitting: (text: string) => boolean, reason: string) =>
  value === undefined || value === UNKNOWN || isFitting(value) ? [] : [{ property, reason }];

function healthcheck(inputs: Values): Failure[] {
  const check = object(inputs, "healthcheck") ?? {};
  return [
    ...DURATIONS.flatMap((name) =>
      fits(
        `healthcheck.${name}`,
        text(check, name),
        (duration) => nanoseconds(duration) !== undefined,
        "is not a duration; write for example 500ms, 10s, 1m30s",
      ),
    ),
    ...whole("healthcheck.retries", check.retries, 0),
  ];
}

const mounts = (inputs: Values): Failure[] =>
  objects(inputs, "mounts").flatMap((mount, index) => {
    const bind = object(mount, "bindOptions") ?? {};
    return [
      ...oneOf(`mounts[${index}].type`, text(mount, "type"), MOUNTS),
      ...oneOf(`mounts[${index}].bindOptions.propagation`, text(bind, "propagation"), PROPAGATIONS),
    ];
  });

/** What needs something else; the provider finds it when the container is made, or never ends to see a difference. */
function contradictions(inputs: Values, old: Values | undefined): Failure[] {
  const failures: Failure[] = [];
  const fail = (property: string, reason: string) => failures.push({ property, reason });
  if (flag(inputs, "attach") && flag(inputs, "mustRun") !== false) {
    fail("attach", "a container that is waited for ends: set mustRun to false");
  }
  if (flag(inputs, "wait") && flag(inputs, "attach")) {
    fail("wait", "waits for health, attach for the end: choose one");
  }
  if (flag(inputs, "logs") && !flag(inputs, "attach")) fail("logs", "are kept of a container with attach only");
  if (old !== undefined && flag(old, "start") !== false && flag(inputs, "start") === false) {
    fail("start", "the official provider does not stop a running container for this; leave the container out instead");
  }
  // resource_docker_container_funcs.go, resourceDockerContainerCreate.
  if (texts(inputs, "command")?.includes("")) fail("command", "values for command may not be empty");
  return failures;
}

/** All that is wrong with the inputs. */
export function problems(inputs: Values, old: Values | undefined): Failure[] {
  return [
    ...contradictions(inputs, old),
    ...Object.entries(LEAST).flatMap(([name, least]) => whole(name, inputs[name], least)),
    ...oneOf("restart", text(inputs, "restart"), RESTARTS),
    ...fits("cpuSet", text(inputs, "cpuSet"), (set) => /^\d+([,-]\d+)*$/.test(set), "must be like 0-3 or 0,1"),
    ...fits(
      "cpus",
      text(inputs, "cpus"),
      (cpus) => nanoCpus(cpus) !== undefined,
      "must be a decimal number with at most nine digits behind the point",
    ),
    ...healthcheck(inputs),
    ...mounts(inputs),
  ];
}
