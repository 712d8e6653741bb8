/** How strict each rule is: a change of it is a change of what may ship, and stands here as well as in the rule. */
import { RULES } from "../../policy/rules";

/** By rule: its scope, severity, level in development and in environments with `promotesFrom`, and what an unknown value does. */
const STRICTNESS: Readonly<Record<string, string>> = {
  "IMG-01": "resource critical mandatory mandatory fail",
  "IMG-02": "resource high mandatory mandatory fail",
  "IMG-03": "resource critical advisory mandatory fail",
  "IMG-04": "resource medium advisory mandatory fail",
  "IMG-05": "resource critical advisory mandatory fail",
  "IMG-06": "resource high advisory mandatory fail",
  "IMG-07": "resource high advisory mandatory fail",
  "PRO-01": "stack critical off mandatory fail",
  "PRO-02": "stack high mandatory mandatory skip",
  "DB-01": "resource high mandatory mandatory skip",
  "DB-02": "resource critical mandatory mandatory fail",
  "DB-03": "resource medium mandatory mandatory skip",
  "DB-04": "resource low advisory mandatory skip",
  "SEC-01": "resource critical mandatory mandatory skip",
  "SEC-02": "resource critical mandatory mandatory skip",
  "K8-01": "resource high mandatory mandatory skip",
  "K8-02": "resource high mandatory mandatory skip",
  "K8-03": "resource critical mandatory mandatory skip",
  "K8-04": "resource medium advisory mandatory skip",
  "K8-05": "resource medium mandatory mandatory skip",
  "K8-06": "resource medium mandatory mandatory skip",
  "K8-07": "stack medium advisory mandatory skip",
  "K8-08": "stack medium advisory mandatory skip",
  "K8-09": "stack high mandatory mandatory skip",
  "K8-10": "stack high mandatory mandatory skip",
  "K8-11": "resource high mandatory mandatory skip",
  "K8-12": "stack medium mandatory mandatory skip",
  "K8-13": "resource medium advisory mandatory skip",
  "K8-14": "resource low advisory mandatory skip",
  "ECS-01": "resource high mandatory mandatory fail",
  "ECS-02": "resource high advisory mandatory skip",
  "ECS-03": "resource medium mandatory mandatory skip",
  "AWS-01": "resource high mandatory mandatory skip",
  "DATA-01": "resource critical mandatory mandatory skip",
  "DATA-02": "resource high mandatory mandatory skip",
  "DATA-03": "resource high mandatory mandatory skip",
  "NET-01": "resource critical mandatory mandatory skip",
  "NET-02": "resource high mandatory mandatory skip",
  "NET-03": "stack high mandatory mandatory skip",
  "CLU-01": "resource high advisory mandatory skip",
  "RUN-01": "resource medium mandatory mandatory skip",
  "LOC-01": "resource critical advisory mandatory skip",
  "LOC-02": "resource medium advisory mandatory skip",
  "LOC-03": "resource medium advisory mandatory skip",
  "LOC-04": "resource high advisory mandatory skip",
  "LOC-05": "resource high advisory mandatory skip",
  "LOC-06": "resource medium advisory mandatory skip",
  "LOC-07": "resource high advisory mandatory skip",
  "PROT-01": "resource high advisory mandatory skip",
  "LB-01": "resource high mandatory mandatory skip",
  "RET-01": "resource high mandatory mandatory skip",
  "IAM-01": "resource critical mandatory mandatory skip",
  "IAM-02": "resource critical mandatory mandatory skip",
  "LOG-01": "resource low advisory mandatory skip",
  "S3-01": "resource high mandatory mandatory skip",
  "TAG-01": "stack low advisory mandatory skip",
};

test("every rule is as strict as it was agreed on, in order of priority", () => {
  const facts = RULES.map(({ id, scope, severity, level, onUnknown }) => [
    id,
    `${scope} ${severity} ${level.development} ${level.promoted} ${onUnknown}`,
  ]);
  expect(facts).toEqual(Object.entries(STRICTNESS));
});

test("no rule is stricter in development than in what is promoted", () => {
  const strength = ["off", "advisory", "mandatory"];
  for (const { id, level } of RULES) {
    expect([id, strength.indexOf(level.development) <= strength.indexOf(level.promoted)]).toEqual([id, true]);
  }
});
