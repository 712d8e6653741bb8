/** What the description of Ralex has to know of the place where it runs, as plain data. Each target makes its own. */
import type { Listener } from "./model";
import type { Stores } from "./stores";

/** Addresses as clients use them, the one that people are told first: origins and certificates name them. */
type Addresses = readonly string[];

export interface Placement {
  /** Of each listener of the edge that is open, without a path. */
  readonly urls: Readonly<Record<"web" | "api" | "tls", Addresses> & Partial<Record<Listener["name"], Addresses>>>;
  /**
   * How replicas are found. `addressed`: each has an address for life, and the edge spreads the load over them and takes
   * one out of rotation before it is stopped. `named`: the platform does both behind the service's own name, and the name
   * of its pool has an address for each replica that there is now.
   */
  readonly replicas: "addressed" | "named";
  /** Where Postgres and Redis are. */
  readonly stores: Stores;
  /** Where the services' logs go: to the stack's own store, or to the platform, which reads standard output. */
  readonly logs: "own" | "platform";
  /** Whether the machines under the stack are its own to watch, or the platform's. */
  readonly machines: "own" | "platform";
  /** Networks of the proxies in front, in CIDR notation: what they say of a client is believed, and of nobody else. */
  readonly trustedProxies: readonly string[];
}
