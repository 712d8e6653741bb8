import { rootCertificates } from "node:tls";
import * as fc from "fast-check";
import { loadSettings } from "../../../components/settings/load";
import { parsePostgresUrl, parseRedisUrl, postgresUrl, redisUrl } from "../../../components/settings/store-url";
import { settingsProblems } from "../../support/settings-problems";

const [CA = ""] = rootCertificates;
const POSTGRES = "postgresql://administrator@db.example/postgres?sslmode=require";
const REDIS = "rediss://cache.example";

const problemOf = (url: string): string =>
  ((url.startsWith("redis") ? redisUrl : postgresUrl).safeParse(url).error?.issues ?? [])
    .map(({ message }) => message)
    .join("; ");

describe("the address of a Postgres", () => {
  test.each([
    [POSTGRES, { host: "db.example", port: 5432, user: "administrator", database: "postgres", sslMode: "require" }],
    [
      "postgres://a.b-c_d@ralex-db-rw.databases.svc:6432/app?sslmode=verify-full",
      { host: "ralex-db-rw.databases.svc", port: 6432, user: "a.b-c_d", database: "app", sslMode: "verify-full" },
    ],
    [
      "postgresql://a@[fd00::1]/?sslmode=disable",
      { host: "fd00::1", port: 5432, user: "a", database: "postgres", sslMode: "disable" },
    ],
    [
      "postgresql://a@host.docker.internal:80?sslmode=verify-ca",
      { host: "host.docker.internal", port: 80, user: "a", database: "postgres", sslMode: "verify-ca" },
    ],
  ])("is read from %s", (url, expected) => {
    expect(problemOf(url)).toBe("");
    expect(parsePostgresUrl(url)).toEqual(expected);
  });

  test.each([
    ["db.example", "must start with postgresql:// or postgres://, as in"],
    ["mysql://a@db.example/x", "must start with postgresql://"],
    ["postgresql+psycopg://a@db.example/x?sslmode=require", "must start with postgresql://"],
    ["postgresql:///postgres?sslmode=require", "a URL with one host"],
    ["postgresql://a@one,two/postgres?sslmode=require", "a URL with one host"],
    ["postgresql://a@one:1,two:2/postgres?sslmode=require", "a URL with one host"],
    ["postgresql://a@%6cocalhost/postgres?sslmode=require", "a URL with one host"],
    ["postgresql://a@1.2.3.256/postgres?sslmode=require", "a URL with one host"],
    ["postgresql://a@db.example:65536/postgres?sslmode=require", "a port up to 65535"],
    ["postgresql://a@db.example:0/postgres?sslmode=require", "port 0"],
    ["postgresql://a@db.example/post gres?sslmode=require", "no white space"],
    ["postgresql://a@dä.example/postgres?sslmode=require", "nothing outside ASCII"],
    ["postgresql://a@db.example\\x/postgres?sslmode=require", "no \\"],
    ["postgresql://a:b@db.example/postgres?sslmode=require", "must hold no password"],
    ["postgresql://a:@db.example/postgres?sslmode=require", "put it into postgresPassword"],
    ["postgresql://db.example/postgres?sslmode=require", "must name the user"],
    ["postgresql://a%20b@db.example/postgres?sslmode=require", "a user of letters"],
    ["postgresql://ralex@db.example/postgres?sslmode=require", "must not name ralex, openwebui, monitoring"],
    ["postgresql://a@db.example/a/b?sslmode=require", "one database"],
    ["postgresql://a@db.example/a%20b?sslmode=require", "one database"],
    ["postgresql://a@db.example/postgres?sslmode=require#x", "no #"],
    ["postgresql://a@db.example/postgres?sslmode=require#", "no #"],
    ["postgresql://a@db.example/postgres", "must say sslmode once, as one of disable, require, verify-ca, verify-full"],
    ["postgresql://a@db.example/postgres?sslmode=prefer", "must say sslmode once"],
    ["postgresql://a@db.example/postgres?sslmode=require&sslmode=disable", "must say sslmode once"],
    ["postgresql://a@db.example/postgres?sslmode=require&host=other", "no parameter but sslmode"],
    ["postgresql://a@db.example/postgres?sslmode=require&password=c", "no parameter but sslmode"],
  ])("is refused, with the reason, as %s", (url, reason) => {
    expect(problemOf(url)).toContain(reason);
  });

  test("has all its problems told at once, and none of its parts repeated", () => {
    const url = "postgresql://openwebui:c4n4ry@127.1:0/c4n4ry/x?sslmode=c4n4ry&c4n4ry=1#c4n4ry";
    const found = problemOf(url);
    for (const part of ["password", "must not name", "port 0", "no #", "loopback", "one database", "sslmode once"]) {
      expect(found).toContain(part);
    }
    expect(found).not.toContain("c4n4ry");
  });
});

describe("the address of a Redis", () => {
  test.each([
    [REDIS, { host: "cache.example", port: 6379, tls: true, database: 0 }],
    ["rediss://cache.example/", { host: "cache.example", port: 6379, tls: true, database: 0 }],
    ["redis://ralex@10.0.0.7:6380/3", { host: "10.0.0.7", port: 6380, tls: false, user: "ralex", database: 3 }],
  ])("is read from %s", (url, expected) => {
    expect(problemOf(url)).toBe("");
    expect(parseRedisUrl(url)).toEqual(expected);
  });

  test.each([
    ["redis+sentinel://cache.example/0", "must start with rediss:// or redis://, as in rediss://cache.example:6379"],
    ["redis://:p@cache.example", "must hold no password, since it is kept in clear: put it into redisPassword"],
    ["redis://a/b@cache.example", "the number of a database"],
    ["redis://cache.example/x", "the number of a database"],
    ["redis://cache.example/01", "the number of a database"],
    ["redis://cache.example/0?ssl_cert_reqs=none", "must have no ?"],
    ["redis://cache.example?", "must have no ?"],
  ])("is refused, with the reason, as %s", (url, reason) => {
    expect(problemOf(url)).toContain(reason);
  });
});

describe("the address of a store", () => {
  test.each([
    "localhost",
    "LOCALHOST.",
    "127.0.0.1",
    "127.1",
    "0x7f000001",
    "2130706433",
    "0",
    "[::1]",
    "[::ffff:7f00:1]",
  ])("is refused as loopback at %s, with what to write instead", (host) => {
    for (const url of [`postgresql://a@${host}/postgres?sslmode=require`, `rediss://${host}`]) {
      expect(problemOf(url)).toMatch(/loopback.*host\.docker\.internal/);
    }
  });

  test("is decided without an error, whatever the text is", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: "binary" }), fc.webUrl());
    fc.assert(
      fc.property(fc.constantFrom("", "postgresql://", "redis://", "rediss://"), text, (scheme, rest) => {
        for (const schema of [postgresUrl, redisUrl]) schema.safeParse(scheme + rest);
      }),
    );
  });
});

describe("a store that the user runs", () => {
  test("is set by its address and its password, with a certificate where TLS is verified", () => {
    const verified = POSTGRES.replace("require", "verify-full");
    for (const stack of [
      { postgresUrl: POSTGRES, postgresPassword: "p" },
      { postgresUrl: verified, postgresPassword: "p", postgresCaCertificate: CA },
      { redisUrl: REDIS, redisPassword: "p" },
      { redisUrl: REDIS, redisPassword: "p", redisCaCertificate: CA },
    ]) {
      expect(settingsProblems(stack)).toEqual([]);
      expect(loadSettings({ environment: {}, dotenv: {}, stack })).toMatchObject({
        secretsSet: new Set(Object.keys(stack).filter((key) => key.endsWith("Password"))),
      });
    }
  });

  test.each<[Record<string, unknown>, readonly string[]]>([
    [{ postgresUrl: POSTGRES }, ["postgresUrl: needs postgresPassword"]],
    [{ redisUrl: REDIS }, ["redisUrl: needs redisPassword"]],
    [
      { postgresPassword: "p", redisPassword: "p" },
      ["postgresPassword: needs postgresUrl", "redisPassword: needs redisUrl"],
    ],
    [
      { postgresUrl: POSTGRES.replace("require", "verify-ca"), postgresPassword: "p" },
      ["postgresUrl: needs postgresCaCertificate with this sslmode"],
    ],
    [
      { postgresUrl: POSTGRES, postgresPassword: "p", postgresCaCertificate: CA },
      ["postgresCaCertificate: needs a postgresUrl with sslmode verify-full or verify-ca"],
    ],
    [{ postgresCaCertificate: CA }, ["postgresCaCertificate: needs a postgresUrl"]],
    [
      { redisUrl: "redis://cache.example", redisPassword: "p", redisCaCertificate: CA },
      ["redisCaCertificate: needs a redisUrl that starts with rediss://"],
    ],
    // One that is wrong is told as that alone.
    [
      { postgresUrl: "x", redisUrl: "y", postgresCaCertificate: CA },
      ["postgresUrl: must start", "redisUrl: must start"],
    ],
    [
      { postgresUrl: POSTGRES.replace("require", "verify-full"), postgresPassword: "p", postgresCaCertificate: "x" },
      ["postgresCaCertificate: must be certificates in PEM"],
    ],
  ])("is refused where one part needs another: %j", (stack, expected) => {
    expect(settingsProblems(stack)).toEqual(expected.map((start) => expect.stringContaining(start) as string));
  });

  test("may have a password of any character but control characters and halves of characters", () => {
    const password = fc.oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }));
    fc.assert(
      fc.property(password, (redisPassword) => {
        const found = settingsProblems({ redisUrl: REDIS, redisPassword });
        expect(found).toHaveLength(/[\p{Cc}\p{Cs}]/u.test(redisPassword) ? 1 : 0);
      }),
    );
    for (const [redisPassword, reason] of [
      ["c4n4ry\n", "a line end or another control character"],
      ["c4n4ry\ud800", "half a character"],
    ]) {
      expect(settingsProblems({ redisUrl: REDIS, redisPassword })).toEqual([expect.stringContaining(reason ?? "")]);
      expect(settingsProblems({ redisUrl: REDIS, redisPassword }).join()).not.toContain("c4n4ry");
    }
  });
});
