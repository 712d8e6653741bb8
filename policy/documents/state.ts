/** The resources of a stack's state, as rules judge them: by the inputs that were last applied. */
import { plainProperties } from "../plain-values";
import type { Resource } from "../rule";
import { HIDDEN, isObject } from "../value";

/** What is read of a resource in an exported state. */
export interface StateResource {
  readonly urn: string;
  readonly type: string;
  readonly inputs?: unknown;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  /** Replaced or removed, and not gone yet. */
  readonly delete?: boolean;
  /** URN and id of the provider, with `::` between them. */
  readonly provider?: string;
}

/** What marks a value that is no plain one, and a secret among those. Source: pulumi, sdk/go/common/resource/sig. */
const SIGNATURE = "4dabf18193072939515e22adb298388d";
const SECRET = "1b47061264138c4ac30d75fd1eb44270";

export function stateResources(recorded: readonly StateResource[]): readonly Resource[] {
  const byUrn = new Map(recorded.map((one) => [one.urn, one]));
  return recorded
    .filter((one) => one.delete !== true)
    .map((one) => {
      const provider = byUrn.get(one.provider?.slice(0, one.provider.lastIndexOf("::")) ?? "");
      const { namespace } = properties(provider?.inputs);
      return {
        ...{ type: one.type, name: one.urn.split("::").at(-1) ?? "", urn: one.urn },
        properties: properties(one.inputs),
        options: {
          protect: one.protect === true,
          retainOnDelete: one.retainOnDelete === true,
          ...(typeof namespace === "string" ? { namespace } : {}),
        },
      };
    });
}

const properties = (inputs: unknown): Readonly<Record<string, unknown>> =>
  isObject(inputs) ? plainProperties(withoutSecrets(inputs)) : {};

/** Ciphertext is there, and not readable. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets);
  if (!isObject(value)) return value;
  if (value[SIGNATURE] === SECRET) return HIDDEN;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, withoutSecrets(child)]));
}
