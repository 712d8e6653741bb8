/** The types that rules judge, and the official SDKs that declare them. */
import { canonicalType, type RuleFacts } from "../rule";

/** Where each SDK is installed: those of the clouds are in a folder of their own, for their declarations alone. */
export const PACKAGES: Readonly<Record<string, "." | "policy/tools">> = {
  kubernetes: ".",
  docker: ".",
  "docker-build": ".",
  random: ".",
  aws: "policy/tools",
  gcp: "policy/tools",
  "azure-native": "policy/tools",
};

/** Types that are judged though the SDK of today does not declare them, each with the reason. */
export const UNDECLARED: Readonly<Record<string, string>> = {
  "azure-native:cache:Redis": "the token of azure-native 2, which states still have; azure-native 3 has it as redis",
  "kubernetes:gateway.networking.k8s.io/v1:Gateway": "a custom resource, whose definition is a cluster's own",
  "kubernetes:gateway.networking.k8s.io/v1beta1:Gateway": "a custom resource, whose definition is a cluster's own",
};

/** The tokens of a package that the rules judge, sorted. Providers without an SDK (Compose files) have none. */
export const judgedTokens = (name: string, rules: readonly Pick<RuleFacts, "types">[]): readonly string[] =>
  [...new Set(rules.flatMap(({ types }) => types).map(canonicalType))]
    .filter((token) => token.startsWith(`${name}:`) && !Object.hasOwn(UNDECLARED, token))
    .sort();

/** Properties that are a text of JSON: the SDK's own declaration of what each element of the list in it is. */
export const EMBEDDED: Readonly<Record<string, Readonly<Record<string, { file: string; object: string }>>>> = {
  "aws:ecs/taskDefinition:TaskDefinition": {
    containerDefinitions: { file: "ecs/container.d.ts", object: "ContainerDefinition" },
  },
};
