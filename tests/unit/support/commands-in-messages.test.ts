import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import * as fc from "fast-check";
import { commandLine, ralex } from "../../../components/command-line";

const CHECKOUT = path.resolve(__dirname, "../../..");

test("a command in a message is read by a shell as the words that it was made of, whatever is in them", async () => {
  const word = fc.oneof(
    fc.string({ minLength: 1 }),
    fc.constantFrom("a b", "it's", "$HOME", "`x`", "#a", "~", "*", "!"),
  );
  const words = fc.array(
    word.filter((text) => !/[\0\r\n]/.test(text)),
    { minLength: 1, maxLength: 20 },
  );
  const lists = fc.sample(words, 200);
  const script = lists.map((list) => `set -- ${commandLine(...list)}\nprintf '%s\\0' "$@"`).join("\n");
  const { stdout } = await execa("/bin/sh", [], { input: script });
  expect(stdout.split("\0").slice(0, -1)).toEqual(lists.flat());
});

test("a command in a message is left as it is where nothing needs quotes", () => {
  expect(ralex("evidence", "127.0.0.1:5055/ralex/api@sha256:0a", "-s", "dev")).toBe(
    "./ralex evidence 127.0.0.1:5055/ralex/api@sha256:0a -s dev",
  );
});

test("no message has a command of this checkout with a value in it that nobody quoted", () => {
  const sources = ["cli", "components", "stacks"].flatMap((folder) =>
    fs
      .readdirSync(path.join(CHECKOUT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"))
      .map((name) => path.join(folder, name)),
  );
  expect(sources.length).toBeGreaterThan(50);
  const found = sources.filter((name) =>
    /\.\/ralex [^`"\n]*\$\{/.test(fs.readFileSync(path.join(CHECKOUT, name), "utf8")),
  );
  expect(found).toEqual([]);
});
