/**
 * How the official provider writes amounts that it read from the engine. It is kreuzwerker/terraform-provider-docker
 * v4.5.0, which pulumi-docker 5.2.0 bridges; files that comments in this folder name are in its `internal/provider/`.
 */

/** One CPU in the engine's unit. */
const NANO = 1e9;
const SECOND = 1e9;

/**
 * CPUs as text: "1.0", "0.25". To the letter, and so with the oddity that the function counts all zeros where it means
 * those behind the point: ten CPUs are "10.", and 0.05 is rounded to "0.1".
 * Source: helpers.go, nanoInt64ToDecimalString.
 * @param nanoCpus - whole number, as the engine's `NanoCpus`.
 */
export function decimalText(nanoCpus: number): string {
  if (nanoCpus === 0) return "0";
  const whole = Math.floor(nanoCpus / NANO);
  const text = `${whole}.${String(nanoCpus % NANO).padStart(9, "0")}`;
  if (text.split("0").length - 1 !== 9) return text.replace(/0+$/, "");
  // Go's FloatString(1): to one digit, halves away from zero.
  const tenths = Math.floor((nanoCpus + NANO / 20) / (NANO / 10));
  return `${Math.floor(tenths / 10)}.${tenths % 10}`;
}

/**
 * The engine's `NanoCpus` of a text, or undefined for a text that the provider refuses.
 * Source: docker/cli opts.ParseCPUs, called by resource_docker_container_funcs.go, resourceDockerContainerCreate.
 */
export function nanoCpus(text: string): number | undefined {
  const parts = /^\+?(\d*)(?:\.(\d*))?$/.exec(text);
  const [whole = "", fraction = ""] = parts?.slice(1) ?? [];
  if (parts === null || whole + fraction === "" || fraction.replace(/0+$/, "").length > 9) return undefined;
  return Number(whole) * NANO + Number(fraction.slice(0, 9).padEnd(9, "0"));
}

/**
 * A duration as text: "1m30s", "500ms", "0s".
 * Source: Go's time.Duration.String, called by resource_docker_container_funcs.go, resourceDockerContainerRead.
 * @param nanoseconds - whole number of at least 0.
 */
export function durationText(nanoseconds: number): string {
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < 1e3) return `${nanoseconds}ns`;
  if (nanoseconds < 1e6) return `${fraction(nanoseconds, 1e3)}µs`;
  if (nanoseconds < SECOND) return `${fraction(nanoseconds, 1e6)}ms`;
  const minutes = Math.floor(nanoseconds / (60 * SECOND));
  const seconds = `${fraction(nanoseconds % (60 * SECOND), SECOND)}s`;
  if (minutes === 0) return seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${minutes}m${seconds}` : `${hours}h${minutes % 60}m${seconds}`;
}

/** A whole number in a larger unit, with the digits behind the point that are needed and no more. */
function fraction(amount: number, unit: number): string {
  const digits = String(unit).length - 1;
  const behind = String(amount % unit)
    .padStart(digits, "0")
    .replace(/0+$/, "");
  const whole = String(Math.floor(amount / unit));
  return behind === "" ? whole : `${whole}.${behind}`;
}

const NANOSECONDS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  μs: 1e3,
  ms: 1e6,
  s: SECOND,
  m: 60 * SECOND,
  h: 3600 * SECOND,
};

/**
 * A duration in nanoseconds, or undefined for a text that is none or is negative.
 * Source: Go's time.ParseDuration, called by validators.go, validateDurationGeq0.
 */
export function nanoseconds(duration: string): number | undefined {
  const text = duration.replace(/^\+/, "");
  if (text === "0") return 0;
  const parts = [...text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  return Math.round(parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (NANOSECONDS[unit ?? ""] ?? 0), 0));
}
