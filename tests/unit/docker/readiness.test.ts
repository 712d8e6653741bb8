/** What waits until containers are up, on a recorded engine. */
import * as engine from "../../../components/docker/provider/engine";
import { untilHealthy, type Awaited as Watched } from "../../../components/docker/provider/health";
import { readiness } from "../../../components/docker/provider/readiness";

jest.mock("../../../components/docker/provider/engine");
const exec = jest.mocked(engine.exec);
const inspected = jest.mocked(engine.inspected);
const limited = jest.mocked(engine.limitProcesses);

const SERVICE: Watched = { container: "ralex-test-redis", check: ["ping"], checkSeconds: 1, waitSeconds: 1 };
const signal = new AbortController().signal;
const said = (exitCode: number, stdout = "") => Promise.resolve({ exitCode, stdout, stderr: "" });
/** As the engine tells of a container. */
const is = (State: object, RestartCount = 0) =>
  ({ State: { Running: true, ...State }, RestartCount }) as Awaited<ReturnType<typeof engine.inspected>>;
const starting = is({ Health: { Status: "starting" } });

beforeEach(() => {
  jest.resetAllMocks();
  inspected.mockResolvedValue(starting);
  jest.mocked(engine.lastLines).mockReturnValue("its last lines: out of order");
  jest.mocked(engine.logOf).mockRejectedValue(new Error("it logs elsewhere"));
});

describe("a container whose health is waited for", () => {
  test("is asked by its own check until that ends with 0, whatever the engine says meanwhile", async () => {
    exec.mockReturnValueOnce(said(1)).mockRejectedValueOnce(new Error("it is restarting")).mockReturnValueOnce(said(0));
    await untilHealthy(SERVICE, signal);
    expect(exec.mock.calls).toEqual(Array.from({ length: 3 }, () => ["ralex-test-redis", ["ping"]]));
  });

  test("is not asked where the engine found it healthy", async () => {
    inspected.mockResolvedValue(is({ Health: { Status: "healthy" } }));
    await untilHealthy(SERVICE, signal);
    expect(exec).not.toHaveBeenCalled();
  });

  test("is not healthy while it does not run, though the engine found it so before", async () => {
    inspected.mockResolvedValueOnce(is({ Running: false, Health: { Status: "healthy" } })).mockResolvedValue(starting);
    exec.mockReturnValue(said(0));
    await untilHealthy(SERVICE, signal);
    expect(inspected).toHaveBeenCalledTimes(2);
  });

  test("that is not healthy in time fails with what its check and its log say", async () => {
    exec.mockImplementation(() => said(1, "connection refused"));
    await expect(untilHealthy(SERVICE, signal)).rejects.toThrow(
      /^ralex-test-redis was not healthy within 1 s; its check said: connection refused$/,
    );
    jest.mocked(engine.logOf).mockImplementation(() => said(0, "out of order"));
    await expect(untilHealthy(SERVICE, signal)).rejects.toThrow("; of its log its last lines: out of order");
  });

  test("whose check hangs is asked again, and fails in time", async () => {
    exec.mockImplementation(() => new Promise(() => undefined));
    const began = Date.now();
    await expect(untilHealthy({ ...SERVICE, checkSeconds: 0.2 }, signal)).rejects.toThrow("not healthy within 1 s");
    expect(exec.mock.calls.length).toBeGreaterThan(1);
    expect(Date.now() - began).toBeLessThan(4000);
  });

  test("that ends again and again fails before its time is over", async () => {
    for (const endings of [5, 6, 7, 8]) inspected.mockResolvedValueOnce(is({ Running: false, ExitCode: 3 }, endings));
    await expect(untilHealthy({ ...SERVICE, waitSeconds: 60 }, signal)).rejects.toThrow(
      "ralex-test-redis ends again and again (exit code 3)",
    );
    expect(exec).not.toHaveBeenCalled();
  });

  test("that is gone fails at once, and one that is waited for in an update that is interrupted too", async () => {
    inspected.mockResolvedValueOnce(undefined);
    await expect(untilHealthy(SERVICE, signal)).rejects.toThrow("ralex-test-redis is gone");
    exec.mockImplementation(() => said(1));
    await expect(untilHealthy({ ...SERVICE, waitSeconds: 60 }, AbortSignal.abort())).rejects.toThrow(
      "interrupted while waiting until ralex-test-redis is healthy",
    );
  });
});

describe("containers that are brought up", () => {
  const containers = [
    { name: "a", id: "1", pids: 8, check: ["ask"], checkSeconds: 1 },
    { name: "b", id: "2", pids: 16 },
  ];

  test("are limited before they are waited for, and one without a check is not asked", async () => {
    exec.mockImplementation((container) => {
      expect(limited.mock.calls).toEqual([
        ["1", 8],
        ["2", 16],
      ]);
      return said(container === "a" ? 0 : 1);
    });
    const { outputs } = await readiness.create({ containers, waitSeconds: 1 }, { signal });
    expect(outputs).toEqual({ containers: containers.map(({ name, id, pids }) => ({ name, id, pids })) });
    expect(exec).toHaveBeenCalledTimes(1);
  });

  test("are the same to the next update when only the time or the check is another one", () => {
    const before = readiness.compared({ containers, waitSeconds: 1 });
    const others = containers.map((one) => ({ ...one, check: ["another"] }));
    expect(readiness.compared({ containers: others, waitSeconds: 2 })).toEqual(before);
  });

  test("are waited for again in the next update where one was not healthy", async () => {
    exec.mockImplementation(() => said(1));
    await expect(readiness.create({ containers, waitSeconds: 1 }, { signal })).rejects.toThrow("a was not healthy");
    exec.mockImplementation(() => said(0));
    await readiness.update?.({ containers, waitSeconds: 1 }, { containers: [] }, { signal });
    expect(limited).toHaveBeenCalledTimes(4);
  });
});
