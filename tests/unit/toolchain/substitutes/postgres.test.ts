/** The substitute's entrypoint with programs that only write down what they are told. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";

const ENTRYPOINT = path.resolve(__dirname, "../../../../toolchain/substitutes/postgres/docker-entrypoint.sh");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-entrypoint-"));
const at = (name: string) => path.join(folder, name);
afterAll(() => fs.rmSync(folder, { recursive: true }));

fs.mkdirSync(at("bin"));
fs.writeFileSync(at("password"), "secret");
const program = (name: string, script: string) =>
  fs.writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${script}`, { mode: 0o755 });
program(
  "initdb",
  `for argument; do echo "$argument"; done > "${at("initdb")}"\nmkdir -p "$2" && echo 15 > "$2/PG_VERSION"\n`,
);
program("postgres", 'echo "postgres $*"\n');

const start = (env: Readonly<Record<string, string>>) =>
  execa("sh", [ENTRYPOINT, "postgres", "-c", "a=b c"], {
    env: { PATH: `${at("bin")}:/usr/bin:/bin`, PGDATA: at("data"), POSTGRES_PASSWORD_FILE: at("password"), ...env },
    extendEnv: false,
    reject: false,
  });

beforeEach(() => {
  for (const name of ["data", "initdb"]) fs.rmSync(at(name), { recursive: true, force: true });
});

describe("the substitute of Postgres", () => {
  test.each([
    ["", []],
    ["--data-checksums", ["--data-checksums"]],
    ["--data-checksums --locale-provider='one word'", ["--data-checksums", "--locale-provider=one word"]],
  ])(
    "makes a new cluster with the arguments of POSTGRES_INITDB_ARGS (%s), and starts with its own",
    async (args, given) => {
      const { exitCode, stdout } = await start({ POSTGRES_INITDB_ARGS: args });
      expect([exitCode, stdout]).toEqual([0, "postgres -c a=b c"]);
      const told = fs.readFileSync(at("initdb"), "utf8").trim().split("\n");
      expect(told.slice(0, 2)).toEqual(["--pgdata", at("data.partial")]);
      expect(told.slice(told.indexOf("scram-sha-256") + 1)).toEqual(given);
      expect(fs.existsSync(at("data/PG_VERSION"))).toBe(true);
    },
  );

  test("leaves a cluster that is there alone", async () => {
    fs.mkdirSync(at("data"));
    fs.writeFileSync(at("data/PG_VERSION"), "15\n");
    expect(await start({ POSTGRES_INITDB_ARGS: "--data-checksums" })).toMatchObject({ exitCode: 0 });
    expect(fs.existsSync(at("initdb"))).toBe(false);
  });

  test("refuses by name what it does not know of the official image, and makes nothing", async () => {
    const { exitCode, stderr } = await start({ POSTGRES_DB: "other" });
    expect(exitCode).toBe(1);
    expect(stderr).toContain("POSTGRES_DB is not supported by this substitute image");
    expect([fs.existsSync(at("initdb")), fs.existsSync(at("data"))]).toEqual([false, false]);
  });
});
