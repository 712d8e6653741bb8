/**
 * Amounts as the Docker provider reads them back from the engine. What is written in any other form differs from what is
 * read, and the container is replaced in every update.
 * Source: kreuzwerker/terraform-provider-docker v4.5.0 (which @pulumi/docker 5.2.0 bridges), internal/provider/.
 */

/** CPUs and seconds are kept by the engine as whole billionths. */
const BILLION = 1e9;

/**
 * A number of CPUs: `1` is "1.0", `0.25` is "0.25".
 * Source: helpers.go, nanoInt64ToDecimalString. It writes one digit behind the point where the nine digits and those
 * before the point have nine zeros in all, and cuts the zeros at the end where they have another number. So 10 is "10.",
 * and 0.05 is "0.1", which is another amount.
 * @param cpus - cores, above 0; no finer than a billionth.
 * @throws RangeError for an amount that the provider cannot read back as itself.
 */
export function decimalCpus(cpus: number): string {
  const nano = Math.round(cpus * BILLION);
  if (!(nano > 0) || !Number.isSafeInteger(nano) || nano / BILLION !== cpus) {
    throw new RangeError(`${cpus} is no number of CPUs: give one above 0, with at most nine digits behind the point`);
  }
  const [whole, behind] = [Math.floor(nano / BILLION), String(nano % BILLION).padStart(9, "0")];
  const zeros = `${whole}${behind}`.replace(/[^0]/g, "").length;
  if (zeros !== 9) return `${whole}.${behind.replace(/0+$/, "")}`;
  if (/[^0]/.test(behind.slice(1))) {
    throw new RangeError(
      `the Docker provider reads ${cpus} CPUs back as another amount and would replace the container in every update: ` +
        "give a number with another digit behind the point, such as 0.25 or 0.5",
    );
  }
  return `${whole}.${behind[0]}`;
}

/**
 * A duration: 90 is "1m30s", 3600 is "1h0m0s", 0.5 is "500ms", 0 is "0s".
 * Source: resource_docker_container_funcs.go, resourceDockerContainerRead: Go's time.Duration.String.
 * @param seconds - at least 0; no finer than a billionth.
 * @throws RangeError for what is no such duration.
 */
export function goDuration(seconds: number): string {
  const nanoseconds = Math.round(seconds * BILLION);
  if (!(nanoseconds >= 0) || !Number.isSafeInteger(nanoseconds) || nanoseconds / BILLION !== seconds) {
    throw new RangeError(`${seconds} is no duration in seconds: give one of at least 0`);
  }
  if (nanoseconds === 0) return "0s";
  if (nanoseconds < BILLION) {
    const [unit, size] = nanoseconds < 1e3 ? ["ns", 1] : nanoseconds < 1e6 ? ["µs", 1e3] : ["ms", 1e6];
    return `${decimal(nanoseconds, Number(size))}${unit}`;
  }
  const minutes = Math.floor(nanoseconds / (60 * BILLION));
  const hours = Math.floor(minutes / 60);
  const parts = [hours > 0 ? `${hours}h` : "", minutes > 0 ? `${minutes % 60}m` : ""];
  return `${parts.join("")}${decimal(nanoseconds % (60 * BILLION), BILLION)}s`;
}

/** A whole number in a larger unit, a power of ten, without zeros at the end. */
function decimal(amount: number, unit: number): string {
  const behind = unit === 1 ? "" : String(amount % unit).padStart(String(unit).length - 1, "0");
  return `${Math.floor(amount / unit)}.${behind}`.replace(/\.?0*$/, "");
}
