/** What a stand-in plugin is made of. The protocol around it is in server.ts. */
import type { Accepts, Failure, PackageTable } from "./tables";
import type { Values } from "./wire";

/** One call of the engine, as an operation of a resource sees it. */
export interface Call {
  readonly urn: string;
  /** The resource's logical name: the last part of its URN. */
  readonly name: string;
  /** Aborted when the user interrupts the update. */
  readonly signal: AbortSignal;
  /** Shows a line while the operation runs, without keeping it. */
  readonly status: (text: string) => void;
  readonly warn: (text: string) => void;
}

export interface Made {
  readonly id: string;
  /** Inputs are repeated as outputs by the server; these win over them, where an input is read back in another form. */
  readonly outputs: Values;
}

/** What the engine remembers of a resource. */
export interface State {
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
}

export interface Due {
  readonly output: string;
  readonly action: "update" | "replace";
}

export interface ResourceKind {
  readonly accepts: Accepts;
  /** Inputs whose change is an update in place; a change of any other replaces the resource. `all` for every input. */
  readonly updates: readonly string[] | "all";
  /** Inputs that are lists whose order means nothing. */
  readonly sets?: readonly string[];
  /** Input that names the real thing: chosen when absent, and one of a kind, so that a replacement deletes first. */
  readonly nameInput?: string;
  /**
   * Inputs that are lists, where the provider replaces the resource for another number of items and updates it in place
   * for another item.
   */
  readonly itemUpdates?: readonly string[];
  /** Inputs that the real thing has a value for where the program says nothing; a preview shows them as unknown. */
  readonly computedInputs?: readonly string[];
  /** Outputs that are always secret. */
  readonly secretOutputs?: readonly string[];
  /** Outputs that are secret as soon as any input is. */
  readonly taintedOutputs?: readonly string[];
  /** Computed outputs that an update may change; a preview shows them as unknown. */
  readonly volatileOutputs?: readonly string[];
  /** Deletes before it creates, whatever changed. */
  readonly deleteFirst?: boolean;
  /** Adds what belongs to the inputs and checks what types cannot. Called with inputs that passed the table. */
  check?(inputs: Values, old: Values | undefined): { inputs: Values; failures: readonly Failure[] };
  /** An output that alone is a reason to act, such as that of a certificate that is due for renewal. */
  due?(state: Omit<State, "id">): Due | undefined | Promise<Due | undefined>;
  /**
   * For a provider that is bridged from Terraform: the state that these inputs ask for, with defaults, and with what is
   * taken over from the state before. An update then compares it with the recorded state, in which inputs stand as they
   * were read back; without it, new inputs are compared with old ones.
   * Source: pulumi/pulumi-terraform-bridge, pkg/tfbridge/provider.go, Provider.Diff, which makes Terraform's state of the
   * old outputs (makeTerraformState…) and plans the new inputs against it.
   */
  plan?(inputs: Values, state: Values): Values;
  create(inputs: Values, call: Call): Promise<Made>;
  /**
   * The outputs of the real thing as it is now, or undefined when it is gone. Absent: state is taken as it is. The server
   * derives the inputs from them.
   */
  read?(state: State, call: Call): Promise<Values | undefined>;
  /** Returns the outputs that changed. */
  update?(state: State, inputs: Values, call: Call): Promise<Values>;
  delete?(state: State, call: Call): Promise<void>;
}

export interface Plugin {
  readonly table: PackageTable;
  /** Inputs of the provider that are implemented. */
  readonly config: Accepts;
  readonly resources: Readonly<Record<string, ResourceKind>>;
  /** Called once with the provider's inputs. */
  configure?(config: Values): Promise<void> | void;
}

/** The engine shows the message alone: it says what is wrong and what to do. */
export class OperationError extends Error {
  override readonly name = "OperationError";
}
