/** Whether the registry that builds are pushed to answers and takes the login of Docker's configuration. */
import * as fs from "node:fs";
import * as path from "node:path";
import execa from "execa";
import { z } from "zod";
import { configFolder } from "../../../../components/docker/engine/address";
import { speaksPlainHttp } from "../../../evidence/registry";
import { Failure } from "../../../failure";

/** How long the registry may take for each answer, in milliseconds. */
const ANSWER_MS = 15_000;
/** Docker Hub's name, its key in the configuration, and where its API is. */
const HUB = { name: "docker.io", key: "https://index.docker.io/v1/", api: "registry-1.docker.io" } as const;
/** The repository that a push is tried on: the first that a build pushes to. */
const TRIED = "ralex-api";

interface Login {
  readonly user: string;
  readonly password: string;
  /** What stands for a password where the user is `<token>`. */
  readonly identity?: string;
}

/**
 * Begins an upload, and cancels it: nothing is stored.
 * @param registry - as `RALEX_REGISTRY` has it, registry and path prefix.
 * @throws Failure with what to do, where it does not answer or does not take what is pushed.
 */
export async function requirePush(registry: string): Promise<void> {
  const { host, repository } = split(registry);
  const scheme = (await speaksPlainHttp(host)) ? "http" : "https";
  const base = `${scheme}://${host === HUB.name ? HUB.api : host}`;
  const login = await loginFor(host);
  const first = await ask(registry, `${base}/v2/`, { headers: basic(login) });
  if (first.status !== 200 && first.status !== 401) {
    throw new Failure(
      `the registry ${host} (RALEX_REGISTRY) answers ${base}/v2/ with HTTP ${first.status}: it is none`,
    );
  }
  const authorization = await authorize(registry, repository, first.headers.get("www-authenticate") ?? "", login);
  const upload = await ask(registry, `${base}/v2/${repository}/blobs/uploads/`, {
    method: "POST",
    headers: authorization,
  });
  if (upload.status === 401 || upload.status === 403) {
    const who = login === undefined ? "nobody is logged in there" : `the login of ${login.user} may not`;
    throw new Failure(
      `nothing can be pushed to ${registry} (RALEX_REGISTRY): ${who} (HTTP ${upload.status}). docker login ${host}`,
    );
  }
  if (upload.status !== 202) {
    throw new Failure(
      `the registry ${host} (RALEX_REGISTRY) does not take an upload to ${repository}: HTTP ${upload.status}`,
    );
  }
  const location = upload.headers.get("location");
  if (location !== null) {
    await ask(registry, new URL(location, base).toString(), { method: "DELETE", headers: authorization });
  }
}

/** @throws Failure for a value without a registry in it, which would be pushed to Docker Hub by some and by some not. */
function split(registry: string): { host: string; repository: string } {
  const [host = "", ...rest] = registry.replace(/\/+$/, "").split("/");
  if (!/[.:]|^localhost$/.test(host)) {
    throw new Failure(
      `RALEX_REGISTRY is "${registry}", which names no registry: write its host first, as in docker.io/${registry}`,
    );
  }
  return { host, repository: [...rest, TRIED].join("/") };
}

const basic = (login: Login | undefined): Record<string, string> =>
  login === undefined || login.identity !== undefined
    ? {}
    : { authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString("base64")}` };

/** What a request has to carry, by the challenge that the registry answered with. */
async function authorize(
  registry: string,
  repository: string,
  challenge: string,
  login: Login | undefined,
): Promise<Record<string, string>> {
  const bearer = /^bearer\s+(.*)$/i.exec(challenge)?.[1];
  if (bearer === undefined) return basic(login);
  const parameters = Object.fromEntries([...bearer.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]));
  const query = new URLSearchParams({
    service: parameters.service ?? "",
    scope: `repository:${repository}:pull,push`,
    client_id: "ralex",
  });
  const realm = parameters.realm ?? "";
  const answer =
    login?.identity === undefined
      ? await ask(registry, `${realm}?${query.toString()}`, { headers: basic(login) })
      : await ask(registry, realm, {
          method: "POST",
          body: new URLSearchParams([...query, ["grant_type", "refresh_token"], ["refresh_token", login.identity]]),
        });
  const { token, access_token: access } = TOKEN.catch({}).parse(await answer.json().catch(() => ({})));
  const given = token ?? access;
  return given === undefined ? {} : { authorization: `Bearer ${given}` };
}

const TOKEN = z.looseObject({ token: z.string().optional(), access_token: z.string().optional() });

async function ask(registry: string, url: string, options: RequestInit): Promise<Response> {
  try {
    return await fetch(url, { ...options, redirect: "follow", signal: AbortSignal.timeout(ANSWER_MS) });
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const said = cause instanceof Error ? cause.message : String(cause);
    throw new Failure(`the registry ${registry} (RALEX_REGISTRY) does not answer at ${url.split("?")[0]}: ${said}`);
  }
}

const CONFIG = z.looseObject({
  auths: z
    .record(z.string(), z.looseObject({ auth: z.string().optional(), identitytoken: z.string().optional() }))
    .optional(),
  credsStore: z.string().optional(),
  credHelpers: z.record(z.string(), z.string()).optional(),
});
const HELPED = z.looseObject({ Username: z.string(), Secret: z.string() });
/** What a credential helper gives as the user of a token. */
const TOKEN_USER = "<token>";

/** The login of Docker's configuration, found as the docker CLI finds it: the registry's helper, the store, the file. */
async function loginFor(host: string): Promise<Login | undefined> {
  const file = path.join(configFolder(), "config.json");
  if (!fs.existsSync(file)) return undefined;
  const config = CONFIG.parse(JSON.parse(fs.readFileSync(file, "utf8")));
  const key = host === HUB.name ? HUB.key : host;
  const helper = config.credHelpers?.[key] ?? config.credsStore;
  if (helper !== undefined && helper !== "") return helped(helper, key);
  const { auth, identitytoken } = config.auths?.[key] ?? config.auths?.[`https://${key}`] ?? {};
  if (auth === undefined || auth === "") return undefined;
  const [user = "", ...password] = Buffer.from(auth, "base64").toString("utf8").split(":");
  return { user, password: password.join(":"), ...(identitytoken === undefined ? {} : { identity: identitytoken }) };
}

async function helped(helper: string, key: string): Promise<Login | undefined> {
  // Named by Docker's own configuration, and given the registry by its input, as the docker CLI does.
  const { stdout, failed } = await execa(`docker-credential-${helper}`, ["get"], { input: key, reject: false });
  if (failed) return undefined;
  const { Username: user, Secret: secret } = HELPED.parse(JSON.parse(stdout));
  return user === TOKEN_USER ? { user, password: "", identity: secret } : { user, password: secret };
}
