/** Where Pulumi keeps its state, as the commands see it. */
import type { Deployment } from "./checkpoint";
import type { Lock } from "./lock";

export interface StackId {
  readonly project: string;
  readonly stack: string;
}

export interface Backend {
  /** Its address without passwords, for messages. */
  readonly address: string;
  /** Whether stacks are read here without Pulumi. */
  readonly isReadHere: boolean;
  /** The first part of a stack's full name. */
  organization(): Promise<string>;
  /** The locks of one stack, or of all; undefined where Pulumi alone sees them. */
  locks(of?: StackId): Promise<readonly Lock[] | undefined>;
  /** Removes this one lock; one that is gone already is no matter. */
  removeLock(lock: Lock): Promise<void>;
  /** A stack's state; undefined where there is no such stack. */
  deployment(id: StackId): Promise<Deployment | undefined>;
  /** The state as it is stored, to tell whether it changed; undefined where that cannot be told from here. */
  storedState(id: StackId): Promise<Buffer | undefined>;
  /** The stacks that are there; undefined where only Pulumi can list them. */
  stacks(): Promise<readonly StackId[] | undefined>;
  /** What to do about a lock that Pulumi has told of, where none is seen or removed here. @param name - the stack's full name */
  lockAdvice(name: string): string | undefined;
  /** @throws Failure that says why it cannot be reached and what to do. */
  reach(): Promise<void>;
}
