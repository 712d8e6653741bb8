/** What is in a stack's state, wherever it is kept. */
import type { Workspace } from "../workspace";
import type { Recorded } from "./checkpoint";

/** Everything in a stack's state; undefined when the backend does not know the stack. */
export const resourcesOf = (
  { backend }: Workspace,
  project: string,
  stack: string,
): Promise<readonly Recorded[] | undefined> => backend.resources({ project, stack });
