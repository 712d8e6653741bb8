/** What the stand-in for the command plugin shows of a command that failed. */
import { command } from "../../../toolchain/pulumi/plugins/command/command";
import type { Call } from "../../../toolchain/pulumi/plugins/support/plugin";

const nothing = (): undefined => undefined;
const call = (hasSecrets: boolean): Call => ({
  ...{ urn: "urn:pulumi:dev::ralex::x::c", name: "c", hasSecrets },
  ...{ signal: new AbortController().signal, status: nothing, warn: nothing },
});

const failing = (script: string, hasSecrets: boolean) =>
  command.create({ create: `${script}; exit 3`, stdin: "CANARY" }, call(hasSecrets));

describe("a command that fails", () => {
  test("is shown with what it said", async () => {
    await expect(failing("echo no room >&2", false)).rejects.toThrow("the command ended with exit code 3: no room");
  });

  test("shows nothing where its inputs are secret, since it may repeat them", async () => {
    await expect(failing("cat >&2", true)).rejects.toThrow(
      /^the command ended with exit code 3; its output is not shown/,
    );
  });

  test("shows what it marks as no secret even there, and that alone", async () => {
    const said = failing("cat >&2; echo >&2; echo 'not secret: run this as root' >&2; echo CANARY", true);
    await expect(said).rejects.toThrow(/^the command ended with exit code 3: run this as root$/);
  });
});
