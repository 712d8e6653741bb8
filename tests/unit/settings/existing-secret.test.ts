/** Settings of a stack whose secrets somebody else makes. */
import { loadSettings, SettingsError, type Sources } from "../../../components/settings/load";
import { SECRET_SETTINGS } from "../../../components/settings/schema";

const CLUSTER = { target: "kubernetes", kubeContext: "test", hostName: "ralex.test" };
const NONE: Sources = { environment: {}, dotenv: {}, stack: {} };
const STORES = { postgresUrl: "postgresql://a@db.example/?sslmode=require", redisUrl: "rediss://cache.example" };

const load = (stack: Record<string, unknown>, more: Partial<Sources> = {}) =>
  loadSettings({ ...NONE, stack: { ...CLUSTER, ...stack }, ...more });

function problemsOf(stack: Record<string, unknown>, more: Partial<Sources> = {}): Record<string, string> {
  try {
    load(stack, more);
    return {};
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return Object.fromEntries(error.problems.map(({ key, message }) => [key, message]));
  }
}

test("which upstreams and stores have a secret is said without one, and is described as if it were set", () => {
  const secretsOf = (stack: Record<string, unknown>) => [...load(stack).secretsSet].sort();
  expect(secretsOf({ existingSecret: "vault" })).toEqual([]);
  expect(secretsOf({ existingSecret: "vault", openrouterKey: true })).toEqual(["openrouterApiKey"]);
  const upstream = { upstreamUrl: "https://up.test/v1" };
  expect(secretsOf({ existingSecret: "vault", ...upstream })).toEqual([]);
  expect(secretsOf({ existingSecret: "vault", ...upstream, upstreamKey: true, ...STORES })).toEqual([
    "postgresPassword",
    "redisPassword",
    "upstreamApiKey",
  ]);
});

test.each(Object.keys(SECRET_SETTINGS))("%s is refused beside the Secret, wherever it is set", (key) => {
  const stack = { existingSecret: "vault", upstreamUrl: "https://up.test/v1", ...STORES };
  const refusal = expect.stringContaining(
    "belongs into the Secret vault, which existingSecret names: put it there, under the key that docs/kubernetes.md names, " +
      `and remove it here (pulumi config rm ralex:${key})`,
  ) as string;
  expect(problemsOf({ ...stack, [key]: "canary" })).toEqual({ [key]: refusal });
  expect(problemsOf(stack, { sealed: new Set([key]) })).toEqual({ [key]: refusal });
  const variable = `RALEX_${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
  expect(problemsOf(stack, { environment: { [variable]: "canary" } })).toEqual({ [key]: refusal });
  expect(JSON.stringify(problemsOf({ ...stack, [key]: "canary" }))).not.toContain("canary");
});

test("a key that is removed is said by a setting instead", () => {
  const stack = { existingSecret: "vault", upstreamUrl: "https://up.test/v1", upstreamApiKey: "canary" };
  expect(problemsOf(stack).upstreamApiKey).toMatch(/, and set upstreamKey to true$/);
});

test("what has a meaning beside the Secret alone needs it", () => {
  expect(problemsOf({ openrouterKey: true, upstreamKey: true, upstreamUrl: "https://up.test/v1" })).toEqual({
    openrouterKey: "needs existingSecret, which has the key: without one, set openrouterApiKey",
    upstreamKey: "needs existingSecret, which has the key: without one, set upstreamApiKey",
  });
  expect(problemsOf({ existingSecret: "vault", upstreamKey: true })).toEqual({
    upstreamKey: "needs upstreamUrl: say whose key it is",
  });
});

test("a name that no Secret can have is told as that alone", () => {
  expect(problemsOf({ existingSecret: "My Vault", openrouterKey: true })).toEqual({
    existingSecret: "must be a name of Kubernetes: lower-case letters, digits, - and .",
  });
});

test("on another target all of it is refused", () => {
  const docker = { target: "docker", kubeContext: "", hostName: "" };
  const has = "is a setting of target kubernetes, and has no effect on docker";
  expect(problemsOf({ ...docker, existingSecret: "vault", openrouterKey: true, upstreamKey: true })).toEqual({
    existingSecret: has,
    openrouterKey: has,
    upstreamKey: has,
  });
  // And takes the place of nothing there.
  const values = { ...docker, existingSecret: "vault", ...STORES };
  expect(problemsOf(values).postgresUrl).toContain("needs postgresPassword");
});
