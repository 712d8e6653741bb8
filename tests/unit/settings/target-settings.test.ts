/** Settings that one target has and another one has not. */
import { loadSettings, SettingsError } from "../../../components/settings/load";
import { DOCKER_SETTINGS } from "../../../components/settings/docker";
import { PLAIN_SETTINGS } from "../../../components/settings/schema";

jest.mock("../../../components/settings/targets", () => ({ TARGETS: ["docker", "elsewhere"] }));

const none = { environment: {}, dotenv: {}, stack: {} };

function problemsOf(stack: Record<string, unknown>, environment: Record<string, string> = {}) {
  try {
    loadSettings({ ...none, stack, environment });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

describe("on another target", () => {
  test("a setting of target docker is refused where it is set, by a file or a variable", () => {
    const stack = { target: "elsewhere", webPort: 3100 };
    expect(problemsOf(stack, { RALEX_SUBNET: "10.9.0.0/24" })).toEqual([
      {
        ...{ key: "webPort", source: "stack configuration" },
        message: "is a setting of target docker, and has no effect on elsewhere",
      },
      {
        ...{ key: "subnet", source: "RALEX_SUBNET in environment" },
        message: "is a setting of target docker, and has no effect on elsewhere",
      },
    ]);
    expect(problemsOf({ ...stack, target: "docker" })).toEqual([]);
  });

  test("the defaults that Pulumi.yaml gives to every stack are no such settings", () => {
    const defaults = Object.entries(PLAIN_SETTINGS).map(([key, schema]) => [
      key,
      schema.safeParse(undefined).data ?? "",
    ]);
    expect(problemsOf({ ...Object.fromEntries(defaults), target: "elsewhere" })).toEqual([]);
  });

  test("what clashes among docker's settings alone is no clash", () => {
    const key = "webPort";
    expect(problemsOf({ [key]: 8000 }).map((one) => one.key)).toEqual(["apiPort"]);
    expect(problemsOf({ target: "elsewhere", [key]: 8000 }).map((one) => one.key)).toEqual([key]);
  });
});

test("every setting belongs to all targets or to one of them", () => {
  for (const key of Object.keys(DOCKER_SETTINGS)) expect(PLAIN_SETTINGS).toHaveProperty(key);
});
