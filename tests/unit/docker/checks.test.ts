/** A verification on an engine that is written down: what it reports of which containers. */
import { checks, verify } from "../../../components/docker/provider/checks";
import * as engine from "../../../components/docker/provider/engine";
import { ref } from "../image/release-samples";

jest.mock("../../../components/docker/provider/engine");

const NAME = "every container runs its pinned digest";
const PROBED = [{ name: "the API is ready", passed: true, detail: "200" }];
const passing = JSON.stringify({ checks: PROBED });
const signal = new AbortController().signal;
const EXPECTED = [{ name: "api", image: ref("api", "a") }];

/** An engine with these containers, and a probe that says this. */
function given(containers: Readonly<Record<string, { Image: string; Status?: string }>>, probe: string): void {
  const digests: Readonly<Record<string, readonly string[]>> = {
    one: [ref("mirror", "a"), ref("api", "a")],
    other: [ref("api", "b")],
  };
  jest.mocked(engine.inspected).mockImplementation((name) => {
    const found = containers[name];
    const { Image = "", Status = "running" } = found ?? {};
    const answer = { Image, State: { Running: Status === "running", Status } };
    return Promise.resolve(found && (answer as Awaited<ReturnType<typeof engine.inspected>>));
  });
  jest.mocked(engine.unlessGone).mockImplementation((work) => work);
  jest.mocked(engine.engine).mockReturnValue({
    getImage: (image: string) => ({ inspect: () => Promise.resolve({ RepoDigests: digests[image] ?? [] }) }),
  } as unknown as ReturnType<typeof engine.engine>);
  jest.mocked(engine.runToEnd).mockResolvedValue({ exitCode: 0, stdout: probe, stderr: "the probe's last words\n" });
}

const create = () =>
  checks.create(
    { containers: EXPECTED.map((one) => ({ ...one, id: "c1" })), probe: { name: "p", id: "p1", pids: 8 } },
    { signal },
  );

describe("a verification", () => {
  test("passes when every container runs its digest and every check of the probe passes", async () => {
    given({ api: { Image: "one" } }, passing);
    const result = {
      passed: true,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      checks: [{ name: NAME, passed: true, detail: "1 containers" }, ...PROBED],
    };
    expect(await verify(EXPECTED, "probe")).toEqual(result);
    expect(await create()).toEqual({ id: "p", outputs: { ids: ["c1", "p1"], result } });
  });

  test("limits the processes of the probe before it runs", async () => {
    given({ api: { Image: "one" } }, passing);
    const order: string[] = [];
    jest
      .mocked(engine.limitProcesses)
      .mockImplementation((name, pids) => Promise.resolve(void order.push(`${name} ${pids}`)));
    jest.mocked(engine.runToEnd).mockImplementation((name) => {
      order.push(`run ${name}`);
      return Promise.resolve({ exitCode: 0, stdout: passing, stderr: "" });
    });
    await create();
    expect(order).toEqual(["p 8", "run p"]);
  });

  test.each<[string, Parameters<typeof given>[0], RegExp]>([
    ["runs another digest", { api: { Image: "other" } }, /^api runs other \(.*b{64}\) instead of .*a{64}$/],
    ["does not exist", {}, /^api does not exist$/],
    ["does not exist, while others do", { web: { Image: "one" } }, /^api does not exist$/],
    ["was stopped", { api: { Image: "one", Status: "exited" } }, /^api is exited$/],
  ])("fails when a container %s, though the probe is content", async (_, containers, detail) => {
    given(containers, passing);
    const { passed, checks: all } = await verify(EXPECTED, "probe");
    expect(passed).toBe(false);
    expect(all[0]).toEqual({ name: NAME, passed: false, detail: expect.stringMatching(detail) as string });
    await expect(create()).rejects.toThrow("1 of 2 checks failed");
  });

  test("fails the update when a check of the probe does, and names it where people look", async () => {
    const failing = { name: "the certificate is valid", passed: false, detail: "expired" };
    given({ api: { Image: "one" } }, JSON.stringify({ checks: [...PROBED, failing] }));
    await expect(create()).rejects.toThrow("not so: the certificate is valid (expired)");
  });

  test.each(["", "Traceback", "{}", '{"checks": []}', '{"checks": {}}'])(
    "fails when the probe says %j instead of its checks",
    async (probe) => {
      given({ api: { Image: "one" } }, probe);
      const { passed, checks: all } = await verify(EXPECTED, "probe");
      expect(passed).toBe(false);
      expect(all[1]).toMatchObject({ name: "the probe runs", passed: false });
    },
  );
});
