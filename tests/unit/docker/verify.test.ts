/** The program behind a verification, on an engine that is written down: what it reports of which containers. */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { VERIFY_COMMAND } from "../../../components/docker/verification";
import { ref } from "../image/release-samples";

const NAME = "every container runs its pinned digest";
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-verify-"));
afterAll(() => fs.rmSync(folder, { recursive: true }));
fs.writeFileSync(
  path.join(folder, "docker"),
  `#!/bin/sh
case "$1 $3" in
  "inspect container")
    cat "${folder}/containers.json"
    # As the real one: of some that are gone it says so, and lists the others.
    shift 3
    for name; do grep -q "\"/$name\"" "${folder}/containers.json" || { echo "no such $name" >&2; exit 1; }; done ;;
  "inspect image") cat "${folder}/$4.json" ;;
  *) cat "${folder}/probe"; echo "the probe's last words" >&2 ;;
esac
`,
  { mode: 0o755 },
);

const container = (name: string, Image: string, Status = "running") => ({
  Name: `/${name}`,
  Image,
  State: { Running: Status === "running", Status },
});
const PROBED = [{ name: "the API is ready", passed: true, detail: "200" }];

interface Verified {
  readonly passed: boolean;
  readonly at: string;
  readonly checks: readonly { name: string; passed: boolean; detail: string }[];
}

function verify(containers: readonly object[], probe: string, expected = { api: ref("api", "a") }) {
  fs.writeFileSync(path.join(folder, "containers.json"), JSON.stringify(containers));
  fs.writeFileSync(
    path.join(folder, "one.json"),
    JSON.stringify([{ RepoDigests: [ref("mirror", "a"), ref("api", "a")] }]),
  );
  fs.writeFileSync(path.join(folder, "other.json"), JSON.stringify([{ RepoDigests: [ref("api", "b")] }]));
  fs.writeFileSync(path.join(folder, "probe"), probe);
  const { status, stdout, stderr } = spawnSync("sh", ["-c", VERIFY_COMMAND], {
    encoding: "utf8",
    input: JSON.stringify({ probe: "probe", containers: expected }),
    env: { PATH: `${folder}:${path.dirname(process.execPath)}:${process.env.PATH ?? ""}` },
  });
  return { status, stderr, result: JSON.parse(stdout) as Verified };
}

const passing = JSON.stringify({ checks: PROBED });

describe("a verification", () => {
  test("passes when every container runs its digest and every check of the probe passes", () => {
    const { status, result } = verify([container("api", "one")], passing);
    expect(status).toBe(0);
    expect(result).toEqual({
      passed: true,
      at: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/) as string,
      checks: [{ name: NAME, passed: true, detail: "1 containers" }, ...PROBED],
    });
  });

  test.each<[string, readonly object[], RegExp]>([
    ["runs another digest", [container("api", "other")], /^api runs other \(.*b{64}\) instead of .*a{64}$/],
    ["does not exist", [], /^api does not exist$/],
    ["does not exist, while others do", [container("web", "one")], /^api does not exist$/],
    ["was stopped", [container("api", "one", "exited")], /^api is exited$/],
  ])("fails when a container %s, though the probe is content", (_, containers, detail) => {
    const { status, result, stderr } = verify(containers, passing);
    expect([status, result.passed]).toEqual([1, false]);
    expect(result.checks[0]).toEqual({ name: NAME, passed: false, detail: expect.stringMatching(detail) as string });
    expect(stderr).toContain("1 of 2 checks failed");
  });

  test("fails when a check of the probe does, and names it where people look", () => {
    const { status, result, stderr } = verify(
      [container("api", "one")],
      JSON.stringify({ checks: [...PROBED, { name: "the certificate is valid", passed: false, detail: "expired" }] }),
    );
    expect([status, result.passed]).toEqual([1, false]);
    expect(stderr).toContain("not so: the certificate is valid (expired)");
  });

  test.each(["", "Traceback", "{}", '{"checks": []}', '{"checks": {}}'])(
    "fails when the probe says %j instead of its checks",
    (said) => {
      const { status, result } = verify([container("api", "one")], said);
      expect([status, result.passed]).toEqual([1, false]);
      expect(result.checks[1]).toMatchObject({ name: "the probe runs", passed: false });
    },
  );
});
