/** What the API's upstreams answer where they are asked from: inside a replica, where another name may resolve. */
import { z } from "zod";

/** Asks the upstreams, in a container of the API; the answer is JSON. */
export const UPSTREAMS_COMMAND = ["python3.11", "-m", "ralex_bridge", "upstreams"] as const;

const REPORT = z.object({
  upstreams: z.array(
    z.object({ name: z.string(), ok: z.boolean(), models: z.number().nullish(), detail: z.string().nullish() }),
  ),
});

/** The upstream that every Ralex has; it is asked nothing. */
const BUILT_IN = "echo";

/** What a command in a container said. */
export interface Said {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** A line for each upstream that was set, or why none could be asked. @param said - by {@link UPSTREAMS_COMMAND}. */
export function upstreamReport(said: Said): readonly string[] {
  const parsed = parse(said.stdout);
  if (said.exitCode !== 0 || parsed === undefined) {
    return [`upstreams    could not be asked: ${said.stderr.trim().split("\n").at(-1) ?? "no answer"}`];
  }
  return parsed.upstreams
    .filter(({ name }) => name !== BUILT_IN)
    .map(({ name, ok, models, detail }) =>
      ok
        ? `upstream     ${name} answers with ${models ?? 0} models`
        : `upstream     ${name} does not answer: ${detail ?? "no reason given"}`,
    );
}

function parse(text: string): z.infer<typeof REPORT> | undefined {
  try {
    return REPORT.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
