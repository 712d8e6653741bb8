import * as os from "node:os";
import type { Backend } from "../../../cli/backend/backend";
import type { Lock } from "../../../cli/backend/lock";
import { unlock } from "../../../cli/unlock";

const lock = (id: string, host: string, pid: number): Lock => ({
  ...{ project: "ralex", stack: "dev", id },
  owner: { pid, host, user: "ada" },
});
/** No process has this id: it is above the kernel's largest. */
const DEAD = 2 ** 22 + 1;
const LOCKS = [
  lock("living", os.hostname(), process.pid),
  lock("dead", os.hostname(), DEAD),
  lock("far", "elsewhere", 1),
];

describe("unlock", () => {
  const removed: string[] = [];
  const backend = {
    address: "s3://states",
    removeLock: ({ id }: Lock) => Promise.resolve(void removed.push(id)),
  } as Partial<Backend> as Backend;
  beforeEach(() => {
    removed.length = 0;
    jest.spyOn(console, "log").mockReturnValue(undefined);
  });
  afterEach(() => jest.restoreAllMocks());

  test.each(["dead", "far"])(
    "removes the one lock that is named, where nobody here can say that its owner lives: %s",
    async (id) => {
      await unlock(backend, LOCKS, id);
      expect(removed).toEqual([id]);
    },
  );

  test("refuses for a process that works, and says how to end it", async () => {
    await expect(unlock(backend, LOCKS, "living")).rejects.toMatchObject({
      exitCode: 2,
      message: expect.stringMatching(/is being worked on \(ada@.*kill -INT \d+/) as string,
    });
    expect(removed).toEqual([]);
  });

  test("says which locks there are where the named one is not among them", async () => {
    await expect(unlock(backend, LOCKS, "x")).rejects.toThrow(
      "there is no lock x in s3://states; there is living, dead, far",
    );
    await expect(unlock(backend, [], "x")).rejects.toThrow("nothing is locked");
  });
});
