/** The Secret that somebody else makes in place of the stack's own: what has to be in it, what is missing, who reads what. */
import * as crypto from "node:crypto";
import { withProbe, type Application } from "../app/model";
import { commandLine } from "../command-line";
import { composes, secretsOf } from "../secrets/composed";
import type { Settings } from "../settings/schema";
import { reasonOf, unlessMissing, type Cluster } from "./client";
import { tlsSecretOf } from "./composed-files";
import { namespaceOf, STACK_LABEL } from "./names";
import { TLS_SECRET_TYPE } from "./ways-in";

/** Where a stack is. */
export interface StackPlace {
  readonly context: string;
  readonly namespace: string;
  readonly stack: string;
}

export const placeOf = (stack: string, { kubeContext, namespace }: Settings): StackPlace => ({
  context: kubeContext ?? "",
  namespace: namespaceOf(stack, namespace),
  stack,
});

export interface WantedSecret {
  readonly name: string;
  readonly keys: readonly string[];
  /** Any, where it is absent. */
  readonly type?: string;
}

/** Keys by the service whose files are made from them: it is given no others. */
export type KeysByService = Readonly<Record<string, readonly string[]>>;

/** Outputs that a stack with secrets of its own has, by the key that each is otherwise. */
const OUTPUTS = {
  apiKey: "apiKey",
  adminPassword: "adminPassword",
  operatorPassword: "operatorPassword",
  caCertificate: "tlsCaCertificate",
} as const;

export const keysByService = (application: Application): KeysByService =>
  Object.fromEntries(
    withProbe(application)
      .filter(composes)
      .map((service) => [service.name, secretsOf(service)]),
  );

/** Every key that something reads: a service, or the people who have to trust the edge's certificate. */
export const keysOf = (application: Application): readonly string[] =>
  [...new Set([...Object.values(keysByService(application)).flat(), OUTPUTS.caCertificate])].sort();

/** Every Secret that has to be there before the stack is; none where the stack makes its own. */
export function wantedSecrets(
  application: Application,
  { existingSecret, exposure, tlsSecret }: Settings,
): readonly WantedSecret[] {
  if (existingSecret === undefined) return [];
  return [
    { name: existingSecret, keys: keysOf(application) },
    // One of another name may come after its Ingress, from cert-manager.
    ...(exposure === "ingress" && tlsSecret === undefined
      ? [{ name: tlsSecretOf(existingSecret), keys: ["tls.crt", "tls.key"], type: TLS_SECRET_TYPE }]
      : []),
  ];
}

const kubectl = ({ context, namespace }: StackPlace, ...words: readonly string[]): string =>
  commandLine("kubectl", "--context", context, "--namespace", namespace, ...words);

/** For each output that the stack lacks, the command that prints it. */
export const printingCommands = (
  place: StackPlace,
  secret: string,
  application: Application,
): Readonly<Record<string, string>> => {
  const keys = keysOf(application);
  return Object.fromEntries(
    Object.entries(OUTPUTS)
      .filter(([, key]) => keys.includes(key))
      .map(([output, key]) => [
        output,
        `${kubectl(place, "get", "secret", secret, "--output", `jsonpath={.data.${key}}`)} | base64 --decode`,
      ]),
  );
};

/** What gives an existing namespace to a stack that is not deployed yet. */
export const labelCommand = ({ context, namespace, stack }: StackPlace): string =>
  commandLine("kubectl", "--context", context, "label", "namespace", namespace, `${STACK_LABEL}=${stack}`);

type Reader = Pick<Cluster, "core">;

async function problemsOf({ core }: Reader, place: StackPlace, wanted: WantedSecret): Promise<readonly string[]> {
  const { namespace } = place;
  const { name, keys, type } = wanted;
  const called = `the Secret ${name} in ${namespace}`;
  try {
    const found = await unlessMissing(core.readNamespacedSecret({ namespace, name }));
    if (found === undefined) return [await absent({ core }, place, wanted)];
    const missing = keys.filter((key) => [undefined, ""].includes(found.data?.[key]));
    return [
      ...(missing.length === 0
        ? []
        : [
            `${called} has no value for ${missing.join(", ")}: add each where the Secret is made; docs/kubernetes.md says ` +
              "what they are for",
          ]),
      ...(type === undefined || found.type === type
        ? []
        : [`${called} is of type ${found.type ?? "Opaque"}, and an Ingress takes ${type}: make it anew of that type`]),
    ];
  } catch (error) {
    return [`${called} cannot be read: ${reasonOf(error)}; whoever deploys needs the right to get it`];
  }
}

/** What to do about a Secret that is not there; nothing in the commands is secret. */
async function absent({ core }: Reader, place: StackPlace, { name, keys, type }: WantedSecret): Promise<string> {
  const { context, namespace } = place;
  const isPlaced = (await unlessMissing(core.readNamespace({ name: namespace }))) !== undefined;
  const how =
    type === TLS_SECRET_TYPE
      ? ["create", "secret", "tls", name, "--cert=tls.crt", "--key=tls.key"]
      : ["create", "secret", "generic", name, `--from-file=${name}`];
  const what =
    type === TLS_SECRET_TYPE
      ? "an Ingress takes its certificate from it"
      : `it has to have the keys ${keys.join(", ")} (docs/kubernetes.md says what they are for)`;
  return [
    `there is no Secret ${name} in ${namespace}: ${what}. Let what keeps your secrets make it, or, ` +
      (type === TLS_SECRET_TYPE ? "with both files in PEM:" : `with a folder ${name} that has a file for each key:`),
    ...(isPlaced
      ? []
      : [commandLine("kubectl", "--context", context, "create", "namespace", namespace), labelCommand(place)]),
    kubectl(place, ...how),
  ].join("\n    ");
}

/** A sentence for everything that is missing, with what to do; no value is in it. */
export async function secretProblems(
  cluster: Reader,
  place: StackPlace,
  wanted: readonly WantedSecret[],
): Promise<readonly string[]> {
  return (await Promise.all(wanted.map((one) => problemsOf(cluster, place, one)))).flat();
}

/**
 * Tells values of a Secret from other ones, and nothing else of them: only who has the key could try what they may be.
 * What the API server counts (`resourceVersion`) would change with every refresh of External Secrets.
 */
export async function secretHashes(
  { core }: Reader,
  { namespace }: StackPlace,
  { name }: WantedSecret,
  key: string,
  services: KeysByService,
): Promise<Readonly<Record<string, string>>> {
  const { data = {} } = await core.readNamespacedSecret({ namespace, name });
  const hash = (keys: readonly string[]) =>
    crypto
      .createHmac("sha256", key)
      .update(JSON.stringify([...keys].sort().map((one) => [one, data[one]])))
      .digest("hex");
  return Object.fromEntries(Object.entries(services).map(([service, keys]) => [service, hash(keys)]));
}
