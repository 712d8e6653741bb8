/** Ralex with a Postgres and a Redis that somebody else runs: what of the description changes, and what stays. */
import { rootCertificates } from "node:tls";
import * as fc from "fast-check";
import * as yaml from "yaml";
import { flowsOf } from "../../../components/app/flows";
import type { Application, Text } from "../../../components/app/model";
import { DATABASES, databasePassword } from "../../../components/app/services/access";
import { loadSettings } from "../../../components/settings/load";
import { inForm } from "../../../components/secrets/forms";
import { onDocker } from "../../support/on-docker";
import { clusterSettings, onKubernetes } from "../../support/on-kubernetes";

interface Rule {
  readonly alert: string;
  readonly expr: string;
}

const [CA = ""] = rootCertificates;
const POSTGRES = {
  postgresUrl: "postgresql://administrator@db.example:6432/app?sslmode=verify-full",
  postgresCaCertificate: CA,
  postgresPassword: "p",
};
const REDIS = { redisUrl: "rediss://ralex-app@cache.example:6380/2", redisCaCertificate: CA, redisPassword: "p" };
const BOTH = { ...POSTGRES, ...REDIS };
const POSTGRES_CA = "/etc/ralex/postgres_ca.crt";
const REDIS_CA = "/etc/ralex/redis_ca.crt";

const TARGETS = {
  docker: (stack: Record<string, unknown>) => onDocker(loadSettings({ environment: {}, dotenv: {}, stack })),
  kubernetes: (stack: Record<string, unknown>) => onKubernetes(clusterSettings(stack)),
} as const;

/** The text, with a service's name for each reference to it, and each secret as it is made by `secretOf`. */
function shown(value: Text, secretOf = (name: string, form: string) => `<${name}:${form}>`): string {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map((part) => shown(part, secretOf)).join("");
  return value.ref === "secret" ? secretOf(value.secret, value.form) : `<${value.service}>`;
}

function reader(application: Application) {
  const service = (name: string) => {
    const found = application.services.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no service ${name}`);
    return found;
  };
  const content = (of: string, path: string): Text =>
    service(of).files.find((one) => one.path === path)?.content ?? `${of} has no file ${path}`;
  const file = (of: string, path: string) => shown(content(of, path));
  const names = application.services.map(({ name }) => name);
  return { service, content, file, names };
}

/** Names of the services that have a file at the path. */
const holding = ({ services }: Application, path: string): readonly string[] =>
  services.filter(({ files }) => files.some((file) => file.path === path)).map(({ name }) => name);

const egress = ({ services }: Application): readonly string[] =>
  services.filter((service) => service.egress).map(({ name }) => name);

describe.each(Object.entries(TARGETS))("on %s, with stores that the user runs", (_, described) => {
  const own = described({});
  const application = described(BOTH);
  const { service, file, names } = reader(application);

  test("there is neither Postgres nor Redis, and everything else", () => {
    const left = own.services.map(({ name }) => name).filter((name) => !["postgres", "redis"].includes(name));
    expect(names).toEqual(left);
    expect(application.services.map(({ image }) => image)).not.toContain("redis");
    // Of the job that makes databases.
    expect(application.services.filter(({ image }) => image === "postgres").map(({ name }) => name)).toEqual([
      "databases",
    ]);
  });

  test("nothing waits for them or talks to them inside the private network", () => {
    const waits = application.services.flatMap(({ dependsOn }) => dependsOn.map(({ service: other }) => other));
    const called = flowsOf(application).map(({ to }) => to);
    for (const name of ["postgres", "redis"]) {
      expect(waits).not.toContain(name);
      expect(called).not.toContain(name);
    }
    expect(service("databases").dependsOn).toEqual([]);
    expect(service("api").dependsOn).toEqual([{ service: "migrations", condition: "completed" }]);
    expect(service("openwebui").dependsOn).toEqual([{ service: "databases", condition: "completed" }]);
    expect(service("postgres-exporter").dependsOn).toEqual([{ service: "databases", condition: "completed" }]);
    expect(service("redis-exporter").dependsOn).toEqual([]);
  });

  test("volumes and generated secrets of the own ones are kept", () => {
    expect(application.volumes).toEqual(own.volumes);
    expect(application.volumes.map(({ name }) => name)).toEqual(expect.arrayContaining(["postgres", "redis"]));
    expect(application.secrets).toEqual({
      ...own.secrets,
      managedPostgresPassword: { from: "setting", setting: "postgresPassword" },
      managedRedisPassword: { from: "setting", setting: "redisPassword" },
    });
  });

  test("the job makes roles and databases there, as the user of the address", () => {
    expect(service("databases").environment).toEqual({
      PGHOST: "db.example",
      PGPORT: "6432",
      PGUSER: "administrator",
      PGDATABASE: "app",
      PGSSLMODE: "verify-full",
      PGSSLROOTCERT: POSTGRES_CA,
      PGCONNECT_TIMEOUT: "10",
    });
    expect(file("databases", "/etc/ralex/secrets/administrator")).toBe("<managedPostgresPassword:value>");
    for (const name of DATABASES) {
      expect(file("databases", `/etc/ralex/secrets/${name}`)).toBe(`<${databasePassword(name)}:value>`);
    }
    expect(file("databases", "/etc/ralex/databases.sh")).toContain("pulumi config set --secret ralex:postgresPassword");
    expect(file("databases", "/etc/ralex/databases.sql")).toBe(
      reader(own).file("databases", "/etc/ralex/databases.sql"),
    );
  });

  test("every client gets an address of its own kind, with TLS and the authority's certificate", () => {
    const parameters = `?sslmode=verify-full&sslrootcert=${POSTGRES_CA}`;
    const ralex = `postgresql://ralex:<ralexDatabasePassword:url>@db.example:6432/ralex${parameters}`;
    expect(file("migrations", "/etc/ralex/secrets/database_url")).toBe(ralex);
    expect(file("api", "/etc/ralex/secrets/database_url")).toBe(ralex);
    expect(file("openwebui", "/etc/ralex/secrets/database_url")).toBe(
      `postgresql://openwebui:<openwebuiDatabasePassword:url>@db.example:6432/openwebui${parameters}`,
    );
    const redis = `rediss://ralex-app:<managedRedisPassword:url>@cache.example:6380/2?ssl_ca_certs=${REDIS_CA}`;
    expect(file("api", "/etc/ralex/secrets/redis_url")).toBe(redis);
    for (const name of ["redis_url", "websocket_redis_url"]) {
      expect(file("openwebui", `/etc/ralex/secrets/${name}`)).toBe(redis);
    }
    expect(Object.values(service("postgres-exporter").environment).map((text) => shown(text))).toEqual([
      `db.example:6432/monitoring${parameters}`,
      "monitoring",
      "/etc/ralex/secrets/password",
    ]);
    expect(service("redis-exporter").environment).toMatchObject({
      REDIS_USER: "ralex-app",
      REDIS_PASSWORD_FILE: "/etc/ralex/secrets/passwords.json",
      REDIS_EXPORTER_TLS_CA_CERT_FILE: REDIS_CA,
    });
    expect(shown(service("redis-exporter").environment.REDIS_ADDR ?? "")).toBe("rediss://cache.example:6380");
    expect(file("redis-exporter", "/etc/ralex/secrets/passwords.json")).toBe(
      '{"rediss://ralex-app@cache.example:6380":"<managedRedisPassword:json>",' +
        '"rediss://cache.example:6380":"<managedRedisPassword:json>"}\n',
    );
  });

  test("the certificates are where something reads them, and are no secrets", () => {
    expect(holding(application, POSTGRES_CA)).toEqual([
      ...["databases", "migrations", "api", "openwebui", "postgres-exporter"],
    ]);
    expect(holding(application, REDIS_CA)).toEqual(["api", "openwebui", "redis-exporter"]);
    for (const [of, path] of [
      ["api", POSTGRES_CA],
      ["redis-exporter", REDIS_CA],
    ] as const) {
      expect(service(of).files.find((one) => one.path === path)).toEqual({
        path,
        content: `${CA.trim()}\n`,
        secret: false,
      });
    }
  });

  test("who talks to one has a way out, and nobody else gets one", () => {
    expect(egress(own)).toEqual(["api"]);
    const outOfPostgres = ["databases", "migrations", "api", "openwebui", "postgres-exporter"];
    expect(egress(described(POSTGRES))).toEqual(outOfPostgres);
    expect(egress(described(REDIS))).toEqual(["api", "openwebui", "redis-exporter"]);
    expect(egress(application)).toEqual([...outOfPostgres, "redis-exporter"]);
  });

  test("one may be the user's and the other one the stack's", () => {
    const { names: withOwnRedis, ...mixed } = reader(described(POSTGRES));
    expect(withOwnRedis).toContain("redis");
    expect(withOwnRedis).not.toContain("postgres");
    expect(mixed.file("api", "/etc/ralex/secrets/redis_url")).toBe("redis://ralex:<redisPassword:url>@<redis>/0");
    expect(mixed.file("openwebui", "/etc/ralex/secrets/redis_url")).toBe("redis://ralex:<redisPassword:url>@<redis>/1");
    const { names: withOwnPostgres, ...other } = reader(described(REDIS));
    expect(withOwnPostgres).toContain("postgres");
    expect(withOwnPostgres).not.toContain("redis");
    expect(other.file("api", "/etc/ralex/secrets/database_url")).toBe(
      "postgresql://ralex:<ralexDatabasePassword:url>@<postgres>/ralex",
    );
    expect(other.file("databases", "/etc/ralex/secrets/administrator")).toBe("<superuserPassword:value>");
  });

  test("without TLS, a user and a certificate the addresses are as short as that", () => {
    const plain = reader(
      described({
        ...{ postgresUrl: "postgresql://a@[fd00::7]?sslmode=disable", postgresPassword: "p" },
        ...{ redisUrl: "redis://[fd00::8]", redisPassword: "p" },
      }),
    );
    expect(plain.service("databases").environment).toEqual({
      PGHOST: "fd00::7",
      PGPORT: "5432",
      PGUSER: "a",
      PGDATABASE: "postgres",
      PGSSLMODE: "disable",
      PGCONNECT_TIMEOUT: "10",
    });
    expect(plain.file("api", "/etc/ralex/secrets/database_url")).toBe(
      "postgresql://ralex:<ralexDatabasePassword:url>@[fd00::7]:5432/ralex?sslmode=disable",
    );
    expect(plain.file("api", "/etc/ralex/secrets/redis_url")).toBe(
      "redis://:<managedRedisPassword:url>@[fd00::8]:6379/0",
    );
    expect(plain.file("redis-exporter", "/etc/ralex/secrets/passwords.json")).toBe(
      '{"redis://[fd00::8]:6379":"<managedRedisPassword:json>"}\n',
    );
    expect(plain.service("redis-exporter").environment).not.toHaveProperty("REDIS_USER");
  });

  test("a password of any character arrives as it is in every client", () => {
    const { content } = reader(application);
    const password = fc
      .oneof(fc.string({ minLength: 1 }), fc.string({ unit: "binary", minLength: 1 }), fc.constant("@:/?#[]%+ &é😀"))
      .filter((value) => !/[\p{Cc}\p{Cs}]/u.test(value));
    fc.assert(
      fc.property(password, (value) => {
        const secretOf = (_name: string, form: string) => inForm(value, form as Parameters<typeof inForm>[1]);
        const text = (of: string, path: string) => shown(content(of, path), secretOf);
        const url = new URL(text("api", "/etc/ralex/secrets/redis_url"));
        expect([decodeURIComponent(url.password), url.username, url.host]).toEqual([
          ...[value, "ralex-app", "cache.example:6380"],
        ]);
        const passwords = JSON.parse(text("redis-exporter", "/etc/ralex/secrets/passwords.json")) as object;
        expect(Object.values(passwords)).toEqual([value, value]);
        expect(text("databases", "/etc/ralex/secrets/administrator")).toBe(value);
      }),
    );
  });
});

test("an alert tells of a store that is away, whoever runs it: no container's health would", () => {
  for (const stack of [{}, BOTH]) {
    const { service, file } = reader(TARGETS.docker(stack));
    const { groups } = yaml.parse(file("prometheus", "/etc/ralex/rules.yml")) as { groups: { rules: Rule[] }[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.map(({ alert }) => alert)).toEqual(["TargetDown", "StoreDown"]);
    expect(rules[1]?.expr).toBe("pg_up == 0 or redis_up == 0");
    for (const exporter of ["postgres-exporter", "redis-exporter"]) expect(service(exporter).metrics).toBeDefined();
  }
});

test("a foreign Ralex waits for no Redis that is not there", () => {
  const stack = { ...BOTH, source: "/srv/ralex", sourceCommand: "python -m myapp" };
  const { service, names } = reader(TARGETS.docker(stack));
  expect(names).not.toContain("migrations");
  expect(service("api").dependsOn).toEqual([{ service: "databases", condition: "completed" }]);
  expect(service("api").egress).toBe(true);
});

test("the stack with a pinned release checks what there is: each exporter is scraped as before", () => {
  const release = { id: "r-1", images: {} };
  const probed = (stack: Record<string, unknown>) => {
    const { probe } = TARGETS.docker({ release, ...stack });
    return shown(probe?.files.find(({ path }) => path === "/etc/ralex/probe.json")?.content ?? "");
  };
  expect(probed(BOTH)).toBe(probed({}));
});
