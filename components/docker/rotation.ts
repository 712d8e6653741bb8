/** How requests are kept away from a replica while it is replaced: commands as text; no resource is made here. */
import * as path from "node:path";
import type { Service } from "../app/model";
import { drainFile } from "../app/services/nginx";
import { quote } from "./shell";

const PROGRAM = path.join(__dirname, "rotate-replica.mjs");

export interface Replica {
  readonly service: Service;
  readonly container: string;
  /** Container of the edge that balances the service. */
  readonly edge: string;
  readonly slot: number;
  /** How long the replica may take to become ready. */
  readonly waitSeconds: number;
}

const command = (action: string, details: object): string =>
  `node ${quote(PROGRAM)} ${action} ${quote(JSON.stringify(details))}`;

/** Returns once the edge sends the replica no more requests. */
export const drainCommand = ({ edge, slot }: Replica): string => command("drain", { edge, drainFile: drainFile(slot) });

/** Returns once the replica is ready and the edge uses it; fails when it never is, and the edge leaves it alone. */
export const admitCommand = ({ service, container, edge, slot, waitSeconds }: Replica): string =>
  command("admit", { edge, drainFile: drainFile(slot), replica: container, readiness: service.readiness, waitSeconds });
