/** The chart and the rendered objects on a cluster: what they make is one stack with what the Pulumi program makes. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { ClusterEnvironments } from "../support/cluster-environments";
import { appliedObjects, helmRelease } from "../support/without-pulumi";

const MINUTE = 60_000;

let all: ClusterEnvironments;

beforeAll(async () => {
  all = await ClusterEnvironments.create(fs.mkdtempSync(path.join(os.tmpdir(), "ralex-without-pulumi-")));
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
  await all.must("kstaging", "promote", "kdev", "kstaging");
}, 10 * MINUTE);

afterAll(() => all.remove(), 5 * MINUTE);

test(
  "a release of the chart passes its own checks, and answers a chat over TLS",
  async () => {
    expect(await helmRelease(all)).toBeLessThan(180);
  },
  8 * MINUTE,
);

test(
  "the rendered objects, applied all at once before their Secret is there, come up by themselves and answer a chat",
  async () => {
    await appliedObjects(all);
  },
  8 * MINUTE,
);
