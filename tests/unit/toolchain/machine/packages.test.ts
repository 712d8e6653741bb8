import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { missingPackages } from "../../../../toolchain/apt";
import { buildkitConfiguration } from "../../../../toolchain/engines/buildkit";
import { registryConfiguration } from "../../../../toolchain/engines/registry";
import { GO_MODULES, GO_MINIMUM, whyNotGo } from "../../../../toolchain/go-tools";
import { substituteKey } from "../../../../toolchain/substitutes/build";
import { sourcesList } from "../../../../toolchain/substitutes/debian";
import { recipeNames, RECIPES } from "../../../../toolchain/substitutes/recipes";
import { parse } from "yaml";

const TOOLCHAIN = path.resolve(__dirname, "../../../../toolchain");

describe("packages of the machine", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-dpkg-"));
  const status = path.join(folder, "status");
  afterAll(() => fs.rmSync(folder, { recursive: true }));

  test("are missing when dpkg does not know them, or only their configuration is left", () => {
    fs.writeFileSync(
      status,
      "Package: docker.io\nStatus: install ok installed\n\n" +
        "Package: runc\nStatus: deinstall ok config-files\n\nPackage: iptables\nStatus: install ok installed\n",
    );
    expect(missingPackages(["docker.io", "runc", "iptables", "docker"], status)).toEqual(["runc", "docker"]);
    expect(missingPackages(["runc"], path.join(folder, "none"))).toEqual(["runc"]);
  });
});

describe("Go", () => {
  test.each([
    [undefined, /not installed: install Go 1\.26\.8/],
    ["1.9.1", /Go 1\.9\.1 is too old/],
    ["1.26.7", /too old/],
  ])("version %s is refused with the remedy", (version, message) => expect(whyNotGo(version)).toMatch(message));

  test.each([GO_MINIMUM, "1.26.10", "1.30", "2.0.1"])("version %s will do", (version) =>
    expect(whyNotGo(version)).toBeUndefined(),
  );

  test("modules are pinned: each has a go.sum, and its go.mod has the table's version", () => {
    for (const [name, { version, programs }] of Object.entries(GO_MODULES)) {
      const folder = path.join(TOOLCHAIN, "go", name);
      const pins = fs.readFileSync(path.join(folder, "go.mod"), "utf8");
      const required = [...pins.matchAll(/^\s*(?:require )?(\S+) (v\S+)/gm)].map((match) => [match[1], match[2]]);
      for (const program of Object.values<string>(programs)) {
        // A main.go of our own: its module is named there, and has a date for a version.
        if (program === ".") continue;
        const module = required.find(
          ([path]) => path !== undefined && `${program}/`.startsWith(`${path}/`) && path !== "github.com",
        );
        expect([name, module?.[1]]).toEqual([name, `v${version}`]);
      }
      expect(fs.statSync(path.join(folder, "go.sum")).size).toBeGreaterThan(1000);
    }
  });
});

describe("Debian's archive for images", () => {
  test("is the host's own mirrors, other publishers left out", () => {
    const targets = [
      "Debian|Debian|https://mirror.example/debian/",
      "Debian|Debian|https://mirror.example/debian/",
      "Debian|Debian-Security|https://mirror.example/security/",
      "Node Source|Node Source|https://node.example/",
    ];
    const signed = "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]";
    expect(sourcesList(targets.join("\n")).trimEnd().split("\n")).toEqual([
      `${signed} https://mirror.example/debian/ bookworm main`,
      `${signed} https://mirror.example/debian/ bookworm-updates main`,
      `${signed} https://mirror.example/security/ bookworm-security main`,
    ]);
    expect(sourcesList("")).toBe("");
  });
});

describe("recipes of images", () => {
  test("each has a Dockerfile of its own, and every folder is used", () => {
    const folders = fs.readdirSync(path.join(TOOLCHAIN, "substitutes"), { withFileTypes: true });
    const names = folders.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    expect(RECIPES.map(({ name }) => name).sort()).toEqual(names.sort());
    for (const name of names) expect(fs.existsSync(path.join(TOOLCHAIN, "substitutes", name, "Dockerfile"))).toBe(true);
  });

  test("a start on the Docker Engine does without what runs on clusters alone, which a release has", () => {
    const engine = recipeNames("engine");
    expect(recipeNames("all").filter((name) => !engine.includes(name))).toEqual(["otel-collector"]);
    expect(engine).toHaveLength(RECIPES.length - 1);
  });

  test("a change of the machine's authorities makes the images that fetch, and those on them, anew", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-trust-"));
    const [one, other] = ["one", "other"].map((name) => {
      fs.writeFileSync(path.join(folder, name), name);
      return path.join(folder, name);
    });
    const changed = RECIPES.filter((recipe) => substituteKey(recipe, one) !== substituteKey(recipe, other));
    expect(changed.map(({ name }) => name)).toEqual(["python", "openwebui"]);
    fs.rmSync(folder, { recursive: true });
  });
});

describe("configuration of the engines", () => {
  test("the registry listens on loopback, keeps its data where it is told, and can delete", () => {
    expect(parse(registryConfiguration("/cache/re: gistry"))).toMatchObject({
      http: { addr: "127.0.0.1:5055" },
      storage: { filesystem: { rootdirectory: "/cache/re: gistry" }, delete: { enabled: true } },
    });
  });

  test("buildkitd has a bounded cache and plain HTTP for the local registry alone", () => {
    const text = buildkitConfiguration("/cache/buildkit");
    expect(text).toMatch(/^root = "\/cache\/buildkit"$/m);
    expect(text).toMatch(/maxUsedSpace = "\d+GB"/);
    expect(text.match(/http = true/g)).toHaveLength(1);
    expect(text).toContain('[registry."127.0.0.1:5055"]\n  http = true');
  });
});
