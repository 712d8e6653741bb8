/** The edge's one configuration, as text without a platform in it. */
import { itemsOf } from "../../settings/list";
import type { Settings } from "../../settings/schema";
import type { Text } from "../model";
import type { Placement } from "../placement";
import { address, eachAddress, join } from "../text";

/** Ports of the edge inside the private network; above 1024, since it does not run as root. */
export const EDGE_PORTS = {
  web: 3000,
  api: 8000,
  tls: 8443,
  prometheus: 9090,
  logs: 9428,
  grafana: 3001,
  status: 8081,
} as const;

/**
 * Largest line of a request's head in KiB. All ports of localhost share cookies, so those of every other program on the
 * machine arrive here too; nginx alone takes 8. There may be {@link HEAD_LINES} of that size.
 */
const HEAD_LINE_KIB = 32;
const HEAD_LINES = 4;
/** What stands behind the edge has to take this much of a head, in bytes: all that the edge takes, and what it adds. */
export const LARGEST_HEAD_BYTES = (HEAD_LINES * HEAD_LINE_KIB + 4) * 1024;

/**
 * What proxies in front say of the client, for those that are named and for nobody else. Without any, the client is who
 * opened the connection.
 */
function trustedProxies({ trustedProxies: networks }: Placement): string {
  if (networks.length === 0) return "  map $scheme $client_scheme { default $scheme; }\n";
  return [
    `  geo $realip_remote_addr $is_trusted { default 0;${networks.map((network) => ` ${network} 1;`).join("")} }`,
    '  map "$is_trusted $http_x_forwarded_proto" $client_scheme { default $scheme; "1 https" https; "1 http" http; }',
    ...networks.map((network) => `  set_real_ip_from ${network};`),
    "  real_ip_header X-Forwarded-For;",
    "  real_ip_recursive on;\n",
  ].join("\n");
}

/** A redirect of a service to itself is sent on without scheme, host and port: whatever brought the client here is right. */
const proxy = (upstream: string, extra = ""): string => `
      proxy_pass http://${upstream};
      proxy_redirect http://$http_host/ /;
      proxy_redirect https://$http_host/ /;
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_set_header X-Real-IP $remote_addr;
      proxy_set_header X-Forwarded-For $remote_addr;
      proxy_set_header X-Forwarded-Proto $client_scheme;
      proxy_set_header X-Request-Id $traced_id;${extra}`;

const CONNECTION = `
      proxy_set_header Connection "";`;
const UPGRADE = `
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;`;

/** For what reads no cookie: those that arrive are other programs', and secrets among them. */
const NO_COOKIES = `
      proxy_set_header Cookie "";`;

/**
 * A file that takes a replica of the API out of rotation while it is there, looked at for every request. In memory, so a
 * restart of the edge forgets it; nothing is reloaded, so no client's connection is closed.
 */
export const drainFile = (slot: number): string => `/tmp/drained-${slot}`;

/**
 * Slots of the replicas that the edge takes out of rotation: each has a second upstream, of all but that one. A single
 * replica has none to stand in for it.
 */
const drainable = ({ apiReplicas }: Settings, { replicas }: Placement): readonly number[] =>
  replicas === "addressed" && apiReplicas > 1 ? Array.from({ length: apiReplicas }, (_, slot) => slot) : [];

/**
 * By address where there is one for life: nginx looks a name up once, at its start, and does not start without an answer.
 * Behind a name it is the platform that sees to that.
 */
const servers = (service: string, { replicas }: Placement, options = "", except?: number): Text =>
  replicas === "addressed"
    ? eachAddress(service, "http", "    server ", `${options};\n`, except)
    : join("    server ", address(service, "http"), ";\n");

/**
 * Behind a name a connection stays with one replica, which is chosen when it is opened: a short one lets those that were
 * added have their share, and leads to none that has been told to end {@link NAMED_CONNECTION_SECONDS} ago. Few requests
 * each make many choices, and so even shares: of 100 requests a second, 10 choices a second; two bounds of time alone left
 * one of three replicas with 3 % of ten seconds' requests, another with 62 %.
 */
const NAMED_CONNECTION = "    keepalive_time 3s;\n    keepalive_timeout 2s;\n    keepalive_requests 10;\n";
/** How long a connection by name is used at most, the answer that it is for not counted: both of its bounds. */
export const NAMED_CONNECTION_SECONDS = 5;

/**
 * Where a platform takes the edge itself out of rotation, a client is told to open another connection in time: one that is
 * closed under a request has failed it.
 */
const leaving = ({ replicas }: Placement): string =>
  replicas === "named" ? `  keepalive_time ${NAMED_CONNECTION_SECONDS}s;\n` : "";

const apiUpstream = (name: string, placement: Placement, except?: number): Text =>
  join(
    `  upstream ${name} {
    zone ${name} 64k;
`,
    servers("api", placement, " max_fails=2 fail_timeout=5s", except),
    placement.replicas === "named" ? NAMED_CONNECTION : "",
    `    keepalive 64;
  }
`,
  );

const apiPool = (slots: readonly number[]): string =>
  slots.length > 0
    ? [
        'set $drained "";',
        ...slots.map((slot) => `if (-f ${drainFile(slot)}) { set $drained "$drained-${slot}"; }`),
      ].join("\n    ")
    : "set $api_pool api;";

/**
 * With several replicas drained at once, which an update that failed leaves behind, all of them are asked again: one
 * that is being stopped refuses, and the request goes to the next.
 */
const apiPools = (slots: readonly number[]): string =>
  slots.length > 0
    ? `  map $drained $api_pool {
    default api;
${slots.map((slot) => `    -${slot} api_without_${slot};\n`).join("")}  }
`
    : "";

/** What nginx itself refuses or cannot do, by status, in the words of the bridge's own errors. */
const edgeErrors = (bodyMiB: number): Readonly<Record<string, readonly [code: string, message: string]>> => ({
  "400 494": [
    "bad_request",
    "the request cannot be read: its head or its body is malformed, or a line of its head is too long",
  ],
  "404": ["not_found", "there is nothing at this address"],
  "405 501": ["not_allowed", "this method or transfer encoding is not allowed"],
  "413": ["body_too_large", `the body is larger than the ${bodyMiB} MiB that are allowed`],
  "500 503": ["edge_failed", "the edge could not pass the request on; try again"],
  "502": ["api_unreachable", "the API cannot be reached; try again"],
  "504": ["api_timeout", "the API did not answer in time; try again"],
});

const first = (statuses: string): string => statuses.split(" ")[0] ?? statuses;

/**
 * Sends the errors that nginx itself makes to {@link errorLocations}; those of the API pass through as they are. Before
 * the address was read (a malformed first line, or one that is too long) nginx has its own page alone, so `400` is for
 * locations only.
 */
const errorPages = (indent: string, at: "server" | "location"): string =>
  Object.keys(edgeErrors(0))
    .map(
      (statuses) =>
        `\n${indent}error_page ${at === "server" ? statuses.replace("400 ", "") : statuses} @${first(statuses)};`,
    )
    .join("");

/** Which pages may read the edge's own errors: those that may read the API's answers. The bridge answers preflights. */
function corsOrigins({ apiCorsOrigins = "" }: Settings): string {
  const origins = itemsOf(apiCorsOrigins);
  if (origins.length === 0) return "";
  if (origins.includes("*")) return `  map $http_origin $cors_origin { default "*"; }\n`;
  const allowed = origins.map((origin) => ` "${origin}" $http_origin;`).join("");
  return `  map $http_origin $cors_origin { default "";${allowed} }\n`;
}

/** nginx leaves out a header whose value is empty. */
const CORS_HEADERS = `
      add_header Access-Control-Allow-Origin $cors_origin always;
      add_header Access-Control-Expose-Headers x-request-id always;
      add_header Vary Origin always;`;

/** Answers in OpenAI's error shape: clients of the API read JSON and nothing else. The status stays the error's own. */
const errorLocations = (settings: Settings): string =>
  Object.entries(edgeErrors(settings.apiMaxBodyMib))
    .map(([statuses, [code, message]]) => {
      const type = Number(first(statuses)) < 500 ? "invalid_request_error" : "server_error";
      return `
    location @${first(statuses)} {
      types {}
      default_type application/json;
      add_header X-Request-Id $traced_id always;${corsOrigins(settings) === "" ? "" : CORS_HEADERS}
      return ${first(statuses)} '${JSON.stringify({ error: { message, type, param: null, code } })}';
    }`;
    })
    .join("");

/** Without a location of its own, nginx would redirect the path without its slash. */
const API_PATHS = ["/v1/", "= /v1"];

/** Answers are streamed as they come; only a request that was not sent on goes to the next replica. */
const apiLocation = ({ upstreamTimeoutSeconds, apiMaxBodyMib }: Settings, path: string): string => `
    location ${path} {${proxy("$api_pool", CONNECTION + NO_COOKIES)}
      client_max_body_size ${apiMaxBodyMib}m;${errorPages("      ", "location")}
      proxy_buffering off;
      proxy_read_timeout ${upstreamTimeoutSeconds + 10}s;
      proxy_next_upstream error timeout;
      proxy_next_upstream_tries 3;
      proxy_connect_timeout 2s;
    }`;

const webLocation = ({ webMaxUploadMib }: Settings): string => `
    location / {${proxy("web", UPGRADE)}
      proxy_buffering off;
      proxy_read_timeout 3600s;
      client_max_body_size ${webMaxUploadMib}m;
    }`;

const operatorServer = (port: number, upstream: string): string => `
  server {
    listen ${port};
    auth_basic "Ralex operator";
    auth_basic_user_file /etc/ralex/secrets/operators;
    location / {${proxy(upstream, `${CONNECTION}${NO_COOKIES}\n      proxy_set_header Authorization "";`)}
    }
  }`;

/** Grafana has a login of its own. */
const GRAFANA_SERVER = `
  server {
    listen ${EDGE_PORTS.grafana};
    location / {${proxy("grafana", UPGRADE)}
    }
  }`;

const upstream = (name: string, service: string, placement: Placement): Text =>
  join(`  upstream ${name} {\n`, servers(service, placement), "  }\n");

/**
 * nginx.conf for the edge.
 *
 * Bodies and answers are passed on as they come, never kept in files: the edge has no disk, and files in memory count
 * against its limit, so that two large uploads would end it. The cost: a slow upload holds a connection of its service.
 */
export function nginxConfiguration(settings: Settings, placement: Placement, grafana: boolean): Text {
  const apiPaths = [...API_PATHS, "= /health", "= /ready"].map((path) => apiLocation(settings, path));
  const errors = errorLocations(settings);
  const slots = drainable(settings, placement);
  const pool = apiPool(slots);
  const operatorUpstreams: Text = settings.operatorListeners
    ? join(
        upstream("prometheus", "prometheus", placement),
        placement.logs === "platform" ? "" : upstream("logs", "victorialogs", placement),
        grafana ? upstream("grafana", "grafana", placement) : "",
      )
    : "";
  return join(
    `worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 2048; }
http {
  include /etc/nginx/mime.types;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  server_tokens off;
  absolute_redirect off;
  port_in_redirect off;
  large_client_header_buffers ${HEAD_LINES} ${HEAD_LINE_KIB}k;
  proxy_request_buffering off;
  proxy_max_temp_file_size 0;
  client_max_body_size 2m;
  keepalive_timeout 65s;
${leaving(placement)}  log_format json escape=json '{"time":"$time_iso8601","request_id":"$traced_id","method":"$request_method","uri":"$uri","status":$status,"seconds":$request_time,"upstream":"$upstream_addr"}';
  access_log /dev/stdout json;
  map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
  map $http_x_request_id $traced_id { default $request_id; "~^[A-Za-z0-9._-]+$" $http_x_request_id; }
`,
    trustedProxies(placement),
    corsOrigins(settings),
    apiPools(slots),
    apiUpstream("api", placement),
    ...slots.map((slot) => apiUpstream(`api_without_${slot}`, placement, slot)),
    upstream("web", "openwebui", placement),
    operatorUpstreams,
    `
  server {
    listen ${EDGE_PORTS.web};${webLocation(settings)}
  }
  server {
    listen ${EDGE_PORTS.api};
    ${pool}${errorPages("    ", "server")}${apiPaths.join("")}
    location / { return 404; }${errors}
  }
  server {
    listen ${EDGE_PORTS.tls} ssl;
    ssl_certificate /etc/ralex/tls.crt;
    ssl_certificate_key /etc/ralex/secrets/tls.key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:tls:2m;
    ${pool}${API_PATHS.map((path) => apiLocation(settings, path)).join("")}${webLocation(settings)}${errors}
  }
  server {
    listen ${EDGE_PORTS.status};
    access_log off;
    location = /-/health { return 200 "ok\\n"; }
    location = /-/status { stub_status; }
  }`,
    settings.operatorListeners
      ? operatorServer(EDGE_PORTS.prometheus, "prometheus") +
          (placement.logs === "platform" ? "" : operatorServer(EDGE_PORTS.logs, "logs")) +
          (grafana ? GRAFANA_SERVER : "")
      : "",
    "\n}\n",
  );
}
