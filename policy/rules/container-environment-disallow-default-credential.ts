import { SECRET_PLACES, secretPlaces, type SecretPlace } from "../secret-places";
import { canonicalType, finding, propertiesOf, type Finding, type Resource, type ResourceRule } from "../rule";
import { isSecretName, passwordInAddress, SHORTEST_SECRET, weaknessOf } from "../secret-text";
import { Value } from "../value";

const KUBERNETES_SECRET = "kubernetes:core/v1:Secret";
const RANDOM_PASSWORD = "random:index/randomPassword:RandomPassword";

/** Properties that are passwords, by type. */
const PASSWORDS: Readonly<Record<string, readonly string[]>> = {
  "aws:rds/instance:Instance": ["password"],
  "aws:rds/cluster:Cluster": ["masterPassword"],
  "aws:elasticache/replicationGroup:ReplicationGroup": ["authToken"],
  "gcp:sql/user:User": ["password"],
  "gcp:sql/databaseInstance:DatabaseInstance": ["rootPassword"],
  "azure-native:dbforpostgresql:Server": ["administratorLoginPassword"],
};

/** A password from an image's page or a tutorial is tried first by everybody who looks for one. */
export const containerEnvironmentDisallowDefaultCredential: ResourceRule = {
  scope: "resource",
  id: "SEC-02",
  name: "container-environment-disallow-default-credential",
  title: `No credential is a known default or shorter than ${SHORTEST_SECRET} characters`,
  severity: "critical",
  reason: {
    source: "CWE-1392: Use of Default Credentials; NIST SP 800-63B-4",
    link: "https://cwe.mitre.org/data/definitions/1392.html",
  },
  fix: `Generate it: random.RandomPassword with a length of ${SHORTEST_SECRET} or more, or a secret setting of the stack.`,
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [...SECRET_PLACES, KUBERNETES_SECRET, RANDOM_PASSWORD, ...Object.keys(PASSWORDS)],
  check: (resource) => {
    const type = canonicalType(resource.type);
    const properties = propertiesOf(resource);
    if (type === RANDOM_PASSWORD) return generated(resource, properties.get("length"));
    if (type === KUBERNETES_SECRET) return stored(properties).flatMap((place) => weak(resource, place));
    const named = PASSWORDS[type]?.map((key) => ({ name: "password", what: key, value: properties.get(key) }));
    return (named ?? secretPlaces(resource)).flatMap((place) => weak(resource, place));
  },
};

function generated(resource: Resource, length: Value): readonly Finding[] {
  const characters = length.number;
  if (length.isUnknown) return [finding(resource, length, "the length of the password is not known yet")];
  return characters !== undefined && characters < SHORTEST_SECRET
    ? [finding(resource, length, `the password is shorter than ${SHORTEST_SECRET} characters`)]
    : [];
}

/** The entries of a Secret, as text: `data` has them in base64. */
const stored = (properties: Value): readonly SecretPlace[] => [
  ...properties.get("stringData").entries().map(place),
  ...properties
    .get("data")
    .entries()
    .map(([name, value]) =>
      place([
        name,
        value.text === undefined ? value : new Value(Buffer.from(value.text, "base64").toString(), value.path),
      ]),
    ),
];

const place = ([name, value]: readonly [string, Value]): SecretPlace => ({ name, what: `key ${name}`, value });

function weak(resource: Resource, { name, what, value }: SecretPlace): readonly Finding[] {
  if (value.isAbsent || value.isHidden || value.raw === "") return [];
  if (value.isUnknown) return isSecretName(name) ? [finding(resource, value, `${what} is not known yet`)] : [];
  const text = value.text ?? String(value.raw);
  const secret = isSecretName(name) ? text : passwordInAddress(text);
  const weakness = secret === undefined ? undefined : weaknessOf(secret);
  return weakness === undefined ? [] : [finding(resource, value, `${what} ${weakness}`)];
}
