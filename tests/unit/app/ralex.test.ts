import { checkApplication, ModelError } from "../../../components/app/check";
import { withProbe, type Application, type Service, type Text } from "../../../components/app/model";
import type { Available } from "../../../components/app/ralex";
import { DATABASES, databasePassword } from "../../../components/app/services/access";
import { refsOf, secret } from "../../../components/app/text";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const ralex = (stack: Record<string, unknown> = {}, available?: Available) =>
  onDocker(loadSettings({ environment: {}, dotenv: {}, stack }), available);

function service(application: Application, name: string): Service {
  const found = application.services.find((candidate) => candidate.name === name);
  if (found === undefined) throw new Error(`no service ${name}`);
  return found;
}

/** The text with every reference shown as `<kind:name>`, for reading in assertions. */
function shown(value: Text): string {
  if (typeof value === "string") return value;
  if ("join" in value) return value.join.map(shown).join("");
  if (value.ref === "secret") return `<secret:${value.secret}:${value.form}>`;
  if (value.ref === "eachAddress") return `${value.before}<each:${value.service}>${value.after}`;
  return `<${value.ref}:${value.service}>`;
}

const file = (of: Service, path: string): string => {
  const found = of.files.find((candidate) => candidate.path === path);
  if (found === undefined) throw new Error(`${of.name} has no file ${path}`);
  return shown(found.content);
};

describe("the description of Ralex", () => {
  test("has the services of the stack and nothing else", () => {
    expect(
      ralex()
        .services.map(({ name }) => name)
        .sort(),
    ).toEqual(
      [
        ...["postgres", "redis", "databases", "migrations", "api", "openwebui", "edge"],
        ...["prometheus", "alertmanager", "victorialogs"],
        ...["node-exporter", "postgres-exporter", "redis-exporter", "nginx-exporter"],
      ].sort(),
    );
  });

  test("has no monitoring where none is asked for, and keeps the volumes that it may have filled", () => {
    const bare = ralex({ monitoring: "none" }, { grafana: true });
    expect(bare.services.map(({ name }) => name).sort()).toEqual(
      ["postgres", "redis", "databases", "migrations", "api", "openwebui", "edge"].sort(),
    );
    expect(bare.logs).toBeUndefined();
    expect(bare.volumes).toEqual(ralex({}, { grafana: true }).volumes);
    expect(bare.volumes.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["prometheus", "victorialogs", "grafana"]),
    );
    expect(bare.omissions).toEqual([]);
    expect(JSON.stringify(bare)).not.toMatch(/prometheus:|victorialogs:|grafana:/);
  });

  test("is the same for the same settings", () => {
    expect(JSON.stringify(ralex({ apiReplicas: 3 }))).toBe(JSON.stringify(ralex({ apiReplicas: 3 })));
  });

  test("publishes ports of the edge only, and the operator's only when they are asked for", () => {
    expect(ralex().edge.listeners.map(({ published }) => published)).toEqual([3000, 8000, 8443]);
    const operated = ralex({ operatorListeners: true, logsPort: 9500 });
    expect(operated.edge.listeners.map(({ published }) => published)).toEqual([3000, 8000, 8443, 9090, 9500]);
    expect(file(service(operated, "edge"), "/etc/ralex/secrets/operators")).toBe(
      "operator:<secret:operatorPassword:htpasswd>\n",
    );
    const configuration = file(service(operated, "edge"), "/etc/ralex/nginx.conf");
    for (const text of ["auth_basic_user_file", "listen 9090"]) expect(configuration).toContain(text);
    expect(file(service(ralex(), "edge"), "/etc/ralex/nginx.conf")).not.toContain("listen 9090");
  });

  test("believes nobody in front of the edge, unless the settings name them", () => {
    const configuration = (stack: Record<string, unknown>) =>
      file(service(ralex(stack), "edge"), "/etc/ralex/nginx.conf");
    expect(configuration({})).not.toMatch(/real_ip|http_x_forwarded/);
    expect(configuration({})).toContain("  map $scheme $client_scheme { default $scheme; }\n");
    const named = configuration({ trustedProxies: "10.0.0.0/8, 192.0.2.7" });
    expect(named).toContain("geo $realip_remote_addr $is_trusted { default 0; 10.0.0.0/8 1; 192.0.2.7 1; }");
    expect(named.match(/set_real_ip_from [^;]+;/g)).toEqual([
      "set_real_ip_from 10.0.0.0/8;",
      "set_real_ip_from 192.0.2.7;",
    ]);
    for (const text of [configuration({}), named]) {
      expect(text.match(/X-Forwarded-Proto \$client_scheme;/g)).toHaveLength(text.match(/proxy_pass /g)?.length ?? 0);
    }
  });

  test("lets Open WebUI answer at the address that a proxy in front has", () => {
    const { environment } = service(ralex({ publicUrl: "https://ralex.example" }), "openwebui");
    expect(environment.WEBUI_URL).toBe("https://ralex.example");
    expect(environment.CORS_ALLOW_ORIGIN).toMatch(/^https:\/\/ralex\.example;http:\/\/localhost:3000;/);
  });

  test("keeps no body and no answer in the edge's memory, whose files count against its limit", () => {
    const edge = service(ralex({ operatorListeners: true }), "edge");
    const configuration = file(edge, "/etc/ralex/nginx.conf");
    const http = configuration.slice(0, configuration.indexOf("\n  server {"));
    expect(http).toContain("\n  proxy_request_buffering off;\n");
    expect(http).toContain("\n  proxy_max_temp_file_size 0;\n");
    // No location has another opinion, and each speaks the version that a body of unknown length needs.
    expect(configuration.match(/proxy_request_buffering|proxy_max_temp_file_size/g)).toHaveLength(2);
    expect(configuration.match(/proxy_http_version 1\.1;/g)).toHaveLength(
      configuration.match(/proxy_pass /g)?.length ?? 0,
    );
    const files = edge.scratch.reduce((sum, { sizeMiB }) => sum + sizeMiB, 0);
    expect(files).toBeLessThanOrEqual(edge.resources.memoryMiB / 4);
  });

  test("bounds a body at the edge as in the API, and gives the API the time and memory for it", () => {
    for (const [mebibytes, memoryMiB] of [
      [1, 256],
      [8, 256],
      [64, 1432],
    ] as const) {
      const application = ralex({ apiMaxBodyMib: mebibytes });
      const api = service(application, "api");
      expect(api.environment.RALEX_MAX_BODY_BYTES).toBe(String(mebibytes * 2 ** 20));
      expect(Number(api.environment.RALEX_BODY_TIMEOUT_SECONDS)).toBeGreaterThan(mebibytes * 8);
      // The bridge takes no more.
      expect(Number(api.environment.RALEX_BODY_TIMEOUT_SECONDS)).toBeLessThanOrEqual(600);
      expect(api.resources.memoryMiB).toBe(memoryMiB);
      const configuration = file(service(application, "edge"), "/etc/ralex/nginx.conf");
      const bounds = [...configuration.matchAll(/location (?:= )?(\/\w+\/?) {[^}]*client_max_body_size (\w+);/g)];
      expect(bounds.map(([, location, bound]) => `${location ?? ""} ${bound ?? ""}`)).toEqual(
        ["/v1/", "/v1", "/health", "/ready", "/v1/", "/v1"].map((location) => `${location} ${mebibytes}m`),
      );
    }
    expect(ralex()).toEqual(ralex({ apiMaxBodyMib: 8 }));
  });

  test("lets the edge's own errors at the API be JSON in OpenAI's shape, and the API's pass", () => {
    const configuration = file(service(ralex(), "edge"), "/etc/ralex/nginx.conf");
    expect(configuration).not.toContain("proxy_intercept_errors");
    const servers = configuration.split(/\n {2}server {/).slice(1);
    const [web, api, tls] = servers;
    for (const server of [api, tls]) {
      const answers = [
        ...(server ?? "").matchAll(/location @(\d+) {\s+types {}[^}]*default_type (\S+);[^}]*return (\d+) '(.*)';/g),
      ];
      expect(answers.map(([, status]) => status).sort()).toEqual(["400", "404", "405", "413", "500", "502", "504"]);
      for (const [, name, type, status, body] of answers) {
        const { error } = JSON.parse(body ?? "") as { error: Record<string, unknown> };
        expect(Object.keys(error).sort()).toEqual(["code", "message", "param", "type"]);
        expect([type, status]).toEqual(["application/json", name]);
        expect(error.type).toBe(Number(status) < 500 ? "invalid_request_error" : "server_error");
      }
      const location = /location \/v1\/ {([^}]*)}/.exec(server ?? "")?.[1] ?? "";
      for (const status of [400, 404, 405, 413, 494, 500, 501, 502, 503, 504]) {
        expect(location).toMatch(new RegExp(`error_page [^;]*\\b${status}\\b[^;]* @\\d+;`));
      }
    }
    expect(api).toMatch(/\n {4}error_page 404 @404;/);
    expect(web).not.toContain("error_page");
    const page = tls?.slice(tls.indexOf("location / {")).split("}")[0];
    expect(page).toMatch(/^location \/ {\s[^]*proxy_pass/);
    expect(page).not.toContain("error_page");
  });

  test("shows no port of a container outside, in nginx's own redirects and in those of what it asks", () => {
    const configuration = file(service(ralex({ operatorListeners: true }), "edge"), "/etc/ralex/nginx.conf");
    const [http = "", ...servers] = configuration.split(/\n {2}server {/);
    expect(http).toContain("\n  absolute_redirect off;\n");
    expect(http).toContain("\n  port_in_redirect off;\n");
    const locations = configuration.split(/\n {4}location /).filter((location) => location.includes("proxy_pass"));
    for (const location of locations) {
      for (const scheme of ["http", "https"]) {
        expect(location).toContain(`proxy_redirect ${scheme}://$http_host/ /;`);
      }
    }
    // A prefix with a slash at its end makes nginx redirect the path without it, unless that has a location of its own.
    for (const server of servers) {
      const prefixes = [...server.matchAll(/location (\/\w+)\/ {/g)].map(([, prefix]) => prefix);
      for (const prefix of prefixes) expect(server).toContain(`location = ${prefix ?? ""} {`);
    }
  });

  test("takes a head with a line of 32 KiB at every listener, and so does what stands behind", () => {
    const application = ralex({ operatorListeners: true });
    const configuration = file(service(application, "edge"), "/etc/ralex/nginx.conf");
    const [http = ""] = configuration.split(/\n {2}server {/);
    const [, lines, kib] = /large_client_header_buffers (\d+) (\d+)k;/.exec(http) ?? [];
    expect([lines, kib]).toEqual(["4", "32"]);
    expect(configuration.match(/large_client_header_buffers/g)).toHaveLength(1);
    const openwebui = service(application, "openwebui");
    const [, head] = /"--h11-max-incomplete-event-size", "(\d+)"/.exec(file(openwebui, "/etc/ralex/launch.py")) ?? [];
    expect(Number(head)).toBeGreaterThan(4 * 32 * 1024);
    expect(openwebui.environment.WEBSOCKETS_MAX_LINE_LENGTH).toBe(head);
  });

  test("passes cookies to Open WebUI and to nothing that reads none", () => {
    const configuration = file(service(ralex({ operatorListeners: true }), "edge"), "/etc/ralex/nginx.conf");
    const locations = [...configuration.matchAll(/location [^{]*{[^}]*proxy_pass http:\/\/([^;]+);[^}]*}/g)];
    expect(locations.length).toBeGreaterThan(6);
    for (const [text, pool] of locations) expect([pool, text.includes('Cookie "";')]).toEqual([pool, pool !== "web"]);
  });

  test("lets browsers open websockets from every address that the stack prints or its certificate names", () => {
    const origins = (stack: Record<string, unknown>) =>
      service(ralex(stack), "openwebui").environment.CORS_ALLOW_ORIGIN;
    expect(origins({ webPort: 3100, tlsPort: 8500 })).toBe(
      "http://localhost:3100;http://127.0.0.1:3100;https://localhost:8500;https://127.0.0.1:8500",
    );
    // Browsers leave a scheme's own port out.
    expect(origins({ webPort: 80, tlsPort: 443 })).toBe(
      "http://localhost;http://127.0.0.1;https://localhost;https://127.0.0.1",
    );
  });

  test("bounds an upload at the edge, and gives Open WebUI the memory for it", () => {
    for (const [mebibytes, scratch, memoryMiB] of [
      [64, 256, 1536],
      [1, 193, 1410],
      [1024, 1216, 3456],
    ] as const) {
      const application = ralex({ webMaxUploadMib: mebibytes });
      const configuration = file(service(application, "edge"), "/etc/ralex/nginx.conf");
      const bounds = [...configuration.matchAll(/location \/ {[^}]*client_max_body_size (\w+);/g)];
      expect(bounds.map(([, bound]) => bound)).toEqual([`${mebibytes}m`, `${mebibytes}m`]);
      const openwebui = service(application, "openwebui");
      expect(openwebui.scratch).toEqual([{ path: "/tmp", sizeMiB: scratch }]);
      expect(openwebui.resources.memoryMiB).toBe(memoryMiB);
    }
    expect(ralex()).toEqual(ralex({ webMaxUploadMib: 64 }));
  });

  test("scrapes every service that has metrics, Prometheus included", () => {
    const application = ralex();
    const configuration = file(service(application, "prometheus"), "/etc/ralex/prometheus.yml");
    const scraped = application.services.filter(({ metrics }) => metrics !== undefined);
    expect(scraped.length).toBe(8);
    for (const { name } of scraped) expect(configuration).toContain(`- "<each:${name}>"`);
  });

  test("keeps secrets out of environments and commands: in none of any service one would pass", () => {
    const application = ralex({ openrouterApiKey: "k", release: { id: "r-000000000000", images: {} } });
    const leak = (name: string, change: (one: Service) => Partial<Service>): string => {
      const leaking = (one: Service) => (one.name === name ? { ...one, ...change(one) } : one);
      const { probe } = application;
      const services = application.services.map(leaking);
      try {
        checkApplication({ ...application, services, ...(probe === undefined ? {} : { probe: leaking(probe) }) });
      } catch (error) {
        if (error instanceof ModelError) return error.problems.join("\n");
        throw error;
      }
      return "accepted";
    };
    const names = withProbe(application).map(({ name }) => name);
    expect(names).toContain("probe");
    for (const name of names) {
      const value: Text = { join: ["a", secret("apiKey", "sha256")] };
      expect(leak(name, ({ environment }) => ({ environment: { ...environment, LEAK: value } }))).toBe(
        `${name}: environment LEAK holds a secret; put it into a file`,
      );
      expect(leak(name, ({ command = [] }) => ({ command: [...command, value] }))).toBe(
        `${name}: the command holds a secret; put it into a file`,
      );
      const files = [{ path: "/etc/ralex/leak", content: value, secret: false }];
      expect(leak(name, (one) => ({ files: [...one.files, ...files] }))).toBe(
        `${name}: file /etc/ralex/leak holds a secret and is not marked so`,
      );
    }
  });

  test("gives the stores' own files only digests where a digest is enough", () => {
    const redisUsers = service(ralex(), "redis").files.flatMap(({ content }) => refsOf(content));
    expect(redisUsers).toEqual([secret("redisPassword", "sha256")]);
    expect(file(service(ralex(), "api"), "/etc/ralex/secrets/api_keys.json")).toContain("<secret:apiKey:sha256>");
  });

  test("puts echo first when no key is set, and last behind the upstreams that are", () => {
    const names = (stack: Record<string, unknown>) =>
      (
        JSON.parse(file(service(ralex(stack), "api"), "/etc/ralex/upstreams.json")) as { upstreams: { name: string }[] }
      ).upstreams.map(({ name }) => name);
    expect(names({})).toEqual(["echo"]);
    expect(names({ openrouterApiKey: "k", upstreamUrl: "http://ollama:11434/v1" })).toEqual([
      "openrouter",
      "upstream",
      "echo",
    ]);
  });

  test("takes no key in the address of an upstream, which is kept in clear", () => {
    for (const user of ["user:canary", "canary", ":canary"]) {
      const stack = { upstreamUrl: `http://${user}@ollama:11434/v1` };
      expect(() => ralex(stack)).toThrow(/upstreamUrl .*: must hold no user and no password.* upstreamApiKey/);
      expect(() => ralex(stack)).not.toThrow(/canary/);
    }
    expect(() => ralex({ upstreamUrl: "http://ollama:11434/@tenant/v1" })).not.toThrow();
  });

  test("waits for the migrations before the API and for both before the edge", () => {
    expect(service(ralex(), "api").dependsOn).toContainEqual({ service: "migrations", condition: "completed" });
    expect(
      service(ralex(), "edge")
        .dependsOn.map(({ service: name }) => name)
        .sort(),
    ).toEqual(["api", "openwebui"]);
  });

  test("starts Postgres by its image's own entrypoint, and waits until it listens to the network", () => {
    const postgres = service(ralex(), "postgres");
    expect(postgres.entrypoint).toBeUndefined();
    expect(postgres.command?.[0]).toBe("postgres");
    expect(postgres.environment.POSTGRES_INITDB_ARGS).toBe("--data-checksums");
    // The temporary server of a new volume listens on the socket only.
    expect(postgres.health?.command).toEqual(["pg_isready", "-q", "-h", "127.0.0.1"]);
    // A rotated password of a database replaces no Postgres.
    expect(postgres.files.flatMap(({ content }) => refsOf(content))).toEqual([secret("superuserPassword")]);
  });

  test.each([{}, { source: "/srv/ralex", sourceCommand: "python -m myapp" }])(
    "lets everybody who logs in to a database wait for the job that makes it and sets its password (%j)",
    (stack) => {
      const application = ralex(stack);
      const waits = (name: string): boolean =>
        service(application, name).dependsOn.some(
          (one) => (one.service === "databases" && one.condition === "completed") || waits(one.service),
        );
      const passwords = new Set<string>(DATABASES.map(databasePassword));
      const users = application.services.filter(
        ({ name, files }) =>
          name !== "databases" &&
          files
            .flatMap(({ content }) => refsOf(content))
            .some((ref) => ref.ref === "secret" && passwords.has(ref.secret)),
      );
      expect(users.length).toBeGreaterThanOrEqual(3);
      expect(users.filter(({ name }) => !waits(name)).map(({ name }) => name)).toEqual([]);
      // Who holds the password is replaced with it, and so is the job, before them.
      const held = service(application, "databases").files.flatMap(({ content }) => refsOf(content));
      for (const password of [...passwords, "superuserPassword"]) expect(held).toContainEqual(secret(password));
    },
  );

  test("mounts the checkout's bridge over the image's only for hot reload", () => {
    expect(service(ralex(), "api")).toMatchObject({ image: "ralex-api" });
    expect(service(ralex(), "api").source).toBeUndefined();
    const reloading = service(ralex({ hotReload: true }), "api");
    expect(reloading).toMatchObject({ image: "ralex-api-dev", source: { path: "/app/ralex_bridge" } });
  });

  test("runs a pinned release as it was built, hot reload or not", () => {
    const release = { id: "r-000000000000", images: {} };
    expect(service(ralex({ hotReload: true, release }), "api")).toEqual(service(ralex({ release }), "api"));
    expect(service(ralex({ hotReload: true, release }), "api")).toMatchObject({ image: "ralex-api" });
  });
});

const HEALTH = { command: ["ask"], intervalSeconds: 1, timeoutSeconds: 1, retries: 1, startPeriodSeconds: 1 };

describe("a description that contradicts itself is refused", () => {
  const broken = (change: Partial<Service>): string => {
    const application = ralex();
    const services = application.services.map((one) => (one.name === "redis" ? { ...one, ...change } : one));
    try {
      checkApplication({ ...application, services });
    } catch (error) {
      if (error instanceof ModelError) return error.message;
    }
    return "accepted";
  };

  test.each<[string, Partial<Service>, string]>([
    ["root", { user: { uid: 0, gid: 0 } }, "redis: runs as root"],
    ["a secret in an environment", { environment: { A: secret("apiKey") } }, "environment A holds a secret"],
    ["a secret in a command", { command: [secret("apiKey", "sha256")] }, "the command holds a secret"],
    ["an unmarked secret file", { files: [{ path: "/a", content: secret("apiKey"), secret: false }] }, "not marked so"],
    [
      "an unknown secret",
      { files: [{ path: "/a", content: secret("nope"), secret: true }] },
      "no secret is called nope",
    ],
    ["an unknown service", { environment: { A: { ref: "host", service: "nope" } } }, "no service is called nope"],
    [
      "an unknown port",
      { environment: { A: { ref: "address", service: "api", port: "nope" } } },
      "api has no port called nope",
    ],
    ["a shared volume", { replicas: 2, maxReplicas: 2 }, "replicas share a volume"],
    ["a cycle", { dependsOn: [{ service: "api", condition: "healthy" }] }, "the start order has a cycle"],
    ["a missing dependency", { dependsOn: [{ service: "nope", condition: "started" }] }, "nope, which does not exist"],
    ["waiting for a service to end", { dependsOn: [{ service: "postgres", condition: "completed" }] }, "is a service"],
    ["two mounts on one path", { scratch: [{ path: "/data", sizeMiB: 1 }] }, "two mounts have the same path"],
    [
      "a health question on no port",
      { health: { ...HEALTH, http: { port: "nope", path: "/" } } },
      "health is asked on port nope, which it does not have",
    ],
    [
      "a readiness question on no port",
      { readiness: { command: ["ask"], http: { port: "nope", path: "/" } } },
      "readiness is asked on port nope",
    ],
    [
      "more memory requested than allowed",
      { resources: { cpus: 1, memoryMiB: 64, pids: 8, requests: { cpus: 0.1, memoryMiB: 65 } } },
      "requests more than it may have",
    ],
    [
      "more cores requested than allowed",
      { resources: { cpus: 1, memoryMiB: 64, pids: 8, requests: { cpus: 1.5, memoryMiB: 64 } } },
      "requests more than it may have",
    ],
    ["metrics on no port", { metrics: { port: "nope", path: "/" } }, "metrics are on port nope"],
  ])("%s", (_, change, message) => {
    expect(broken(change)).toContain(message);
  });

  test("two services with one volume", () => {
    const application = ralex();
    const volumes = [...application.volumes, { name: "redis", sizeGiB: 1 }];
    expect(() => checkApplication({ ...application, volumes })).toThrow("two services mount volume redis");
  });
});
