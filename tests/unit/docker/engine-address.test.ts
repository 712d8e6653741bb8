import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import fc from "fast-check";
import { EngineAddressError, engineVariables, findEngine } from "../../../components/docker/engine/address";
import { clientOptions, noAnswer } from "../../../components/docker/engine/client";

let home: string;
beforeEach(() => {
  home = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-engine-"));
});
afterEach(() => fs.rmSync(home, { recursive: true }));

const find = (environment: NodeJS.ProcessEnv = {}, sockets: readonly string[] = ["/var/run/docker.sock"]) =>
  findEngine({ environment, home, exists: (file) => sockets.includes(file) });

function write(file: string, content: unknown): void {
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
}

/** Keeps a context as `docker context create` does. */
function makeContext(name: string, docker: object, folder = path.join(home, ".docker")): string {
  const key = createHash("sha256").update(name).digest("hex");
  write(path.join(folder, "contexts/meta", key, "meta.json"), { Name: name, Metadata: {}, Endpoints: { docker } });
  return path.join(folder, "contexts/tls", key, "docker");
}

describe("the engine", () => {
  test("is the one of DOCKER_HOST before that of any context", () => {
    makeContext("other", { Host: "unix:///other.sock" });
    write(path.join(home, ".docker/config.json"), { currentContext: "other" });
    const environment = { DOCKER_HOST: "unix:///mine.sock", DOCKER_CONTEXT: "other" };
    expect(find(environment)).toEqual({ host: "unix:///mine.sock", from: "DOCKER_HOST" });
  });

  test("is that of DOCKER_CONTEXT before the current context, whatever its name is", () => {
    fc.assert(
      fc.property(
        fc.string({ minLength: 1 }).filter((name) => name !== "default"),
        (name) => {
          makeContext(name, { Host: "unix:///named.sock" });
          write(path.join(home, ".docker/config.json"), { currentContext: "nobody" });
          expect(find({ DOCKER_CONTEXT: name }).host).toBe("unix:///named.sock");
        },
      ),
      { numRuns: 20 },
    );
  });

  test("is that of the current context of the folder which DOCKER_CONFIG names", () => {
    const folder = path.join(home, "elsewhere");
    makeContext("desktop-linux", { Host: "unix:///Users/me/.docker/run/docker.sock" }, folder);
    write(path.join(folder, "config.json"), { currentContext: "desktop-linux", auths: {} });
    expect(find({ DOCKER_CONFIG: folder })).toEqual({
      host: "unix:///Users/me/.docker/run/docker.sock",
      from: `the Docker context desktop-linux (currentContext of ${path.join(folder, "config.json")})`,
    });
  });

  test("is at the usual socket, or else the rootless one, or else Docker Desktop's", () => {
    const [rootless, desktop] = ["/run/user/1000/docker.sock", path.join(home, ".docker/run/docker.sock")];
    const environment = { XDG_RUNTIME_DIR: "/run/user/1000" };
    expect(find(environment, ["/var/run/docker.sock", rootless]).host).toBe("unix:///var/run/docker.sock");
    expect(find(environment, [rootless, desktop]).host).toBe(`unix://${rootless}`);
    expect(find(environment, [desktop]).host).toBe(`unix://${desktop}`);
    const nowhere = find(environment, []);
    expect(nowhere.host).toBe("unix:///var/run/docker.sock");
    for (const socket of ["/var/run/docker.sock", rootless, desktop]) expect(nowhere.from).toContain(socket);
  });

  test("is the usual one for the context default, which docker context use writes as an empty name", () => {
    write(path.join(home, ".docker/config.json"), { currentContext: "" });
    expect(find().host).toBe("unix:///var/run/docker.sock");
    expect(find({ DOCKER_CONTEXT: "default" }).host).toBe("unix:///var/run/docker.sock");
  });

  test("is spoken to with certificates where DOCKER_TLS_VERIFY or the context says so", () => {
    const host = "tcp://docker.example:2376";
    expect(find({ DOCKER_HOST: host, DOCKER_CERT_PATH: "/certs" }).certificates).toBeUndefined();
    const environment = { DOCKER_HOST: host, DOCKER_TLS_VERIFY: "1" };
    expect(find({ ...environment, DOCKER_CERT_PATH: "/certs" }).certificates).toBe("/certs");
    expect(find(environment).certificates).toBe(path.join(home, ".docker"));
    const folder = makeContext("far", { Host: host, SkipTLSVerify: false });
    for (const name of ["ca.pem", "cert.pem", "key.pem"]) write(path.join(folder, name), name);
    const address = find({ DOCKER_CONTEXT: "far" });
    expect(address.certificates).toBe(folder);
    expect(clientOptions(address)).toMatchObject({ host: "docker.example", port: 2376, protocol: "https" });
    expect(clientOptions(address).key).toEqual(Buffer.from("key.pem"));
  });

  test.each([
    ["ssh://me@far", /SSH.*ssh -nNT -L .* me@far/],
    ["npipe:////./pipe/docker_engine", /WSL 2/],
    ["docker.example:2375", /not the address/],
    ["tcp://docker.example", /not the address/],
    ["tcp://docker.example:70000", /not the address/],
    ["unix://relative.sock", /not the address/],
  ])("is refused as %s, with what is allowed", (host, reason) => {
    expect(() => find({ DOCKER_HOST: host })).toThrow(EngineAddressError);
    expect(() => find({ DOCKER_HOST: host })).toThrow(reason);
    expect(() => find({ DOCKER_HOST: host })).toThrow("Allowed are unix://<path> and tcp://<host>:<port>");
  });

  test("is not guessed where a context is missing, damaged or does not verify", () => {
    expect(() => find({ DOCKER_CONTEXT: "gone" })).toThrow(/the Docker context gone \(DOCKER_CONTEXT\) does not exist/);
    makeContext("empty", {});
    expect(() => find({ DOCKER_CONTEXT: "empty" })).toThrow(/meta\.json .*Endpoints\.docker\.Host/);
    const folder = makeContext("blind", { Host: "tcp://far:2376", SkipTLSVerify: true });
    write(path.join(folder, "ca.pem"), "");
    expect(() => find({ DOCKER_CONTEXT: "blind" })).toThrow("does not verify its engine's certificate");
    write(path.join(home, ".docker/config.json"), "{");
    expect(() => find()).toThrow(`${path.join(home, ".docker/config.json")} of Docker's configuration cannot be read`);
  });

  test("is named to other programs by its host alone, since one of them takes a context first", () => {
    expect(engineVariables({ host: "unix:///a", from: "" })).toEqual({
      DOCKER_HOST: "unix:///a",
      DOCKER_CONTEXT: undefined,
      DOCKER_TLS_VERIFY: undefined,
      DOCKER_CERT_PATH: undefined,
    });
    expect(engineVariables({ host: "tcp://a:2376", from: "", certificates: "/c" })).toMatchObject({
      DOCKER_TLS_VERIFY: "1",
      DOCKER_CERT_PATH: "/c",
    });
  });
});

describe("an engine that does not answer", () => {
  const socket = { host: "unix:///var/run/docker.sock", from: "its socket" };
  const failure = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

  test.each([
    ["EACCES", "group docker"],
    ["ENOENT", "install Docker, or start Docker Desktop"],
    ["ECONNREFUSED", "systemctl start docker"],
    ["ECONNRESET", "does not answer: connect ECONNRESET"],
  ])("is explained: %s", (code, remedy) => {
    const said = noAnswer(socket, failure(code));
    expect(said).toContain("unix:///var/run/docker.sock (its socket)");
    expect(said).toContain(remedy);
  });

  test("is not told to join a group over the network", () => {
    expect(noAnswer({ host: "tcp://far:2375", from: "DOCKER_HOST" }, failure("EACCES"))).not.toContain("group");
  });

  test("is not asked by what DOCKER_HOST says when a context was chosen", () => {
    expect(clientOptions(socket)).toEqual({
      socketPath: "/var/run/docker.sock",
      host: undefined,
      port: undefined,
      protocol: "http",
    });
  });
});
