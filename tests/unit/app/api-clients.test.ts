import { rootCertificates } from "node:tls";
import type { Service, Text } from "../../../components/app/model";
import { address, refsOf, secret } from "../../../components/app/text";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const AUTHORITY = rootCertificates[0] ?? "";

function service(name: string, stack: Record<string, unknown> = {}): Service {
  const { services } = onDocker(loadSettings({ environment: {}, dotenv: {}, stack }));
  const found = services.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

const content = (of: Service, path: string): Text | undefined => of.files.find((file) => file.path === path)?.content;

/** The text without what is only known later. */
const plain = (text: Text | undefined): string =>
  typeof text === "string" ? text : text !== undefined && "join" in text ? text.join.map(plain).join("") : "";

const nginx = (stack: Record<string, unknown>) => plain(content(service("edge", stack), "/etc/ralex/nginx.conf"));

describe("pages of other origins", () => {
  test("are let in by the API and may read the edge's own errors, where the setting names them", () => {
    const apiCorsOrigins = "https://app.example:8443, http://localhost:5173";
    expect(service("api", { apiCorsOrigins }).environment.RALEX_CORS_ORIGINS).toBe(apiCorsOrigins);
    const text = nginx({ apiCorsOrigins });
    expect(text).toContain(
      'map $http_origin $cors_origin { default ""; "https://app.example:8443" $http_origin; "http://localhost:5173" $http_origin; }',
    );
    const errors = [...text.matchAll(/location @\d+ {\s+types {}([^}]*)return/g)].map(([, inside]) => inside ?? "");
    expect(errors.length).toBe(14);
    for (const inside of errors) {
      expect(inside).toContain("add_header Access-Control-Allow-Origin $cors_origin always;");
      expect(inside).toContain("add_header Vary Origin always;");
    }
    // The bridge adds its own to what it answers; a second one would be refused by every browser.
    expect(text.match(/Access-Control-Allow-Origin/g)).toHaveLength(errors.length);
  });

  test("may be any, and are none by default", () => {
    expect(nginx({ apiCorsOrigins: "*" })).toContain('map $http_origin $cors_origin { default "*"; }');
    for (const stack of [{}, { apiCorsOrigins: "" }]) {
      expect(nginx(stack)).not.toMatch(/cors|Access-Control/);
      expect(service("api", stack).environment).not.toHaveProperty("RALEX_CORS_ORIGINS");
    }
  });
});

describe("an upstream with a private authority", () => {
  const stack = { upstreamUrl: "https://llm.internal/v1", upstreamCaCertificate: AUTHORITY };

  test("has the authority's certificate as a file, which the list of upstreams names", () => {
    const api = service("api", stack);
    expect(content(api, "/etc/ralex/upstream_ca.crt")).toBe(`${AUTHORITY.trim()}\n`);
    const { upstreams } = JSON.parse(plain(content(api, "/etc/ralex/upstreams.json"))) as { upstreams: object[] };
    expect(upstreams[0]).toEqual({
      name: "upstream",
      kind: "openai",
      base_url: "https://llm.internal/v1",
      ca_file: "/etc/ralex/upstream_ca.crt",
    });
  });

  test("is the only one that is told of it", () => {
    const api = service("api", { ...stack, openrouterApiKey: "k" });
    const { upstreams } = JSON.parse(plain(content(api, "/etc/ralex/upstreams.json"))) as { upstreams: object[] };
    expect(upstreams.filter((one) => "ca_file" in one)).toHaveLength(1);
    expect(content(service("api"), "/etc/ralex/upstream_ca.crt")).toBeUndefined();
  });
});

test("Open WebUI is told the API's address and key for embeddings as for chat, and never asks OpenAI's", () => {
  const { environment, files } = service("openwebui");
  expect(environment.RAG_EMBEDDING_ENGINE).toBe("openai");
  expect(environment.RAG_OPENAI_API_BASE_URL).toEqual(environment.OPENAI_API_BASE_URL);
  expect(refsOf(environment.RAG_OPENAI_API_BASE_URL ?? "")).toEqual([address("edge", "api")]);
  const launcher = plain(files.find(({ path }) => path === "/etc/ralex/launch.py")?.content);
  const named = (name: string) => new RegExp(`"${name}": "([^"]+)"`).exec(launcher)?.[1];
  expect(named("RAG_OPENAI_API_KEY")).toBe(named("OPENAI_API_KEY"));
  const keys = files.filter(({ path }) => path === named("RAG_OPENAI_API_KEY"));
  expect(keys).toEqual([{ path: "/etc/ralex/secrets/api_key", content: secret("apiKey"), secret: true }]);
});
