/** What the checkout's provider makes on a Docker Engine. */
import { kindsOf } from "../../provider/kind";
import { admission } from "./admission";
import { checks } from "./checks";
import { files } from "./files";
import { jobRun } from "./job-run";
import { readiness } from "./readiness";
import { volumeOwners } from "./volume-owners";

export const DOCKER_KINDS = kindsOf({
  "ralex:docker:Admission": admission,
  "ralex:docker:Checks": checks,
  "ralex:docker:Files": files,
  "ralex:docker:JobRun": jobRun,
  // What it was called by programs whose stacks still run: the engine asks about the old one before it knows it by alias.
  "ralex:docker:ProcessLimits": readiness,
  "ralex:docker:Readiness": readiness,
  "ralex:docker:VolumeOwners": volumeOwners,
});
