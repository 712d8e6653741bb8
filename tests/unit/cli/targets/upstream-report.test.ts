import { upstreamReport } from "../../../../cli/targets/upstream-report";

const says = (stdout: string, exitCode = 0, stderr = "") => ({ exitCode, stdout, stderr });

describe("the report of upstreams after a start", () => {
  test("names what answers with how much, and what does not with the reason; the built-in one is no news", () => {
    const said = says(
      JSON.stringify({
        upstreams: [
          { name: "openrouter", ok: true, models: 312, detail: "" },
          { name: "upstream", ok: false, models: 0, detail: "connection refused" },
          { name: "echo", ok: true, models: 1 },
        ],
      }),
    );
    expect(upstreamReport(said)).toEqual([
      "upstream     openrouter answers with 312 models",
      "upstream     upstream does not answer: connection refused",
    ]);
  });

  test.each([
    ["", 78, "first\nno such file\n", "no such file"],
    ["{}", 0, "", ""],
  ])("that cannot be had is said, and is no failure", (stdout, exitCode, stderr, reason) => {
    expect(upstreamReport(says(stdout, exitCode, stderr))).toEqual([`upstreams    could not be asked: ${reason}`]);
  });
});
