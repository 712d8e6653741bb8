/**
 * The user's proxies, and what must never go through them: Pulumi's engine, language hosts and plugins talk over gRPC on
 * loopback, and so do the commands with local registries, builders and engines. A proxy sees another loopback.
 */

/** The spellings that matchers understand between them: names, whole addresses, networks, brackets around IPv6. */
const LOOPBACK = ["localhost", "127.0.0.1", "127.0.0.0/8", "::1", "[::1]"];

/** Variables that hold the exemptions, in the spellings that programs look for. */
export const EXEMPTIONS = ["no_proxy", "NO_PROXY", "no_grpc_proxy"] as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The exemptions of an environment, with loopback among them, under every name that has some and under those that
 * programs look for. What was exempt stays so. gRPC has a variable of its own, which wins over the general one, and does
 * not know the `*` for everything; elsewhere a `*` counts only while it stands alone.
 */
export function loopbackExemptions(environment: Environment): Readonly<Record<string, string>> {
  const general = entriesOf(environment, "no_proxy");
  const grpc = entriesOf(environment, "no_grpc_proxy");
  const list = general.includes("*") ? "*" : withLoopback(general);
  const grpcList = withLoopback(grpc.length > 0 ? grpc : general);
  const spellings = [...new Set([...Object.keys(environment), ...EXEMPTIONS])];
  return Object.fromEntries(
    spellings.flatMap((name) => {
      const known = name.toLowerCase();
      if (known === "no_proxy") return [[name, list]];
      return known === "no_grpc_proxy" ? [[name, grpcList]] : [];
    }),
  );
}

/** The entries under a name in whatever case; commas and white space part them. */
const entriesOf = (environment: Environment, known: string): readonly string[] =>
  Object.entries(environment)
    .filter(([name]) => name.toLowerCase() === known)
    .flatMap(([, value = ""]) => value.split(/[\s,]+/))
    .filter((entry) => entry !== "");

const withLoopback = (entries: readonly string[]): string => [...new Set([...entries, ...LOOPBACK])].join(",");
