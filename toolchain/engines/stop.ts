/** Stops what was started here, in an order that lets each finish. */
import { stopDaemon } from "./daemon";

/** Names of the daemons that were stopped. An engine that somebody else started is left alone. */
export async function stopEngines(): Promise<readonly string[]> {
  const stopped: string[] = [];
  for (const name of ["buildkitd", "dockerd", "registry"]) {
    if (await stopDaemon(name)) stopped.push(name);
  }
  return stopped;
}
