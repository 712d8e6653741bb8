import { MOST_API_REPLICAS } from "../settings/schema";

/** Services whose number of replicas is a setting, with its largest value; of all others there is one. */
const MAX_REPLICAS: Readonly<Record<string, number>> = { api: MOST_API_REPLICAS };

export const maxReplicasOf = (service: string): number => MAX_REPLICAS[service] ?? 1;
