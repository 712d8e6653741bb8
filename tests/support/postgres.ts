/** The model's Postgres and its job `databases` as processes of their own, on a loopback port, without an engine. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import type { Service } from "../../components/app/model";
import { DATABASES } from "../../components/app/services/access";
import { postgres as postgresOf } from "../../components/app/services/data";
import { databases } from "../../components/app/services/databases";
import type { ManagedPostgres } from "../../components/app/stores";
import { poll } from "./http";
import { freePort } from "./ports";

const postgres = postgresOf("addressed");
const ENTRYPOINT = path.resolve(__dirname, "../../toolchain/substitutes/postgres/docker-entrypoint.sh");
const DEBIAN = "/usr/lib/postgresql/15/bin";
/** Programs of another version, to try the job on it by hand. */
const PROGRAMS = process.env.RALEX_TEST_POSTGRES ?? DEBIAN;
const READY_WITHIN_MS = 30_000;

/** Passwords by file name: `administrator`, and each database's. */
export type Passwords = Readonly<Record<"administrator" | (typeof DATABASES)[number], string>>;

export interface Ended {
  readonly exitCode: number;
  readonly output: string;
}

/** PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate of 127.0.0.1 that is its own authority. */
export async function selfSigned(): Promise<KeyPair> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-self-signed-"));
  const read = (name: string) => fs.readFileSync(path.join(folder, name), "utf8");
  try {
    const files = ["-keyout", "key", "-out", "certificate"];
    const about = ["-days", "2", "-subj", "/CN=postgres", "-addext", "subjectAltName=IP:127.0.0.1"];
    await execa("openssl", ["req", "-x509", "-newkey", "rsa:2048", "-nodes", ...files, ...about], { cwd: folder });
    return { certificate: read("certificate"), privateKey: read("key") };
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

export class TestPostgres {
  private server: execa.ExecaChildProcess | undefined;
  private readonly user: { readonly uid: number; readonly gid: number };

  private constructor(
    private readonly folder: string,
    readonly port: number,
    uid: number,
    gid: number,
  ) {
    this.user = { uid, gid };
  }

  /** An empty folder that belongs to the user `postgres`, whom the server trusts at its socket. Takes root. */
  static async create(): Promise<TestPostgres> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-postgres-"));
    const [uid = 0, gid = 0] = await Promise.all(
      ["-u", "-g"].map(async (option) => Number((await execa("id", [option, "postgres"])).stdout)),
    );
    fs.chownSync(folder, uid, gid);
    return new TestPostgres(folder, await freePort(), uid, gid);
  }

  get log(): string {
    return fs.readFileSync(path.join(this.folder, "log"), "utf8");
  }

  /**
   * Starts the model's service, and waits for its own health check.
   * @param rules - lines that take the place of the model's pg_hba.conf.
   * @param tls - certificate and key with which it speaks TLS, too.
   */
  async start(superuserPassword: string, rules?: string, tls?: KeyPair): Promise<void> {
    this.write(postgres, { superuser: superuserPassword });
    if (rules !== undefined) this.file("postgres/pg_hba.conf", rules);
    const environment = Object.entries(postgres.environment).map(([name, value]) => [name, this.at(postgres, value)]);
    const command = (postgres.command ?? []).map((part) => this.at(postgres, part));
    const own = [
      ...["listen_addresses=127.0.0.1", `port=${this.port}`, `unix_socket_directories=${this.folder}`],
      // Whatever the server is told is in its log then.
      ...["fsync=off", "shared_buffers=16MB", "log_statement=all", "log_connections=on"],
      ...(tls === undefined ? [] : this.withTls(tls)),
    ];
    const log = fs.openSync(path.join(this.folder, "log"), "a");
    this.server = execa("sh", [ENTRYPOINT, ...command, ...own.flatMap((setting) => ["-c", setting])], {
      ...this.options(Object.fromEntries(environment) as Record<string, string>),
      stdio: ["ignore", log, log],
    });
    fs.closeSync(log);
    const [program = "", ...args] = postgres.health?.command ?? [];
    await poll("a healthy Postgres", READY_WITHIN_MS, async () => {
      if (this.server?.exitCode !== null) throw new Error(`Postgres ended:\n${this.log}`);
      return (await this.run([program, ...args])).exitCode === 0 ? true : undefined;
    });
  }

  /** Runs the model's job to its end, as `user`. */
  async job(passwords: Passwords, user = "postgres", name = "databases"): Promise<Ended> {
    const job: Service = { ...databases({ postgres: "container", redis: "container" }), name };
    this.write(job, passwords);
    return this.run(
      (job.entrypoint ?? []).map((part) => this.at(job, part)),
      { PGUSER: user, PGDATABASE: "postgres" },
    );
  }

  /** Runs the model's job for a store that somebody else runs; only its address is this one's. */
  async managedJob(passwords: Passwords, store: Omit<ManagedPostgres, "host" | "port" | "password">): Promise<Ended> {
    const managed = { ...store, host: "127.0.0.1", port: this.port, password: "managed" };
    const job = databases({ postgres: managed, redis: "container" });
    this.write(job, passwords);
    const environment = Object.entries(job.environment).map(([name, value]) => [name, this.at(job, value)]);
    return this.run(
      (job.entrypoint ?? []).map((part) => this.at(job, part)),
      Object.fromEntries(environment) as Record<string, string>,
    );
  }

  /** Runs the script that a person runs in the container. */
  async setSuperuserPassword(password: string): Promise<Ended> {
    this.write(postgres, { superuser: password });
    return this.run(["/bin/sh", path.join(this.folder, "postgres/set-superuser-password.sh")]);
  }

  /** A statement by the socket, as the superuser. */
  async admin(statement: string, database = "postgres"): Promise<string> {
    const { exitCode, output } = await this.run([
      "psql",
      "-XAtq",
      "-v",
      "ON_ERROR_STOP=1",
      "-h",
      this.folder,
      "-U",
      "postgres",
      "-d",
      database,
      "-c",
      statement,
    ]);
    if (exitCode !== 0) throw new Error(output);
    return output;
  }

  /** What a role that logs in over the network is answered. */
  login(role: string, password: string, database = role, statement = "SELECT current_user"): Promise<Ended> {
    const args = ["psql", "-XAtqw", "-h", "127.0.0.1", "-U", role, "-d", database, "-c", statement];
    return this.run(args, { PGPASSWORD: password });
  }

  async remove(): Promise<void> {
    this.server?.kill("SIGINT");
    await this.server;
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private withTls({ certificate, privateKey }: KeyPair): readonly string[] {
    this.file("server.crt", certificate);
    this.file("server.key", privateKey);
    // Postgres takes a key that only its own user reads.
    fs.chownSync(path.join(this.folder, "server.key"), this.user.uid, this.user.gid);
    fs.chmodSync(path.join(this.folder, "server.key"), 0o400);
    return ["ssl=on", `ssl_cert_file=${this.folder}/server.crt`, `ssl_key_file=${this.folder}/server.key`];
  }

  private async run(command: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
    const [program = "", ...args] = command;
    const { exitCode, all } = await execa(program, args, { ...this.options(environment), stdin: "ignore", all: true });
    return { exitCode, output: all ?? "" };
  }

  private options(environment: Readonly<Record<string, string>>) {
    const PATH = `${PROGRAMS}:${DEBIAN}:/usr/bin:/bin`;
    const env = { PATH, PGHOST: "127.0.0.1", PGPORT: String(this.port), ...environment };
    return { env, extendEnv: false, cwd: this.folder, ...this.user, reject: false } as const;
  }

  /** The path in this machine of what the service finds at one of its own. */
  private at(service: Service, value: unknown): string {
    return String(value)
      .replaceAll("/etc/ralex", path.join(this.folder, service.name))
      .replaceAll("/var/lib/postgresql", this.folder)
      .replaceAll("/var/run/postgresql", this.folder);
  }

  private write(service: Service, passwords: Readonly<Record<string, string>>): void {
    for (const { path: file, content, secret } of service.files) {
      const text = secret ? passwords[path.basename(file)] : this.at(service, content);
      if (text === undefined) throw new Error(`no password for ${file}`);
      this.file(path.relative(this.folder, this.at(service, file)), text);
    }
  }

  private file(name: string, content: string): void {
    const file = path.join(this.folder, name);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.rmSync(file, { force: true });
    fs.writeFileSync(file, content, { mode: 0o444 });
  }
}
