/** Every place of a container's description where a secret may stand in clear. */
import { CONTAINER_TYPES, containersOf } from "./readers";
import { canonicalType, propertiesOf, type Resource } from "./rule";
import { Value } from "./value";

const CONFIG_MAP = "kubernetes:core/v1:ConfigMap";

/** Types of the resources that have such places. */
export const SECRET_PLACES: readonly string[] = [...CONTAINER_TYPES, CONFIG_MAP];

export interface SecretPlace {
  /** Of the variable, the argument or the key. */
  readonly name: string;
  /** For messages: `variable PASSWORD of container api`. */
  readonly what: string;
  readonly value: Value;
  /** Not even its name is known. */
  readonly isAnything?: boolean;
}

export function secretPlaces(resource: Resource): readonly SecretPlace[] {
  if (canonicalType(resource.type) === CONFIG_MAP) return keys(propertiesOf(resource).get("data"));
  return containersOf(resource).flatMap(({ name: container, environment, commandLine }) => [
    ...environment
      .filter(({ isReference }) => !isReference)
      .map(({ name, value: of }) =>
        name === undefined
          ? { name: "", what: `a variable of container ${container}`, value: of, isAnything: true }
          : { name, what: `variable ${name} of container ${container}`, value: of },
      ),
    ...commandLine.flatMap((given) => arguments_(given, container)),
  ]);
}

const keys = (data: Value): readonly SecretPlace[] =>
  data.isUnknown
    ? [{ name: "", what: "the data", value: data, isAnything: true }]
    : data.entries().map(([name, value]) => ({ name, what: `key ${name}`, value }));

const OPTION = /^--?([\w.-]+)(?:=(.*))?$/s;

/** `--password=x`, `--password x` and every argument by itself. */
function arguments_(given: Value, container: string): readonly SecretPlace[] {
  const list =
    given.text === undefined ? given.items() : given.text.split(/\s+/).map((one) => new Value(one, given.path));
  return list.flatMap((argument, index) => {
    const before = OPTION.exec(list[index - 1]?.text ?? "");
    const [, option, inline] = OPTION.exec(argument.text ?? "") ?? [];
    if (option !== undefined && inline !== undefined) {
      return [
        { name: option, what: `option ${option} of container ${container}`, value: new Value(inline, argument.path) },
      ];
    }
    if (option !== undefined) return [];
    const follows = before?.[1] !== undefined && before[2] === undefined ? before[1] : undefined;
    return [
      follows === undefined
        ? { name: "", what: `an argument of container ${container}`, value: argument }
        : { name: follows, what: `option ${follows} of container ${container}`, value: argument },
    ];
  });
}
