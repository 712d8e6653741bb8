import { upstreamReport } from "../../../../cli/targets/docker/upstream-report";
import * as engine from "../../../../components/docker/provider/engine";

jest.mock("../../../../components/docker/provider/engine");
const says = (stdout: string, exitCode = 0, stderr = "") =>
  jest.mocked(engine.exec).mockResolvedValue({ exitCode, stdout, stderr });

describe("the report of upstreams after a start", () => {
  test("names what answers with how much, and what does not with the reason; the built-in one is no news", async () => {
    says(
      JSON.stringify({
        upstreams: [
          { name: "openrouter", ok: true, models: 312, detail: "" },
          { name: "upstream", ok: false, models: 0, detail: "connection refused" },
          { name: "echo", ok: true, models: 1 },
        ],
      }),
    );
    expect(await upstreamReport("ralex-dev-api-0")).toEqual([
      "upstream     openrouter answers with 312 models",
      "upstream     upstream does not answer: connection refused",
    ]);
    expect(jest.mocked(engine.exec).mock.calls[0]?.[0]).toBe("ralex-dev-api-0");
  });

  test.each([
    ["", 78, "first\nno such file\n", "no such file"],
    ["{}", 0, "", ""],
  ])("that cannot be had is said, and is no failure", async (stdout, exitCode, stderr, reason) => {
    says(stdout, exitCode, stderr);
    expect(await upstreamReport("r")).toEqual([`upstreams    could not be asked: ${reason}`]);
  });
});
