/** The model's Postgres and the job that makes roles and databases in it, on a real Postgres. */
import fc from "fast-check";
import { DATABASES } from "../../components/app/services/access";
import { poll } from "../support/http";
import { selfSigned, TestPostgres, type Passwords } from "../support/postgres";

const SUPERUSER = "first of the superuser";
const passwords = (more: Partial<Passwords> = {}): Passwords => ({
  ...{ administrator: SUPERUSER, ralex: "secret-of-ralex", openwebui: "secret-of-openwebui" },
  ...{ monitoring: "secret-of-monitoring", ...more },
});
/** Everything that a line can hold, what shells, SQL and password files take for more than itself among it. */
const PRINTABLE = Array.from({ length: 95 }, (_, index) => String.fromCharCode(32 + index)).join("");

const succeeded = { exitCode: 0 };

describe("Postgres as the model starts it", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.create();
    await postgres.start(SUPERUSER);
  }, 60_000);
  afterAll(() => postgres.remove());

  test("has a new cluster with checksums, and the superuser's password from its file", async () => {
    expect(await postgres.admin("SHOW data_checksums")).toBe("on");
    expect(await postgres.login("postgres", SUPERUSER)).toEqual({ exitCode: 0, output: "postgres" });
    expect((await postgres.login("postgres", "another")).output).toContain("password authentication failed");
  });

  test("gets every role with a database of its own that nobody else enters, by the job", async () => {
    expect(await postgres.job(passwords())).toMatchObject(succeeded);
    for (const name of DATABASES) {
      expect(await postgres.login(name, passwords()[name])).toEqual({ exitCode: 0, output: name });
      const owner = `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = '${name}'`;
      expect(await postgres.admin(owner)).toBe(name);
      for (const other of [...DATABASES, "postgres"].filter((one) => one !== name)) {
        expect((await postgres.login(name, passwords()[name], other)).output).toContain("no pg_hba.conf entry");
        // Where no pg_hba.conf keeps them apart, as in a managed Postgres.
        const allowed = `SELECT has_database_privilege('${name}', '${other}', 'CONNECT')`;
        if (other !== "postgres") expect(await postgres.admin(allowed)).toBe("f");
      }
    }
    expect((await postgres.login("postgres", SUPERUSER, "ralex")).output).toContain("no pg_hba.conf entry");
    expect(await postgres.admin("SELECT pg_has_role('monitoring', 'pg_monitor', 'MEMBER')")).toBe("t");
    expect(await postgres.admin("SELECT pg_has_role('ralex', 'pg_monitor', 'MEMBER')")).toBe("f");
  }, 30_000);

  test("keeps what is in the databases when the job runs again, and a rotated password takes the old one's place", async () => {
    const before = passwords();
    expect(await postgres.job(before)).toMatchObject(succeeded);
    const kept = "CREATE TABLE kept (word text); INSERT INTO kept VALUES ('still here')";
    expect(await postgres.login("ralex", before.ralex, "ralex", kept)).toMatchObject(succeeded);
    const after = passwords({ ralex: "rotated" });
    expect(await postgres.job(after)).toMatchObject(succeeded);
    const word = await postgres.login("ralex", after.ralex, "ralex", "SELECT word FROM kept");
    expect(word).toEqual({ exitCode: 0, output: "still here" });
    expect((await postgres.login("ralex", before.ralex)).output).toContain("password authentication failed");
    expect(await postgres.login("openwebui", after.openwebui)).toMatchObject(succeeded);
  }, 30_000);

  test("is told passwords as they are written, whatever they are made of, the superuser's too", async () => {
    const password = fc.string({ unit: fc.constantFrom(...PRINTABLE, "ß", "€", "😀"), minLength: 1, maxLength: 60 });
    const sets = fc.record({ administrator: password, ralex: password, openwebui: password, monitoring: password });
    const one = { administrator: PRINTABLE, ralex: PRINTABLE, openwebui: `\\${PRINTABLE}`, monitoring: " ' " };
    await fc.assert(
      fc.asyncProperty(sets, async (set) => {
        expect(await postgres.setSuperuserPassword(set.administrator)).toMatchObject(succeeded);
        expect(await postgres.job(set)).toMatchObject(succeeded);
        for (const name of DATABASES) {
          expect([set, await postgres.login(name, set[name])]).toEqual([set, { exitCode: 0, output: name }]);
        }
      }),
      { numRuns: 12, examples: [[one]] },
    );
    expect(await postgres.setSuperuserPassword(SUPERUSER)).toMatchObject(succeeded);
  }, 120_000);

  test("serves two jobs at once, one after the other", async () => {
    const holder = postgres.login(
      "postgres",
      SUPERUSER,
      "postgres",
      "SELECT pg_advisory_lock(hashtext('ralex'), hashtext('databases')), pg_sleep(600)",
    );
    const locks = (granted: boolean) =>
      postgres.admin(`SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted = ${granted}`);
    await poll("the lock", 10_000, async () => ((await locks(true)) === "1" ? true : undefined));
    for (const name of DATABASES) await postgres.admin(`DROP DATABASE IF EXISTS ${name}`);
    for (const name of DATABASES) await postgres.admin(`DROP ROLE IF EXISTS ${name}`);
    const both = [postgres.job(passwords(), "postgres", "one"), postgres.job(passwords(), "postgres", "two")];
    await poll("both to wait", 20_000, async () => ((await locks(false)) === "2" ? true : undefined));
    await postgres.admin("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)'");
    expect((await holder).exitCode).not.toBe(0);
    for (const ended of await Promise.all(both)) expect(ended).toMatchObject(succeeded);
    for (const name of DATABASES) expect(await postgres.login(name, passwords()[name])).toMatchObject(succeeded);
  }, 60_000);

  test("never hears a password, so that none is in its log, and the job writes none", async () => {
    const canaries = { ralex: "canary-of-ralex", openwebui: "canary-of-openwebui", monitoring: "canary-of-monitoring" };
    const { exitCode, output } = await postgres.job(passwords(canaries));
    expect(exitCode).toBe(0);
    // Everything is in the log: the statements that set the hashes, and the one of an error.
    await expect(postgres.admin("SELECT 1 / 0")).rejects.toThrow("division by zero");
    expect(postgres.log).toMatch(/ALTER USER ralex PASSWORD 'SCRAM-SHA-256/);
    expect(postgres.log + output).not.toMatch(/canary|first of the superuser/);
  }, 30_000);

  test.each(["", "one\ntwo", "\n"])("is not touched where a password is %j", async (password) => {
    expect(await postgres.job(passwords())).toMatchObject(succeeded);
    const { exitCode, output } = await postgres.job(passwords({ ralex: "another", monitoring: password }));
    expect(exitCode).toBe(1);
    expect(output).toMatch(/secrets\/monitoring has to hold one line, a password; nothing was changed$/);
    expect(await postgres.login("ralex", passwords().ralex)).toMatchObject(succeeded);
  });

  test("says what to do where the superuser's password was rotated, and that helps", async () => {
    const rotated = passwords({ administrator: "second of the superuser" });
    const refused = await postgres.job(rotated);
    expect(refused.exitCode).toBe(2);
    expect(refused.output).toContain('password authentication failed for user "postgres"');
    expect(refused.output).toMatch(/run sh \S+\/set-superuser-password\.sh in the container of postgres/);
    expect(await postgres.setSuperuserPassword(rotated.administrator)).toMatchObject(succeeded);
    expect(await postgres.job(rotated)).toMatchObject(succeeded);
    expect(await postgres.setSuperuserPassword(SUPERUSER)).toMatchObject(succeeded);
  }, 30_000);
});

describe("a managed Postgres", () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await TestPostgres.create();
    await postgres.start(SUPERUSER, "local all postgres peer\nhost all all samenet scram-sha-256\n");
    await postgres.admin("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'managed'");
  }, 60_000);
  afterAll(() => postgres.remove());

  const managed = (more: Partial<Passwords> = {}) => passwords({ administrator: "managed", ...more });

  test("gets the same from an administrator who is no superuser, again and again", async () => {
    for (const ralex of ["first", "second", "third"]) {
      expect(await postgres.job(managed({ ralex }), "manager")).toMatchObject(succeeded);
      for (const name of DATABASES) {
        expect(await postgres.login(name, managed({ ralex })[name])).toEqual({ exitCode: 0, output: name });
      }
      expect((await postgres.login("ralex", ralex, "openwebui")).output).toContain("permission denied for database");
    }
    const attributes = "SELECT rolname FROM pg_roles WHERE (rolsuper OR rolcreaterole OR rolcreatedb) ORDER BY 1";
    expect(await postgres.admin(attributes)).toBe("manager\npostgres");
  }, 30_000);

  test("tells what an administrator is not allowed, and no password", async () => {
    await postgres.admin("ALTER ROLE manager NOCREATEROLE");
    const { exitCode, output } = await postgres.job(managed({ ralex: "canary" }), "manager");
    expect([exitCode, output]).toEqual([3, expect.stringContaining("permission denied")]);
    expect(postgres.log).toMatch(/permission denied[^]*STATEMENT: {2}ALTER USER ralex PASSWORD 'SCRAM/);
    expect(postgres.log + output).not.toContain("canary");
  });
});

describe("a managed Postgres that takes nobody without TLS", () => {
  let postgres: TestPostgres;
  let certificate: string;
  beforeAll(async () => {
    postgres = await TestPostgres.create();
    const pair = await selfSigned();
    ({ certificate } = pair);
    await postgres.start(SUPERUSER, "local all postgres peer\nhostssl all all samenet scram-sha-256\n", pair);
    await postgres.admin("CREATE ROLE manager LOGIN CREATEROLE CREATEDB PASSWORD 'managed'");
    await postgres.admin("CREATE DATABASE maintenance");
  }, 60_000);
  afterAll(() => postgres.remove());

  const managed = passwords({ administrator: "managed" });
  const at = { user: "manager", database: "maintenance" };

  test("gets roles and databases by its address, from one who knows it by its authority", async () => {
    const verified = { ...at, sslMode: "verify-full", caCertificate: certificate } as const;
    expect(await postgres.managedJob(managed, verified)).toMatchObject(succeeded);
    expect(postgres.log).toMatch(/user=manager database=maintenance application_name=psql SSL enabled/);
    expect(postgres.log).not.toMatch(/connection authorized: user=manager (?!.*SSL enabled)/);
    for (const name of DATABASES) expect(await postgres.login(name, managed[name])).toMatchObject(succeeded);
    expect(await postgres.managedJob(managed, { ...at, sslMode: "require" })).toMatchObject(succeeded);
  }, 30_000);

  test("is refused at once, and named, where its certificate is another one or TLS is not wanted", async () => {
    const { certificate: other } = await selfSigned();
    const refused = await postgres.managedJob(managed, { ...at, sslMode: "verify-full", caCertificate: other });
    expect([refused.exitCode, refused.output]).toEqual([2, expect.stringContaining("certificate verify failed")]);
    const clear = await postgres.managedJob(managed, { ...at, sslMode: "disable" });
    expect([clear.exitCode, clear.output]).toEqual([2, expect.stringContaining("no encryption")]);
    const wrong = await postgres.managedJob({ ...managed, administrator: "canary" }, { ...at, sslMode: "require" });
    expect([wrong.exitCode, wrong.output]).toEqual([2, expect.stringContaining("password authentication failed")]);
    expect(wrong.output).toContain("pulumi config set --secret ralex:postgresPassword");
    expect(wrong.output).not.toContain("canary");
  }, 30_000);
});
