import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { findPulumi } from "../../../cli/machine";

describe("the official Pulumi CLI", () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-machine-"));
  afterAll(() => fs.rmSync(folder, { recursive: true }));
  const install = (...parts: string[]): string => {
    const bin = path.join(folder, ...parts);
    fs.mkdirSync(bin, { recursive: true });
    fs.writeFileSync(path.join(bin, "pulumi"), "");
    return bin;
  };

  test("is the first one of the PATH", () => {
    const [first, second] = [install("a"), install("b")];
    expect(findPulumi([folder, first, second].join(path.delimiter), "/cache")).toBe(path.join(first, "pulumi"));
  });

  test("is not the one that was compiled here, which `./ralex env` puts in the PATH", () => {
    const compiled = install("cache", "pulumi-3.259.0-abc");
    expect(findPulumi(compiled, path.join(folder, "cache"))).toBeUndefined();
    expect(findPulumi("", "/cache")).toBeUndefined();
  });
});
