import * as fc from "fast-check";
import { keyOfLock, lockAt, ownerIn, shownAge, shownOwner, type Lock } from "../../../../cli/backend/lock";

const TEXT = '{"pid":123,"username":"ada","hostname":"laptop","timestamp":"2026-11-27T10:00:00.123456789+01:00"}';

test("a lock's text is read as Pulumi writes it", () => {
  expect(ownerIn(TEXT)).toEqual({ pid: 123, user: "ada", host: "laptop", since: new Date("2026-11-27T09:00:00.123Z") });
  expect(ownerIn('{"pid":1,"hostname":"h"}')).toEqual({ pid: 1, user: "somebody", host: "h" });
});

test("no beginning of a lock's text is taken for a whole one", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: TEXT.length - 1 }), (at) => ownerIn(TEXT.slice(0, at)) === undefined),
  );
  for (const text of ["null", "[]", '{"pid":"1","hostname":"h"}', '{"hostname":"h"}'])
    expect(ownerIn(text)).toBeUndefined();
});

test("a lock is found again at the key that it came from", () => {
  const part = fc.stringMatching(/^[\w.-]{1,20}$/);
  fc.assert(
    fc.property(part, part, fc.uuid(), (project, stack, id) => {
      expect(lockAt(keyOfLock({ project, stack, id }))).toEqual({ project, stack, id });
    }),
  );
  for (const key of [
    "locks/organization/ralex/dev.json",
    "locks/organization/a/b/c/d.json",
    "locks/organization/a/b/c",
  ]) {
    expect(lockAt(key)).toBeUndefined();
  }
});

test.each([
  [-5_000, "0 seconds"],
  [1_000, "1 second"],
  [59_999, "59 seconds"],
  [60_000, "1 minute"],
  [3_599_000, "59 minutes"],
  [7_200_000, "2 hours"],
  [86_400_000, "1 day"],
  [8_640_000_000, "100 days"],
])("an age of %i ms is %s", (ms, text) => {
  expect(shownAge(ms)).toBe(text);
});

test("whose a lock is and how old is said in one line", () => {
  const lock: Lock = { project: "ralex", stack: "dev", id: "1" };
  const owner = ownerIn(TEXT);
  if (owner === undefined) throw new Error("not read");
  const now = Date.parse("2026-11-27T09:12:30Z");
  expect(shownOwner({ ...lock, owner }, now)).toBe("ada@laptop, process 123, for 12 minutes");
  expect(shownOwner({ ...lock, owner: { pid: 1, user: "u", host: "h" } }, now)).toBe("u@h, process 1");
  expect(shownOwner(lock, now)).toBe("its owner died while writing it");
});
