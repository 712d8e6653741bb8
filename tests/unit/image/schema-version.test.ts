/** The schema that a release brings, read from the names and first lines of the migrations. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { readSchema } from "../../../components/image/schema-version";
import { CHECKOUT } from "../../support/stack";

let context: string;
beforeEach(() => (context = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-migrations-"))));
afterEach(() => fs.rmSync(context, { recursive: true, force: true }));

/** Writes migrations by file name, with their first line. */
function migrations(files: Readonly<Record<string, string>>): void {
  const folder = path.join(context, "ralex_bridge/migrations");
  fs.mkdirSync(folder, { recursive: true });
  for (const [name, first] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), `${first}\nSELECT 1;\n`);
}

describe("the schema of a build context", () => {
  test("is the number of its newest migration; files of other kinds do not count", () => {
    migrations({ "0001_sessions.sql": "CREATE TABLE a ();", "0002_usage.sql": "-- about usage", "README.md": "# x" });
    expect(readSchema(context)).toEqual({ version: 2, barriers: [] });
  });

  test("names the migrations that say in their first line that they are barriers", () => {
    migrations({
      "0001_sessions.sql": "-- barrier: the table is new",
      "0002_usage.sql": "",
      "0003_rename.sql": "--barrier: titles are renamed",
    });
    expect(readSchema(context)).toEqual({ version: 3, barriers: [1, 3] });
  });

  test("has no barrier where the word stands in a later line only", () => {
    migrations({ "0001_sessions.sql": "CREATE TABLE a ();\n-- barrier: too late to be seen" });
    expect(readSchema(context)).toEqual({ version: 1, barriers: [] });
  });

  test("is version 0 without migrations", () => {
    expect(readSchema(context)).toEqual({ version: 0, barriers: [] });
  });

  test("is refused with all problems at once: names, gaps, barriers without a reason", () => {
    migrations({ "0001_sessions.sql": "-- barrier:", "0003_usage.sql": "", "later.sql": "" });
    expect(() => readSchema(context)).toThrow(
      /0001_sessions\.sql is a barrier without a reason.*\n.*0003_usage\.sql should have the number 2\n.*later\.sql is not called NNNN_/,
    );
  });

  test("of this checkout's own API can be read", () => {
    expect(readSchema(path.join(CHECKOUT, "images/ralex-api")).version).toBeGreaterThanOrEqual(1);
  });
});
