/** A replica's way out of the edge's rotation and back, on a recorded engine. */
import { admission, type AdmissionInputs } from "../../../components/docker/provider/admission";
import * as engine from "../../../components/docker/provider/engine";

jest.mock("../../../components/docker/provider/engine");
const exec = jest.mocked(engine.exec);
const inspected = jest.mocked(engine.inspected);

const REPLICA: AdmissionInputs = {
  container: "ralex-test-api-1",
  containerId: "c1",
  edge: "ralex-test-edge",
  drainFile: "/tmp/drained-1",
  drains: true,
  readiness: ["ask", "--ready"],
  waitSeconds: 1,
};
const signal = new AbortController().signal;
const said = (exitCode: number, stdout = "") => Promise.resolve({ exitCode, stdout, stderr: "" });
const edgeIs = (Running: boolean) =>
  inspected.mockResolvedValue({ State: { Running } } as Awaited<ReturnType<typeof engine.inspected>>);
const asked = () => exec.mock.calls.map(([container, command]) => [container, ...command].join(" "));

beforeEach(() => {
  jest.resetAllMocks();
  jest.spyOn(console, "error").mockReturnValue(undefined);
  edgeIs(true);
  exec.mockReturnValue(said(0));
});

describe("a replica that is replaced", () => {
  test("is drained by the file in the running edge", async () => {
    await admission.delete?.(REPLICA);
    expect(asked()).toEqual(["ralex-test-edge touch /tmp/drained-1"]);
  });

  test("is not drained at an edge that does not run, nor where no other stands in for it", async () => {
    edgeIs(false);
    await admission.delete?.(REPLICA);
    edgeIs(true);
    await admission.delete?.({ ...REPLICA, drains: false });
    expect(asked()).toEqual([]);
  });

  test("is replaced although the edge is in trouble, which is said", async () => {
    exec.mockReturnValue(said(1));
    await admission.delete?.(REPLICA);
    expect(jest.mocked(console.error).mock.calls[0]?.[0]).toContain("so a request may fail");
  });

  test("gets requests again once it is ready, and not before it was asked", async () => {
    exec.mockReturnValueOnce(said(1)).mockReturnValueOnce(said(0));
    await admission.create(REPLICA, { signal });
    const ready = "ralex-test-api-1 ask --ready";
    expect(asked()).toEqual([ready, ready, "ralex-test-edge rm -f /tmp/drained-1"]);
  });

  test("is asked for its health before it is asked whether it is ready", async () => {
    await admission.create({ ...REPLICA, check: ["ask"], checkSeconds: 1 }, { signal });
    expect(asked()).toEqual([
      ...["ralex-test-api-1 ask", "ralex-test-api-1 ask --ready"],
      "ralex-test-edge rm -f /tmp/drained-1",
    ]);
  });

  test("that never is ready fails the update within its time, and the edge goes on leaving it out", async () => {
    exec.mockImplementation(() => said(1, "the database is away"));
    const failed = admission.create(REPLICA, { signal });
    await expect(failed).rejects.toThrow("was not ready within 1 s: the database is away");
    expect(new Set(asked())).toEqual(new Set(["ralex-test-api-1 ask --ready"]));
    expect(asked().length).toBeGreaterThan(1);
  });

  test("is not asked whether it is ready where it cannot tell", async () => {
    await admission.create({ ...REPLICA, readiness: [] }, { signal });
    expect(asked()).toEqual(["ralex-test-edge rm -f /tmp/drained-1"]);
  });

  test("that the edge does not take back fails the update", async () => {
    exec.mockImplementation((container) => said(container === "ralex-test-edge" ? 1 : 0));
    await expect(admission.create(REPLICA, { signal })).rejects.toThrow("rm in ralex-test-edge ended with exit code 1");
  });
});
