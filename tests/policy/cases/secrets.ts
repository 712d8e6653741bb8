import { containerEnvironmentDisallowDefaultCredential } from "../../../policy/rules/container-environment-disallow-default-credential";
import { containerEnvironmentDisallowSecret } from "../../../policy/rules/container-environment-disallow-secret";
import { HIDDEN, UNKNOWN } from "../../../policy/value";
import { DEPLOYMENT } from "../support/kubernetes-samples";
import { CONTAINER, SERVICE } from "../support/local-samples";
import { resource, set, type Mutation, type RuleCases } from "../support/rule-cases";

const POD = "spec.template.spec";
const ENV = `${POD}.containers[0].env[2]`;
const ARGS = `${POD}.containers[0].args`;
const LONG = "correct-horse-battery-staple";

const variable = (title: string, name: string, value: unknown, message: string): Mutation => ({
  when: title,
  change: set(ENV, { name, value }),
  path: `${ENV}.value`,
  message,
});
const inClear = (name: string) => `variable ${name} of container api is a secret in clear`;
const held = (name: string) => `variable ${name} of container api holds a secret in clear`;

const CONFIG_MAP = resource("kubernetes:core/v1:ConfigMap", { data: { "app.conf": "debug = false" } });
const SECRET = resource("kubernetes:core/v1:Secret", { stringData: { password: LONG } });
const PASSWORD = resource("random:index/randomPassword:RandomPassword", { length: 32 });
const DATABASE = resource("aws:rds/instance:Instance", { password: LONG });

export const cases: readonly RuleCases[] = [
  {
    rule: containerEnvironmentDisallowSecret,
    baseline: [DEPLOYMENT],
    violations: [
      variable("a variable is named like a key", "OPENAI_API_KEY", "x", inClear("OPENAI_API_KEY")),
      variable("a variable is named like a password, in another case", "dbPassword", "x", inClear("dbPassword")),
      variable("the value is secret and not readable", "SMTP_PASS", HIDDEN, inClear("SMTP_PASS")),
      variable("an address has a password", "DATABASE_URL", "postgresql://u:p@db/x", held("DATABASE_URL")),
      variable("a value has the form of a key", "UPSTREAM", `sk-${"a".repeat(30)}`, held("UPSTREAM")),
      variable("a value is random", "SALT", "q7Rk2mZx9Lw4Tn8Yb3Vc6Hd1", held("SALT")),
      variable("a value is a private key", "TLS", "-----BEGIN RSA PRIVATE KEY-----\nMII", held("TLS")),
      {
        when: "an option of the command line has a password in the same argument",
        change: set(ARGS, ["serve", "--password=x"]),
        path: `${ARGS}[1]`,
        message: "option password of container api is a secret in clear",
      },
      {
        when: "an option of the command line has a token in the next argument",
        change: set(ARGS, ["--auth-token", "x"]),
        path: `${ARGS}[1]`,
        message: "option auth-token of container api is a secret in clear",
      },
      {
        when: "a key of a ConfigMap is a secret",
        change: () => set("data.apiToken", "x")([CONFIG_MAP]),
        path: "data.apiToken",
        message: "key apiToken is a secret in clear",
      },
      {
        when: "a container on an engine has it in its list",
        change: () => set("envs[2]", "POSTGRES_PASSWORD=x")([CONTAINER]),
        path: "envs[2]",
        message: "variable POSTGRES_PASSWORD of container api is a secret in clear",
      },
      {
        when: "a Compose file has it as a default",
        change: () => set("environment.API_KEY", "${API_KEY:-x}")([SERVICE]),
        path: "environment.API_KEY",
        message: "variable API_KEY of container sample is a secret in clear",
      },
    ],
    allowed: [
      { when: "the variable names a file", change: set(ENV, { name: "DB_PASSWORD_FILE", value: "/run/secrets/db" }) },
      { when: "the variable is empty", change: set(ENV, { name: "API_KEY", value: "" }) },
      { when: "the value is a digest", change: set(ENV, { name: "CONFIG", value: `sha256:${"0a1b".repeat(16)}` }) },
      { when: "it counts tokens", change: set(ENV, { name: "MAX_TOKENS", value: "4096" }) },
      { when: "an address has a user only", change: set(ENV, { name: "URL", value: "postgresql://u@db/x" }) },
      { when: "the address leads to a proxy of the script", change: set(ARGS, ["--listen", "127.0.0.1:8000"]) },
      { when: "a Compose file takes it from outside", change: () => [SERVICE] },
      { when: "a key of a ConfigMap is a script", change: () => set("data", { "set-password.sh": "x" })([CONFIG_MAP]) },
    ],
    unknown: {
      when: "the value of a secret's variable is unknown",
      change: set(ENV, { name: "API_KEY", value: UNKNOWN }),
      path: `${ENV}.value`,
    },
    embedded: [
      {
        when: "an init container has it",
        change: set(`${POD}.initContainers[0].env`, [{ name: "API_KEY", value: "x" }]),
        path: `${POD}.initContainers[0].env[0].value`,
        message: "variable API_KEY of container wait is a secret in clear",
      },
    ],
  },
  {
    rule: containerEnvironmentDisallowDefaultCredential,
    baseline: [DEPLOYMENT],
    violations: [
      variable(
        "a password is a default",
        "DB_PASSWORD",
        "postgres",
        "variable DB_PASSWORD of container api is a default that everybody knows",
      ),
      variable(
        "a key is the planning document's",
        "API_KEY",
        "ralex-bridge-key",
        "variable API_KEY of container api is a default that everybody knows",
      ),
      variable(
        "a key is short",
        "API_KEY",
        "a1b2c3d4e5f6g7h",
        "variable API_KEY of container api is shorter than 16 characters",
      ),
      variable(
        "the password of an address is a default",
        "URL",
        "postgresql://u:password@db/x",
        "variable URL of container api is a default that everybody knows",
      ),
      {
        when: "a Secret holds a default",
        change: () => set("stringData.password", "changeme")([SECRET]),
        path: "stringData.password",
        message: "key password is a default that everybody knows",
      },
      {
        when: "a Secret holds a default in base64",
        change: () => set("data.password", Buffer.from("changeme").toString("base64"))([SECRET]),
        path: "data.password",
        message: "key password is a default that everybody knows",
      },
      {
        when: "a generated password is short",
        change: () => set("length", 15)([PASSWORD]),
        path: "length",
        message: "the password is shorter than 16 characters",
      },
      {
        when: "a managed database has a default",
        change: () => set("password", "Password")([DATABASE]),
        path: "password",
        message: "password is a default that everybody knows",
      },
    ],
    allowed: [
      { when: "the value is long", change: set(ENV, { name: "DB_PASSWORD", value: LONG }) },
      { when: "the value is secret and not readable", change: set(ENV, { name: "DB_PASSWORD", value: HIDDEN }) },
      { when: "it is no secret", change: set(ENV, { name: "DB_USER", value: "postgres" }) },
      { when: "a generated password is long enough", change: () => set("length", 16)([PASSWORD]) },
      { when: "a managed database has a long one", change: () => [DATABASE] },
      { when: "a Secret has a long one", change: () => [SECRET] },
    ],
    unknown: {
      when: "the length of a password is unknown",
      change: () => set("length", UNKNOWN)([PASSWORD]),
      path: "length",
    },
    embedded: [
      {
        when: "an init container has it",
        change: set(`${POD}.initContainers[0].env`, [{ name: "API_KEY", value: "secret" }]),
        path: `${POD}.initContainers[0].env[0].value`,
        message: "variable API_KEY of container wait is a default that everybody knows",
      },
    ],
  },
];
