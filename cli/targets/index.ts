/** The targets, by the setting that names them. */
import type { Settings } from "../../components/settings/schema";
import type { Workspace } from "../workspace";
import { dockerTarget } from "./docker";
import type { Target } from "./target";

/** Connects to nothing yet. */
type Open = (workspace: Workspace) => Target;

const TARGETS: Readonly<Record<Settings["target"], Open>> = { docker: dockerTarget };

export const openTarget = (workspace: Workspace, target: Settings["target"]): Target => TARGETS[target](workspace);
