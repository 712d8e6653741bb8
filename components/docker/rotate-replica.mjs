// Keeps requests away from a replica while it is replaced. Run by the update, on the engine's host:
//   node rotate-replica.mjs drain '{"edge": container, "drainFile": path}'
//   node rotate-replica.mjs admit '{"edge": container, "drainFile": path, "replica": container,
//                                   "readiness": [command…], "waitSeconds": n}'
import { execFileSync, spawnSync } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";

// Between two questions whether a replica is ready; each costs about a fifth of a second of CPU.
const READY_POLL_MS = 400;
// A request that the edge was just about to pass on still reaches the replica before it is told to stop.
const SETTLE_MS = 500;

const [, , action, text = "{}"] = process.argv;
const { edge, drainFile, replica, readiness, waitSeconds } = JSON.parse(text);

/** Runs a command in the edge; one that does not run starts with every replica in rotation. */
function atEdge(...command) {
  const state = spawnSync("docker", ["inspect", "--format", "{{.State.Running}}", edge], { encoding: "utf8" });
  if (state.stdout.trim() !== "true") return false;
  execFileSync("docker", ["exec", edge, ...command], { stdio: ["ignore", 2, 2] });
  return true;
}

async function waitUntilReady() {
  const deadline = Date.now() + waitSeconds * 1000;
  for (;;) {
    const asked = spawnSync("docker", ["exec", replica, ...readiness], { encoding: "utf8" });
    if (asked.status === 0) return;
    if (Date.now() > deadline) {
      const said = `${asked.stderr}${asked.stdout}`.trim();
      console.error(`${replica} is healthy, but was not ready within ${waitSeconds} s: ${said}`);
      console.error(`The edge sends it no requests, and other replicas go on as they were; see docker logs ${replica}`);
      process.exit(1);
    }
    await sleep(READY_POLL_MS);
  }
}

if (action === "drain") {
  try {
    if (atEdge("touch", drainFile)) await sleep(SETTLE_MS);
  } catch (error) {
    // An edge that is in trouble must not keep a rollback from happening; it passes over a replica that is gone.
    console.error(`${edge} could not be told to leave out a replica, so a request may fail: ${error.message}`);
  }
} else {
  if (readiness !== undefined) await waitUntilReady();
  atEdge("rm", "-f", drainFile);
}
