/** What a resource of the checkout's provider is made of; the protocol around it is in provider.ts. */

/** One call of the engine, as an operation of a resource sees it. */
export interface Call {
  /** Aborted when the user interrupts the update. */
  readonly signal: AbortSignal;
}

export interface Made<Outputs> {
  readonly id: string;
  readonly outputs: Outputs;
}

/**
 * A kind of resource. `Inputs` is what the program gives; `Outputs` is what the state keeps, and what the next update is
 * compared with.
 */
export interface Kind<Inputs, Outputs extends object> {
  /** What of the inputs is kept and compared. A secret is never among it. */
  compared(inputs: Inputs): Readonly<Record<string, unknown>>;
  /**
   * More to compare with the outputs, as it is in the world now; asked where the inputs say that nothing changed. It has
   * to be the same before an update and in it, or the update would not do what its plan says.
   */
  observed?(inputs: Inputs): Promise<Readonly<Record<string, unknown>>>;
  /** Those of the compared names whose change makes a new resource. */
  readonly replaces: readonly string[];
  /** Whether the old one goes first. */
  readonly deleteFirst?: boolean;
  create(inputs: Inputs, call: Call): Promise<Made<Outputs>>;
  /** The compared names as they are now, or undefined when the thing is gone. Absent: the state is taken as it is. */
  read?(outputs: Outputs): Promise<Outputs | undefined>;
  /** Absent: nothing has to be done for what can change in place. */
  update?(inputs: Inputs, outputs: Outputs, call: Call): Promise<Outputs>;
  delete?(outputs: Outputs): Promise<void>;
}

/**
 * A question that a program asks while it runs, in a preview and in an update alike. The engine keeps nothing of it: what
 * the program makes of the answer is what is compared.
 */
export type Lookup<Inputs, Answer> = (inputs: Inputs) => Promise<Answer>;

/** What the engine sends and keeps: an object of JSON, with marks for secrets and for what is not known yet. */
export type Values = Record<string, unknown>;
export type AnyKind = Kind<Values, Values>;
export type AnyLookup = Lookup<Values, Values>;

/** Kinds by their types, as the engine knows them: without what each says of its inputs. */
export const kindsOf = (kinds: Readonly<Record<string, unknown>>): Readonly<Record<string, AnyKind>> =>
  kinds as Readonly<Record<string, AnyKind>>;

/** Questions by their names, as the engine knows them: without what each says of its inputs. */
export const lookupsOf = (lookups: Readonly<Record<string, unknown>>): Readonly<Record<string, AnyLookup>> =>
  lookups as Readonly<Record<string, AnyLookup>>;
