/** A private Docker network with Postgres, Redis and an upstream, where a bridge can run in a container or beside. */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { GENERATED_LOCK, readLock } from "../../../components/image/lock";
import { docker } from "./images";

const SUBNET = "10.231.0";
const ADDRESSES = { postgres: `${SUBNET}.10`, redis: `${SUBNET}.11`, upstream: `${SUBNET}.12`, bridge: `${SUBNET}.20` };
const UPSTREAM_PORT = 9000;
const READY_WITHIN_MS = 60_000;

/** Where the bridge finds its files, in the container and outside. */
export const FILES = "/run/ralex-bench";

export interface MadeContainer {
  start(): Promise<void>;
  /** Of its first process, as the host numbers it. */
  pid(): Promise<number>;
  remove(): Promise<void>;
}

export class ContainerSite {
  readonly bridgeAddress = ADDRESSES.bridge;
  readonly key = crypto.randomBytes(20).toString("hex");
  private readonly name = `ralex-bench-${process.pid}`;
  private readonly started: string[] = [];

  private constructor(
    /** Holds the bridge's files in `files`. */
    private readonly folder: string,
    private readonly image: string,
  ) {}

  /** @param image - the bridge's, which runs the upstream too. */
  static async open<T>(
    checkout: string,
    folder: string,
    image: string,
    work: (site: ContainerSite) => Promise<T>,
  ): Promise<T> {
    const site = new ContainerSite(folder, image);
    try {
      await site.start(checkout);
      return await work(site);
    } finally {
      await site.end();
    }
  }

  get filesFolder(): string {
    return path.join(this.folder, "files");
  }

  /** What the bridge reads, wherever it runs. */
  readonly environment: Readonly<Record<string, string>> = {
    RALEX_API_KEYS_FILE: `${FILES}/api_keys.json`,
    RALEX_DATABASE_URL_FILE: `${FILES}/database_url`,
    RALEX_REDIS_URL_FILE: `${FILES}/redis_url`,
    RALEX_UPSTREAMS_FILE: `${FILES}/upstreams.json`,
    RALEX_RATE_LIMIT_PER_MINUTE: "100000000",
  };

  /** Runs a container in the background under a name of this site. */
  async run(name: string, flags: readonly string[], image: string, command: readonly string[] = []): Promise<void> {
    const container = `${this.name}-${name}`;
    this.started.push(container);
    await docker(["run", "--detach", "--name", container, "--network", this.name, ...flags, image, ...command]);
  }

  /** Makes a container of the bridge without starting it. */
  async make(flags: readonly string[]): Promise<MadeContainer> {
    const name = `${this.name}-made`;
    this.started.push(name);
    await docker(["create", "--name", name, "--network", this.name, ...flags, this.image]);
    return {
      start: async () => void (await docker(["start", name])),
      pid: async () => Number((await docker(["inspect", "--format", "{{.State.Pid}}", name])).stdout),
      remove: async () => void (await docker(["rm", "--force", name])),
    };
  }

  logs = async (name: string): Promise<string> => {
    const { all } = await docker(["logs", "--tail", "20", `${this.name}-${name}`], { all: true, reject: false });
    return all ?? "";
  };

  /** Environment and files of the bridge as flags of `docker run`. */
  get bridgeFlags(): readonly string[] {
    return [
      ...Object.entries(this.environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
      ...["--volume", `${this.filesFolder}:${FILES}:ro`, "--ip", ADDRESSES.bridge],
    ];
  }

  private async start(checkout: string): Promise<void> {
    const lock = readLock(checkout, { RALEX_IMAGES_LOCK: GENERATED_LOCK });
    const passwords = {
      postgres: crypto.randomBytes(20).toString("hex"),
      redis: crypto.randomBytes(20).toString("hex"),
    };
    this.writeFiles(passwords);
    await docker(["network", "create", "--internal", "--subnet", `${SUBNET}.0/24`, this.name]);
    const upstream = path.join(__dirname, "fixed_upstream.py");
    await Promise.all([
      this.run(
        "postgres",
        [
          ...["--ip", ADDRESSES.postgres, "--user", "999:999", "--env", `POSTGRES_PASSWORD_FILE=${FILES}/password`],
          ...["--env", "PGDATA=/var/lib/postgresql/data/pgdata", "--volume", `${this.folder}/postgres:${FILES}:ro`],
          ...["--tmpfs", "/var/lib/postgresql/data:uid=999,gid=999,mode=0700"],
          ...["--tmpfs", "/var/run/postgresql:uid=999,gid=999,mode=0700"],
        ],
        lock.ref("postgres").toString(),
        ["postgres"],
      ),
      this.run(
        "redis",
        ["--ip", ADDRESSES.redis, "--user", "999:999", "--volume", `${this.folder}/redis:${FILES}:ro`],
        lock.ref("redis").toString(),
        ["redis-server", "--aclfile", `${FILES}/users.acl`, "--save", "", "--dir", "/tmp"],
      ),
      this.run(
        "upstream",
        [
          ...["--ip", ADDRESSES.upstream, "--volume", `${upstream}:/upstream.py:ro`],
          "--entrypoint",
          "python3.11",
          "--no-healthcheck",
        ],
        this.image,
        ["/upstream.py", "0.0.0.0", String(UPSTREAM_PORT)],
      ),
    ]);
    await this.migrate();
  }

  /** Migrates as soon as Postgres takes connections. */
  private async migrate(): Promise<void> {
    const end = Date.now() + READY_WITHIN_MS;
    const args = ["run", "--rm", "--network", this.name, ...this.bridgeFlags, this.image, "migrate"];
    for (;;) {
      const { failed, all } = await docker(args, { reject: false, all: true });
      if (!failed) return;
      if (Date.now() > end) throw new Error(`the migrations failed:\n${all ?? ""}\n${await this.logs("postgres")}`);
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  private writeFiles(passwords: { readonly postgres: string; readonly redis: string }): void {
    const sha256 = (text: string) => crypto.createHash("sha256").update(text).digest("hex");
    const write = (folder: string, user: number, name: string, content: string) => {
      const file = path.join(this.folder, folder, name);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      fs.writeFileSync(file, content, { mode: 0o400 });
      fs.chownSync(file, user, user);
    };
    const base = `http://${ADDRESSES.upstream}:${UPSTREAM_PORT}/v1`;
    const files = {
      "api_keys.json": JSON.stringify([{ name: "bench", sha256: sha256(this.key) }]),
      database_url: `postgresql://postgres:${passwords.postgres}@${ADDRESSES.postgres}:5432/postgres`,
      redis_url: `redis://ralex:${passwords.redis}@${ADDRESSES.redis}:6379/0`,
      "upstreams.json": JSON.stringify({ upstreams: [{ name: "upstream", kind: "openai", base_url: base }] }),
    };
    for (const [name, content] of Object.entries(files)) write("files", 10001, name, content);
    write("postgres", 999, "password", passwords.postgres);
    write("redis", 999, "users.acl", `user default off\nuser ralex on ~* &* +@all #${sha256(passwords.redis)}\n`);
  }

  private async end(): Promise<void> {
    if (this.started.length > 0) await docker(["rm", "--force", "--volumes", ...this.started], { reject: false });
    await docker(["network", "rm", this.name], { reject: false });
  }
}
