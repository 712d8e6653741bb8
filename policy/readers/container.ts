/** The one shape of a container, whatever describes it, so that a rule about containers is written once. */
import type { Value } from "../value";

export interface Container {
  /** For messages; the place in its list where it has none. */
  readonly name: string;
  /** `init` runs to its end before the others; `sidecar` is an init container that goes on running. */
  readonly role: "main" | "init" | "sidecar" | "ephemeral";
  /** The container's own description, for what only one platform has. */
  readonly value: Value;
  readonly image: Value;
  readonly environment: readonly Variable[];
  /** What it is started with, each a list of arguments or one text; named differently by every platform. */
  readonly commandLine: readonly Value[];
}

/** A variable of a container's environment. */
export interface Variable {
  /** undefined where the list of variables is unknown as a whole. */
  readonly name: string | undefined;
  /** Where it stands in clear; absent where {@link isReference}. */
  readonly value: Value;
  /** The value comes from a store of secrets or from another object, and does not stand here. */
  readonly isReference: boolean;
}

/** Reads a resource's properties. A list that is unknown as a whole is one container with an unknown image. */
export type Reader = (properties: Value) => readonly Container[];
