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
  /**
   * Where the services' logs go. `sent`: each service sends them to the stack's own store. `collected`: the stack's own
   * collector reads them on every machine, where the platform writes down standard output, and sends them there.
   * `platform`: the platform keeps them.
   */
  readonly logs: "sent" | "collected" | "platform";
  /**
   * Who keeps the services' metrics. `own`: a Prometheus of the stack. `platform`: what the platform has scrapes the
   * services and the exporters of their stores. `none`: nobody.
   */
  readonly metrics: "own" | "platform" | "none";
  /** Whether the machines under the stack are its own to watch, or the platform's. */
  readonly machines: "own" | "platform";
  /** Networks of the proxies in front, in CIDR notation: what they say of a client is believed, and of nobody else. */
  readonly trustedProxies: readonly string[];
}
