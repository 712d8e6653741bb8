/** How the official provider is compiled and found. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { writeSchemas } from "../../../../toolchain/go/pulumi-kubernetes/schemas";
import { GO_MODULES, goModules } from "../../../../toolchain/go-tools";
import { KUBERNETES_PROVIDER, linkPlugin } from "../../../../toolchain/pulumi/kubernetes-plugin";

let folder: string;
beforeEach(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-provider-"))));
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

test("the provider embeds the module's own schema, with the version that it reports", async () => {
  const source = path.join(folder, "module", "cmd", "pulumi-resource-kubernetes");
  fs.mkdirSync(source, { recursive: true });
  fs.writeFileSync(path.join(source, "schema.json"), '{\n  "name": "kubernetes"\n}\n');
  fs.writeFileSync(path.join(source, "terraform-mapping.json"), '{\n  "info": {}\n}\n');
  const asked: string[] = [];
  await writeSchemas(folder, (module) => Promise.resolve(asked.push(module)).then(() => path.join(folder, "module")));
  expect(asked).toEqual(["github.com/pulumi/pulumi-kubernetes/provider/v4"]);
  expect(JSON.parse(fs.readFileSync(path.join(folder, "schema.json"), "utf8"))).toEqual({
    name: "kubernetes",
    version: KUBERNETES_PROVIDER,
  });
  expect(fs.readFileSync(path.join(folder, "terraform-mapping.json"), "utf8")).toBe('{"info":{}}');
  expect(GO_MODULES["pulumi-kubernetes"].linkerFlags).toContain(`Version=${KUBERNETES_PROVIDER}`);
});

test("the engine finds the plugin in the home by its version; a newer build takes the older one's place", () => {
  const link = path.join(folder, `plugins/resource-kubernetes-v${KUBERNETES_PROVIDER}/pulumi-resource-kubernetes`);
  expect(linkPlugin(folder, "/cache/one")).toBe(link);
  expect(fs.readlinkSync(link)).toBe("/cache/one");
  const { ino } = fs.lstatSync(link);
  linkPlugin(folder, "/cache/one");
  expect(fs.lstatSync(link).ino).toBe(ino);
  linkPlugin(folder, "/cache/other");
  expect(fs.readlinkSync(link)).toBe("/cache/other");
  expect(fs.readdirSync(path.dirname(link))).toEqual(["pulumi-resource-kubernetes"]);
});

test("build caches of compilers that are gone are removed, those of others are left alone", async () => {
  process.env.RALEX_CACHE_DIR = folder;
  try {
    for (const pid of ["1", "999999999", String(process.pid)]) {
      fs.mkdirSync(path.join(folder, "go-build", pid), { recursive: true });
    }
    await goModules([]);
    expect(fs.readdirSync(path.join(folder, "go-build"))).toEqual(["1"]);
  } finally {
    delete process.env.RALEX_CACHE_DIR;
  }
});
