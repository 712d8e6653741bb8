/** The checkout's provider: what the official ones lack, such as files, rotation and checks, on every platform. */
import { isDeepStrictEqual } from "node:util";
import type {
  CreateResult,
  DiffResult,
  InvokeResult,
  Provider,
  ReadResult,
  UpdateResult,
} from "@pulumi/pulumi/provider";
import { isRpcSecret, unwrapRpcSecret } from "@pulumi/pulumi/runtime";
import { DOCKER_KINDS } from "../docker/provider/kinds";
import { KUBERNETES_KINDS, KUBERNETES_LOOKUPS } from "../kubernetes/provider/kinds";
import type { AnyKind, AnyLookup, Values } from "./kind";

const KINDS: Readonly<Record<string, AnyKind>> = { ...DOCKER_KINDS, ...KUBERNETES_KINDS };
const LOOKUPS: Readonly<Record<string, AnyLookup>> = KUBERNETES_LOOKUPS;

/** @throws Error for a type that this version of the checkout does not have. */
function kindOf(urn: string): AnyKind {
  const type = urn.split("::")[2]?.split("$").at(-1) ?? "";
  const kind = KINDS[type];
  if (kind === undefined) {
    throw new Error(`this checkout's provider has no ${type}; it has ${Object.keys(KINDS).join(", ")}`);
  }
  return kind;
}

/** Values without their marks of secrets. */
function open(value: unknown): unknown {
  if (isRpcSecret(value)) return open(unwrapRpcSecret(value));
  if (Array.isArray(value)) return value.map(open);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, open(item)]));
}

const opened = (values: unknown): Values => open(values) as Values;

/** The engine shows an error's message, and of some calls its trace, which hides it. */
function plain(error: unknown): Error {
  const shown = error instanceof Error ? error : new Error(String(error));
  // The client's own wrapping of what the engine said.
  shown.message = shown.message.replace(/^\(HTTP code \d+\) [^-]*- /, "").trim();
  shown.stack = "";
  return shown;
}

export class RalexProvider implements Provider {
  readonly version = "1.0.0";
  private readonly interrupted = new AbortController();

  private async attempt<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw plain(error);
    }
  }

  readonly diff = (_id: string, urn: string, olds: Values, news: Values): Promise<DiffResult> =>
    this.attempt(async () => {
      const kind = kindOf(urn);
      const [before, inputs] = [opened(olds), opened(news)];
      const others = (values: Readonly<Record<string, unknown>>) =>
        Object.keys(values).filter((name) => !isDeepStrictEqual(before[name], values[name]));
      const given = others(kind.compared(inputs));
      const changed = given.length > 0 ? given : others((await kind.observed?.(inputs)) ?? {});
      return {
        changes: changed.length > 0,
        replaces: changed.filter((name) => kind.replaces.includes(name)),
        deleteBeforeReplace: kind.deleteFirst === true,
      };
    });

  readonly create = (urn: string, inputs: Values): Promise<CreateResult> =>
    this.attempt(async () => {
      const { id, outputs } = await kindOf(urn).create(opened(inputs), { signal: this.interrupted.signal });
      return { id, outs: outputs };
    });

  readonly read = (id: string, urn: string, props: Values): Promise<ReadResult> =>
    this.attempt(async () => {
      const kind = kindOf(urn);
      const found = kind.read === undefined ? opened(props) : await kind.read(opened(props));
      // An empty id says that it is gone.
      return found === undefined ? { id: "", props: {} } : { id, props: found };
    });

  readonly update = (_id: string, urn: string, olds: Values, news: Values): Promise<UpdateResult> =>
    this.attempt(async () => {
      const kind = kindOf(urn);
      const inputs = opened(news);
      return {
        outs: (await kind.update?.(inputs, opened(olds), { signal: this.interrupted.signal })) ?? {
          ...opened(olds),
          ...kind.compared(inputs),
        },
      };
    });

  readonly delete = (_id: string, urn: string, props: Values): Promise<void> =>
    this.attempt(async () => kindOf(urn).delete?.(opened(props)));

  readonly invoke = (token: string, inputs: Values): Promise<InvokeResult> =>
    this.attempt(async () => {
      const lookup = LOOKUPS[token];
      if (lookup === undefined) {
        throw new Error(`this checkout's provider is not asked ${token}, only ${Object.keys(LOOKUPS).join(", ")}`);
      }
      return { outputs: await lookup(opened(inputs)) };
    });

  readonly cancel = (): Promise<void> => {
    this.interrupted.abort();
    return Promise.resolve();
  };
}
