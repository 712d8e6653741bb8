import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cached, recipeKey } from "../../../../toolchain/cache";

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-cache-"));
  process.env.RALEX_CACHE_DIR = folder;
});
afterEach(() => {
  delete process.env.RALEX_CACHE_DIR;
  fs.rmSync(folder, { recursive: true, force: true });
});

const writing = (counter: { builds: number }) => async (target: string) => {
  counter.builds += 1;
  fs.mkdirSync(path.join(target, "bin"));
  fs.writeFileSync(path.join(target, "bin", "tool"), "content");
};

describe("a cached folder", () => {
  test("is built once, and found from then on", async () => {
    const counter = { builds: 0 };
    const first = await cached("tool", "1", writing(counter));
    const second = await cached("tool", "1", writing(counter));
    expect([first, second, counter.builds]).toEqual([path.join(folder, "tool-1"), path.join(folder, "tool-1"), 1]);
  });

  test("is built once when several ask for it at the same time", async () => {
    const counter = { builds: 0 };
    const slowly = async (target: string) => {
      await writing(counter)(target);
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const all = await Promise.all([1, 2, 3].map(() => cached("tool", "1", slowly)));
    expect(new Set(all).size).toBe(1);
    expect(counter.builds).toBe(1);
  });

  test("leaves nothing behind when its build fails, and can be built then", async () => {
    const failing = async (target: string) => {
      fs.writeFileSync(path.join(target, "half"), "");
      throw new Error("no network");
    };
    await expect(cached("tool", "1", failing)).rejects.toThrow("no network");
    expect(fs.readdirSync(folder)).toEqual([]);
    const built = await cached("tool", "1", writing({ builds: 0 }));
    expect(fs.readdirSync(built).sort()).toEqual([".manifest.json", "bin"]);
  });

  test("starts from nothing after an interrupted build", async () => {
    fs.mkdirSync(path.join(folder, "tool-1.partial"));
    fs.writeFileSync(path.join(folder, "tool-1.partial", "half"), "");
    const built = await cached("tool", "1", writing({ builds: 0 }));
    expect(fs.readdirSync(built).sort()).toEqual([".manifest.json", "bin"]);
  });

  test.each([
    ["is shorter", (file: string) => fs.truncateSync(file, 3)],
    ["has other content of the same length", (file: string) => fs.writeFileSync(file, "tampers")],
    ["is gone", (file: string) => fs.rmSync(file)],
  ])("is built again when a file %s", async (_what, damage) => {
    const counter = { builds: 0 };
    const tool = path.join(await cached("tool", "1", writing(counter)), "bin", "tool");
    damage(tool);
    await cached("tool", "1", writing(counter));
    expect(counter.builds).toBe(2);
    expect(fs.readFileSync(tool, "utf8")).toBe("content");
  });

  test("is kept when only a file's time changed", async () => {
    const counter = { builds: 0 };
    const tool = path.join(await cached("tool", "1", writing(counter)), "bin", "tool");
    fs.utimesSync(tool, 1, 1);
    await cached("tool", "1", writing(counter));
    expect(counter.builds).toBe(1);
  });
});

describe("a recipe's key", () => {
  test("changes with the version, every part, and the places where parts are cut", () => {
    const keys = [
      recipeKey("1", "ab", "c"),
      recipeKey("2", "ab", "c"),
      recipeKey("1", "a", "bc"),
      recipeKey("1", "ab", "d"),
      recipeKey("1", "abc"),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(recipeKey("1", "ab", "c")).toBe(recipeKey("1", Buffer.from("ab"), "c"));
  });
});
