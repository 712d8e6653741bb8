/**
 * What the official provider plans for a container's inputs: its defaults, and what it takes over from the state.
 * Source: resource_docker_container.go, resourceDockerContainer.
 */
import { isBlank, same } from "../support/diff";
import { number, object, objects, text } from "../support/inputs";
import type { Value, Values } from "../support/wire";

/** `Default` in the schema. */
export const DEFAULTS: Values = {
  attach: false,
  containerReadRefreshTimeoutMilliseconds: 15_000,
  logs: false,
  memoryReservation: 0,
  mustRun: true,
  networkMode: "bridge",
  readOnly: false,
  removeVolumes: true,
  restart: "no",
  rm: false,
  start: true,
  stdinOpen: false,
  tty: false,
  wait: false,
  waitTimeout: 60,
};

/** `Computed` in the schema: where the program says nothing, what the engine has is right. */
export const COMPUTED = [
  "command",
  "entrypoints",
  "envs",
  "healthcheck",
  "hostname",
  "init",
  "ipcMode",
  "labels",
  "logDriver",
  "platform",
  "runtime",
  "securityOpts",
  "shmSize",
  "stopSignal",
  "stopTimeout",
];

const NO_TIME = "0s";
const CHECK_DEFAULTS: Values = { interval: NO_TIME, timeout: NO_TIME, startPeriod: NO_TIME, startInterval: NO_TIME };
const PORT_DEFAULTS: Values = { ip: "0.0.0.0", protocol: "tcp" };

/** Each value, or that of the defaults where it says nothing. */
export const withDefaults = (values: Values, defaults: Values): Values => ({
  ...values,
  ...Object.fromEntries(Object.entries(defaults).map(([key, value]) => [key, values[key] ?? value])),
});

/**
 * True where the ports are the same in another order, as long as each port inside has one outside.
 * Source: resource_docker_container.go, suppressIfPortsDidNotChangeForMigrationV0ToV1.
 */
function samePorts(now: readonly Values[], before: readonly Values[]): boolean {
  const named = (list: readonly Values[], port: Values) =>
    list.find((other) => number(other, "internal") === number(port, "internal"));
  return (
    now.length === before.length &&
    before.every((port) => {
      const found = named(now, port);
      return found !== undefined && ["protocol", "external", "ip"].every((key) => same(found[key], port[key]));
    })
  );
}

function plannedPorts(inputs: Values, state: Values): Value {
  const before = objects(state, "ports");
  const now = objects(inputs, "ports").map((port, index) => ({
    ...withDefaults(port, PORT_DEFAULTS),
    external: port.external ?? before[index]?.external ?? null,
  }));
  return samePorts(now, before) ? before : now;
}

/** True where the program says nothing; false and 0 are said. */
const isUnsaid = (value: Value | undefined): boolean => isBlank(value) && value !== false && value !== 0;

/** What the state is to be. Inputs that are not planned, such as a name that was chosen, stay as they are. */
export function planOf(inputs: Values, state: Values): Values {
  const check = object(inputs, "healthcheck");
  const kept = COMPUTED.filter((name) => isUnsaid(inputs[name]) && state[name] !== undefined);
  // `DiffSuppressFunc` in the schema: nothing said means what the image says.
  const ofImage = ["user", "workingDir"].filter((name) => (text(inputs, name) ?? "") === "");
  return {
    ...withDefaults(inputs, DEFAULTS),
    ...(check === undefined ? {} : { healthcheck: withDefaults(check, CHECK_DEFAULTS) }),
    ...(objects(inputs, "ports").length === 0 ? {} : { ports: plannedPorts(inputs, state) }),
    ...Object.fromEntries([...kept, ...ofImage].map((name) => [name, state[name] ?? null])),
  };
}
