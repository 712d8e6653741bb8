import { didLess, failureOf } from "../../../../cli/plan/engine";

const PREVIEW = "Previewing update (prod):\n";
const UPDATE = `${PREVIEW}    ralex:a:B x created\nUpdating (prod):\n`;
const OUTSIDE = [
  "error: resource urn:pulumi:prod::ralex::a:b:C::x violates plan: properties changed: ~~length[8!=9]",
  "error: create is not allowed by the plan: no steps were expected for this resource",
  "error: expected resource operations for urn:pulumi:prod::ralex::a:b:C::x but none were seen",
] as const;
const told = (...of: Parameters<typeof failureOf>) => {
  const { exitCode, message } = failureOf(...of);
  return [exitCode, message] as const;
};

describe("an update that Pulumi has not made", () => {
  test.each(OUTSIDE)("is a refusal where its preview left the plan: %s", (line) => {
    expect(told("up", 255, `${PREVIEW}${line}\n`)).toEqual([2, expect.stringContaining("nothing was changed")]);
  });

  test.each(OUTSIDE)("is an error where it left the plan half-way: %s", (line) => {
    expect(told("up", 255, `${UPDATE}${line}\n`)).toEqual([
      1,
      expect.stringContaining("What was done before stays done"),
    ]);
  });

  test("has done less than its plan where that is all that Pulumi complains of, and after it began", () => {
    const [violates, , missing] = OUTSIDE;
    expect(didLess("up", `${UPDATE}  a:b:C x **failed** ${missing}\n  ${missing}\n`)).toBe(true);
    expect(didLess("up", `${UPDATE}${missing}\n${violates}\n`)).toBe(false);
    expect(didLess("up", `${UPDATE}${missing}\nerror: update failed\n`)).toBe(false);
    expect(didLess("up", `${PREVIEW}${missing}\n`)).toBe(false);
    expect(didLess("up", UPDATE)).toBe(false);
    expect(didLess("preview", `${UPDATE}${missing}\n`)).toBe(false);
  });

  test("is a refusal where a policy said no, and an error for any other reason", () => {
    const violation = "Policies:\n    ❌ pack@1.0.0\n        - [mandatory]  long-passwords  (a:b:C: p)\n";
    expect(told("up", 1, PREVIEW + violation)).toEqual([2, "refused by a policy, named above"]);
    expect(told("preview", 1, PREVIEW + violation)).toEqual([2, "refused by a policy, named above"]);
    expect(told("up", 1, UPDATE + violation)).toEqual([
      ...[2, "refused by a policy, named above. What was done before stays done"],
    ]);
    const advice = violation.replace("mandatory", "advisory");
    expect(told("up", 1, PREVIEW + advice)).toEqual([1, "pulumi up failed (exit code 1); see above"]);
    expect(told("up", 255, UPDATE)).toEqual([1, "pulumi up failed (exit code 255); see above"]);
    // Of what follows a failure in the plan nothing is seen, and that is not the reason.
    const failed = `${UPDATE}error: the deployment is up, but 1 of 10 checks failed:\n${OUTSIDE[2]}\n`;
    expect(told("up", 255, failed)).toEqual([1, "pulumi up failed (exit code 255); see above"]);
  });
});
