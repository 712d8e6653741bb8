/** What mends a workload, on plain properties: it puts what is safe where nothing is said, and touches nothing else. */
import { Secret } from "@pulumi/policy";
import { REMEDIATIONS } from "../../policy/remediations";
import { opened, sealed } from "../../policy/adapter/sent-values";
import { podPathOf } from "../../policy/readers/kubernetes";
import { RULES } from "../../policy/rules";

const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
type Properties = Readonly<Record<string, unknown>>;

/** A workload of a type with this specification of its pods. */
const workload = (type: string, spec: unknown): Properties =>
  podPathOf(type).reduceRight<unknown>((inner, key) => ({ [key]: inner }), spec) as Properties;

/** All of them, one after the other. */
const mended = (type: string, spec: unknown): Properties =>
  REMEDIATIONS.reduce((properties, { apply }) => apply(type, properties) ?? properties, workload(type, spec));

const BARE = { containers: [{ name: "api", image: "a" }], initContainers: [{ name: "before", image: "b" }] };
const confined = (name: string, image: string) => ({
  name,
  image,
  securityContext: { capabilities: { drop: ["ALL"] } },
});

test.each([
  DEPLOYMENT,
  "kubernetes:core/v1:Pod",
  "kubernetes:core/v1:PodTemplate",
  "kubernetes:batch/v1:CronJob",
  "kubernetes:batch/v1:Job",
])("a %s that says nothing gets every default, its init containers too", (type) => {
  expect(mended(type, BARE)).toEqual(
    workload(type, {
      containers: [confined("api", "a")],
      initContainers: [confined("before", "b")],
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      automountServiceAccountToken: false,
    }),
  );
});

test.each([
  ["what is right already", mended(DEPLOYMENT, BARE)],
  [
    "what is said otherwise",
    workload(DEPLOYMENT, {
      containers: [{ name: "api", securityContext: { capabilities: { add: ["NET_ADMIN"] } } }],
      securityContext: { seccompProfile: { type: "Unconfined" } },
      automountServiceAccountToken: true,
    }),
  ],
  ["a pod that is not known yet", workload(DEPLOYMENT, "04da6b54-80e4-46f7-96ec-b56ff0331ba9")],
  ["what is no object", { spec: null }],
])("%s is left as it is", (_, properties) => {
  expect(REMEDIATIONS.map(({ apply }) => apply(DEPLOYMENT, properties))).toEqual(REMEDIATIONS.map(() => undefined));
});

test("each names a rule that there is", () => {
  const ids = RULES.map(({ id }) => id);
  for (const { rule } of REMEDIATIONS) expect(ids).toContain(rule);
});

describe("what goes back to the engine", () => {
  const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

  test("has its secrets and unknown values as what they were, in proxies or not", () => {
    const props = { a: new Proxy({ b: [new Secret("s3cr3t"), unknown] }, {}), c: new Secret({ d: new Secret("e") }) };
    const { properties, secrets } = opened(new Proxy(props, {}));
    expect(properties).toEqual({ a: { b: ["s3cr3t", unknown] }, c: { d: "e" } });
    expect(sealed(properties, secrets)).toEqual({
      a: { b: [new Secret("s3cr3t"), unknown] },
      c: new Secret({ d: new Secret("e") }),
    });
  });

  test("may be changed inside a secret, which stays one", () => {
    const containers = new Secret([{ name: "api", env: [{ name: "TO", value: "canary" }] }]);
    const { properties, secrets } = opened({ spec: { template: { spec: { containers } } } });
    const [drop] = REMEDIATIONS;
    const back = sealed(drop?.apply(DEPLOYMENT, properties) ?? {}, secrets);
    expect(back).toMatchObject({ spec: { template: { spec: { containers: { value: [confinedWith()] } } } } });
    const found = (back as { spec: { template: { spec: { containers: unknown } } } }).spec.template.spec.containers;
    expect(found).toBeInstanceOf(Secret);
  });

  const confinedWith = () => ({
    ...{ name: "api", env: [{ name: "TO", value: "canary" }] },
    securityContext: { capabilities: { drop: ["ALL"] } },
  });
});
