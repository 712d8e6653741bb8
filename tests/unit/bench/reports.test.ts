import { changesOf } from "../../bench/support/changes";
import { markdownPage, terminalTable } from "../../bench/page";
import { resultOf, unmeasured } from "../../bench/results";
import { chosen } from "../../bench/run";
import { BENCHMARKS } from "../../bench";
import { parseReport } from "../../bench/support/wrk";

const REPORT = `Running 6s test @ http://127.0.0.1:8000/v1/chat/completions
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.10ms    2.11ms  33.01ms   90.10%
    Req/Sec     3.18k   400.00     3.60k    80.00%
  18860 requests in 6.00s, 9.01MB read
Requests/sec:   3143.26
Transfer/sec:      1.50MB
`;

describe("a report of wrk", () => {
  test("gives requests and rate", () =>
    expect(parseReport(REPORT)).toEqual({ requests: 18860, requestsPerSecond: 3143.26 }));

  test("with an answer that is not 2xx is an error", () =>
    expect(() => parseReport(REPORT.replace("Requests/sec", "  Non-2xx or 3xx responses: 7\nRequests/sec"))).toThrow(
      "responses: 7",
    ));

  test("with a broken connection is an error", () => {
    const line = "  Socket errors: connect 0, read 3, write 0, timeout 0\nRequests/sec";
    expect(() => parseReport(REPORT.replace("Requests/sec", line))).toThrow("read 3");
  });

  test("without an answer or a rate is an error", () => {
    expect(() => parseReport(REPORT.replace("18860", "0"))).toThrow("no request was answered");
    expect(() => parseReport("unable to connect")).toThrow("no rate");
  });
});

describe("changes of an update", () => {
  test("are none where all is unchanged", () =>
    expect(changesOf("Resources:\n    2 unchanged\n\nResources:\n    101 unchanged\n")).toBe(0));

  test("are counted over all its updates, whatever their kind", () =>
    expect(
      changesOf(
        "Resources:\n    + 3 created\n    ~ 1 updated\n    2 unchanged\nResources:\n    +-2 replaced\n    - 1 deleted\n",
      ),
    ).toBe(7));

  test("are unknown without a summary, which is an error", () =>
    expect(() => changesOf("all done")).toThrow("no summary"));
});

describe("the choice of benchmarks", () => {
  test("is by default all that need nothing special", () => {
    const names = chosen([]).map(({ name }) => name);
    expect(names).toContain("bridge-throughput");
    expect(names).not.toContain("fresh-machine");
  });

  test("takes a special one by its name", () =>
    expect(chosen(["fresh-machine"]).map(({ name }) => name)).toEqual(["fresh-machine"]));

  test("refuses a name that is not known, listing what there is", () =>
    expect(() => chosen(["brigde"])).toThrow(/brigde: choose from bridge-throughput/));

  test("has every benchmark once", () =>
    expect(new Set(BENCHMARKS.map(({ name }) => name)).size).toBe(BENCHMARKS.length));
});

describe("the page", () => {
  const benchmark = { ...BENCHMARKS[0], name: "one", unit: "s", goal: { value: { atMost: 10 } }, method: "by a clock" };
  const run = { commit: "0123456789ab", load: 3 };
  const measured = resultOf({ ...benchmark, run: () => Promise.reject() }, { own: [4, 6, 5] }, run);

  test("tells value, goal, samples, load, commit, method and machine", () => {
    const page = markdownPage([{ ...benchmark, run: () => Promise.reject() }], [measured], ["2 cores"]);
    expect(page).toContain("| one | 5 s | – | – | <= 10 s | yes | 3 |");
    expect(page).toContain("- **one**: by a clock. Samples: 4, 6, 5 s. Commit 0123456789ab.");
    expect(page).toContain("- 2 cores");
  });

  test("keeps an error of several lines in its place", () => {
    const failed = unmeasured({ ...benchmark, run: () => Promise.reject() }, "it broke:\n| here", run);
    const page = markdownPage([], [failed], []);
    expect(page).toContain("Note: it broke: | here.");
    expect(terminalTable([failed])).toContain("it broke:");
  });
});
