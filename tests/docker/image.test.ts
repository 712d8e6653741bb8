/** The API's own images, built by the release project in a copy of the checkout: how large they are, and what is in them. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { connectEngine } from "../../components/docker/engine/client";
import { prepareMachine } from "../../cli/machine";
import { updateImages } from "../../cli/update";
import { readReleases, RELEASE_PROJECT, WORKING_TREE_STACK } from "../../components/image/releases";
import { copyCheckout } from "../support/stack";

/** Most that an image may take unpacked, in bytes. */
const LARGEST = { "ralex-api": 200e6, "ralex-api-dev": 450e6 } as const;

const docker = connectEngine();
let folder: string;
let refs: Readonly<Record<string, string>>;

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-images-"));
  await copyCheckout(folder);
  const machine = await prepareMachine(folder, { images: true, workingTree: true });
  await updateImages(machine);
  const name = `organization/${RELEASE_PROJECT}/${WORKING_TREE_STACK}`;
  const outputs = await machine.workspace.capture(["stack", "output", "releases", "--json", "--stack", name]);
  const [newest] = readReleases(JSON.parse(outputs));
  refs = Object.fromEntries(Object.entries(newest?.images ?? {}).map(([image, { ref }]) => [image, ref]));
  for (const ref of Object.values(refs)) await execa("docker", ["pull", "--quiet", ref]);
}, 240_000);

afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const refOf = (image: string): string => {
  const ref = refs[image];
  if (ref === undefined) throw new Error(`the release has no image ${image}`);
  return ref;
};

describe("the API's images", () => {
  test("take no more of the disk than they may", async () => {
    const sizes = Object.fromEntries(
      await Promise.all(
        Object.keys(LARGEST).map(
          async (image) => [image, (await docker.getImage(refOf(image)).inspect()).Size] as const,
        ),
      ),
    );
    for (const [image, largest] of Object.entries(LARGEST)) {
      expect(sizes[image]).toBeGreaterThan(10e6);
      expect(sizes[image]).toBeLessThanOrEqual(largest);
    }
  });

  test("run as a numbered user that is not root, with a health check of their own", async () => {
    for (const image of Object.keys(LARGEST)) {
      const { Config } = await docker.getImage(refOf(image)).inspect();
      expect(Config.User).toBe("10001:10001");
      expect((Config as { Healthcheck?: { Test: string[] } }).Healthcheck?.Test[0]).toBe("CMD");
    }
  });

  test("have in prod no shell, compiler or package manager", async () => {
    const { stdout: id } = await execa("docker", ["create", refOf("ralex-api")]);
    try {
      const { stdout } = await execa("sh", ["-c", `docker export ${id} | tar -t`]);
      const files = stdout.split("\n");
      expect(files).toContain("app/ralex_bridge/__main__.py");
      const tools = /(^|\/)(sh|bash|dash|busybox|gcc|cc|apt|apt-get|dpkg|pip3?|uv)$|\/ensurepip\//;
      expect(files.filter((file) => tools.test(file))).toEqual([]);
    } finally {
      await execa("docker", ["rm", id]);
    }
  }, 60_000);
});
