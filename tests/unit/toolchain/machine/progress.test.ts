import { Reporter } from "../../../../toolchain/progress";

/** A reporter whose clock and output the test holds. */
function reporter(isTTY: boolean) {
  const state = { now: 0, text: "" };
  const output = { isTTY, columns: 60, write: (text: string) => (state.text += text) };
  return { state, made: new Reporter(output, () => state.now) };
}

/** Runs a step that ends when the test says so. */
function running(made: Reporter, title: string, expectedSeconds?: number) {
  let finish = (): void => undefined;
  let tell: (done: number) => void = () => undefined;
  const ended = made.step(title, expectedSeconds, async (progress) => {
    tell = (done) => progress.update(done, 12, "images");
    await new Promise<void>((resolve) => (finish = resolve));
  });
  return { end: () => (finish(), ended), tell: (done: number) => tell(done) };
}

describe("progress where no terminal is", () => {
  test("a step of less than three seconds is not mentioned", async () => {
    const { made, state } = reporter(false);
    const step = running(made, "looking");
    state.now = 2_900;
    made.tick();
    await step.end();
    expect(state.text).toBe("");
  });

  test("a step says what it does after three seconds, how far it is every thirty, and when it is done", async () => {
    const { made, state } = reporter(false);
    const step = running(made, "compiling pulumi", 225);
    for (let second = 1; second <= 64; second += 1) {
      state.now = second * 1000;
      made.tick();
    }
    await step.end();
    expect(state.text.split("\n")).toEqual([
      "compiling pulumi …",
      "compiling pulumi: 33 s of about 225 s",
      "compiling pulumi: 63 s of about 225 s",
      "compiling pulumi: done after 64 s",
      "",
    ]);
  });

  test("real counts are shown beside the time", async () => {
    const { made, state } = reporter(false);
    const step = running(made, "making images");
    state.now = 3_000;
    made.tick();
    step.tell(4);
    state.now = 33_000;
    made.tick();
    await step.end();
    expect(state.text).toContain("making images: 4 of 12 images, 33 s\n");
  });

  test("a step that fails says so, and passes the error on", async () => {
    const { made, state } = reporter(false);
    const failing = made.step("fetching", undefined, async () => {
      state.now = 5_000;
      throw new Error("no network");
    });
    await expect(failing).rejects.toThrow("no network");
    expect(state.text).toBe("fetching: failed after 5 s\n");
  });
});

test("a terminal shows all running steps in one line that fits", async () => {
  const { made, state } = reporter(true);
  const steps = ["compiling pulumi", "building openwebui", "building postgres"].map((title) =>
    running(made, title, 100),
  );
  state.now = 10_000;
  made.tick();
  const line = state.text.replace("\r\x1b[K", "");
  expect(line).toContain("compiling pulumi: 10 s of about 100 s | building openw");
  expect(line.length).toBeLessThan(60);
  await Promise.all(steps.map((step) => step.end()));
});
