import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { requirePush } from "../../../cli/targets/docker/builder/registry-login";

const environment = process.env;
let folder: string;
let server: http.Server;
let asked: string[];
/** What a request may carry to push. */
let accepted: string | undefined;
let challenge: string;

beforeEach(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-login-"));
  process.env = { ...environment, DOCKER_CONFIG: folder, PATH: `${folder}${path.delimiter}${environment.PATH}` };
  asked = [];
  accepted = undefined;
  challenge = 'Basic realm="here"';
  server = http.createServer((request, response) => {
    const { method, url = "", headers } = request;
    asked.push(`${method} ${url.split("?")[0]}`);
    if (url.startsWith("/token")) {
      const user = Buffer.from((headers.authorization ?? "").replace("Basic ", ""), "base64").toString();
      response.end(
        JSON.stringify({
          token: `for ${user || "a refresh token"} ${new URL(url, "http://x").searchParams.get("scope") ?? ""}`,
        }),
      );
    } else if (accepted !== undefined && headers.authorization !== accepted) {
      response.writeHead(401, { "www-authenticate": challenge }).end();
    } else {
      response
        .writeHead(method === "POST" ? 202 : 200, { location: "/v2/acme/ralex-api/blobs/uploads/1?state=x" })
        .end();
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
});
afterEach(() => {
  process.env = environment;
  server.close();
  fs.rmSync(folder, { recursive: true });
});

const host = () => `127.0.0.1:${(server.address() as AddressInfo).port}`;
const configure = (config: object) => fs.writeFileSync(path.join(folder, "config.json"), JSON.stringify(config));
const encoded = (text: string) => Buffer.from(text).toString("base64");

describe("a registry that builds are pushed to", () => {
  test("is asked for an upload, which is cancelled", async () => {
    await requirePush(`${host()}/acme/`);
    expect(asked.slice(-2)).toEqual([
      "POST /v2/acme/ralex-api/blobs/uploads/",
      "DELETE /v2/acme/ralex-api/blobs/uploads/1",
    ]);
  });

  test("gets the login that docker login has written", async () => {
    configure({ auths: { [host()]: { auth: encoded("me:a:b") } } });
    accepted = `Basic ${encoded("me:a:b")}`;
    await expect(requirePush(`${host()}/acme`)).resolves.toBeUndefined();
  });

  test("gets the login of its credential helper before that of the store and the file", async () => {
    const helper = (name: string, user: string) =>
      fs.writeFileSync(
        path.join(folder, `docker-credential-${name}`),
        `#!/bin/sh\nread -r server\nprintf '{"ServerURL":"%s","Username":"${user}","Secret":"s"}' "$server"\n`,
        { mode: 0o755 },
      );
    helper("one", "helped");
    helper("all", "stored");
    configure({
      credHelpers: { [host()]: "one" },
      credsStore: "all",
      auths: { [host()]: { auth: encoded("file:s") } },
    });
    accepted = `Basic ${encoded("helped:s")}`;
    await requirePush(`${host()}/acme`);
    configure({ credsStore: "all", auths: { [host()]: {} } });
    accepted = `Basic ${encoded("stored:s")}`;
    await requirePush(`${host()}/acme`);
  });

  test("gives a token for the repository to the login, where it asks for one", async () => {
    configure({ auths: { [host()]: { auth: encoded("me:pw") } } });
    challenge = `Bearer realm="http://${host()}/token",service="there"`;
    accepted = "Bearer for me:pw repository:acme/ralex-api:pull,push";
    await expect(requirePush(`${host()}/acme`)).resolves.toBeUndefined();
  });

  test("is refused with docker login where nobody is logged in, or the login may not push", async () => {
    accepted = "Basic nobody";
    const nobody = requirePush(`${host()}/acme`);
    await expect(nobody).rejects.toThrow(/nobody is logged in there \(HTTP 401\)\. docker login 127\.0\.0\.1/);
    configure({ auths: { [host()]: { auth: encoded("me:pw") } } });
    await expect(requirePush(`${host()}/acme`)).rejects.toThrow("the login of me may not (HTTP 401)");
  });

  test("is refused where it does not answer, or no registry is named", async () => {
    await expect(requirePush("127.0.0.1:1/acme")).rejects.toThrow(/does not answer at https:\/\/127\.0\.0\.1:1\/v2\//);
    await expect(requirePush("acme")).rejects.toThrow("names no registry: write its host first, as in docker.io/acme");
  });
});
