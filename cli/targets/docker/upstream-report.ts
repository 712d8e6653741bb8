/** What the API's upstreams answer where they are asked from: inside a replica, where another name may resolve. */
import { z } from "zod";
import { exec } from "../../../components/docker/provider/engine";

const COMMAND = ["python3.11", "-m", "ralex_bridge", "upstreams"] as const;

const REPORT = z.object({
  upstreams: z.array(
    z.object({ name: z.string(), ok: z.boolean(), models: z.number().nullish(), detail: z.string().nullish() }),
  ),
});

/** The upstream that every Ralex has; it is asked nothing. */
const BUILT_IN = "echo";

/** A line for each upstream that was set, or why none could be asked. @param replica - name of a running container. */
export async function upstreamReport(replica: string): Promise<readonly string[]> {
  const said = await exec(replica, COMMAND);
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
