/** The edge behind somebody else's proxy: Contour and Envoy lead to it, by a route of the Gateway API and by an Ingress. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import * as tls from "node:tls";
import execa from "execa";
import * as yaml from "yaml";
import { addToCluster, CONTOUR, kubectl } from "../../toolchain/cluster";
import { ClusterEnvironments } from "../support/cluster-environments";

const MINUTE = 60_000;
const HOST = "ralex.test";

let all: ClusterEnvironments;
let ca: string;
let address: string;
const work = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-ways-in-"));

/** A certificate for the host name that is its own authority. */
async function certificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const [cert, key] = [path.join(work, "cert.pem"), path.join(work, "key.pem")];
  await execa("openssl", [
    ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", `/CN=${HOST}`],
    ...["-addext", `subjectAltName=DNS:${HOST}`, "-out", cert, "-keyout", key],
  ]);
  return { cert: fs.readFileSync(cert, "utf8"), key: fs.readFileSync(key, "utf8") };
}

const apply = (...objects: readonly object[]) =>
  kubectl(["apply", "--server-side", "--filename", "-"], {
    input: objects.map((one) => yaml.stringify(one)).join("---\n"),
  });

const tlsSecret = (namespace: string, name: string, pair: { readonly cert: string; readonly key: string }) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace },
  type: "kubernetes.io/tls",
  stringData: { "tls.crt": pair.cert, "tls.key": pair.key },
});

const GATEWAY = {
  apiVersion: "gateway.networking.k8s.io/v1",
  kind: "Gateway",
  metadata: { name: CONTOUR.gateway, namespace: CONTOUR.namespace },
  spec: {
    gatewayClassName: CONTOUR.className,
    listeners: [
      { name: "http", protocol: "HTTP", port: 80, allowedRoutes: { namespaces: { from: "All" } } },
      {
        name: "https",
        protocol: "HTTPS",
        port: 443,
        tls: { mode: "Terminate", certificateRefs: [{ name: "public-tls" }] },
        allowedRoutes: { namespaces: { from: "All" } },
      },
    ],
  },
};

const BY_GATEWAY = { exposure: "gateway", gateway: `${CONTOUR.namespace}/${CONTOUR.gateway}/https` };
const BY_INGRESS = { exposure: "ingress", ingressClass: CONTOUR.className };

beforeAll(async () => {
  await addToCluster("contour");
  const pair = await certificate();
  ca = pair.cert;
  await apply(tlsSecret(CONTOUR.namespace, "public-tls", pair), GATEWAY);
  address = await kubectl([
    ...["get", "service", "envoy", "--namespace", CONTOUR.namespace],
    ...["--output", "jsonpath={.status.loadBalancer.ingress[0].ip}"],
  ]);
  all = await ClusterEnvironments.create(
    path.join(work, "checkout"),
    { hostName: HOST, nodePort: undefined, monitoring: "none", ...BY_GATEWAY },
    { address, ca },
  );
  // Longer than the bound that Envoy has for an answer where nobody says otherwise.
  all.startUpstream({ pauseSeconds: 1 });
  const release = await all.firstRelease();
  await all.must("kdev", "promote", "build", "kdev", "--release", release, "--deploy", "--yes");
  await all.must("kstaging", "promote", "kdev", "kstaging", "--deploy", "--yes");
}, 15 * MINUTE);

afterAll(async () => {
  await all.remove();
  await kubectl(["delete", "gateway", CONTOUR.gateway, "--namespace", CONTOUR.namespace]);
  fs.rmSync(work, { recursive: true, force: true });
}, 5 * MINUTE);

/** First line of the answer to a websocket's handshake. */
const handshake = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = tls.connect({ host: address, port: 443, servername: HOST, ca, ALPNProtocols: ["http/1.1"] }, () =>
      socket.write(
        [
          "GET /ws/socket.io/?EIO=4&transport=websocket HTTP/1.1",
          ...[`Host: ${HOST}`, `Origin: https://${HOST}`, "Connection: Upgrade", "Upgrade: websocket"],
          ...["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "", ""],
        ].join("\r\n"),
      ),
    );
    socket.setTimeout(10_000, () => socket.destroy(new Error("no answer to the handshake")));
    socket.once("error", reject);
    socket.once("data", (data) => {
      resolve(data.toString("latin1").split("\r\n")[0] ?? "");
      socket.destroy();
    });
  });

async function expectAllToPass(): Promise<void> {
  expect(await all.chat("through a proxy")).toMatchObject({ status: 200 });
  expect(await handshake()).toBe("HTTP/1.1 101 Switching Protocols");
  const began = Date.now();
  const load = await all.load({ perSecond: 20, streams: 2 });
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { failures, streams } = await load.stop();
  expect(failures).toEqual([]);
  expect(streams).toBe(2);
  expect(Date.now() - began).toBeGreaterThan(18_000);
}

test(
  "a Gateway leads to the stack: chats, websockets and streams that are longer than its bound pass",
  expectAllToPass,
  2 * MINUTE,
);

test(
  "a listener that the Gateway does not have is named with those that it has, before anything is changed",
  async () => {
    all.configure({ gateway: `${CONTOUR.namespace}/${CONTOUR.gateway}/nowhere` });
    const { exitCode, stderr } = await all.ralex("kstaging", ["deploy", "-s", "kstaging", "--yes"]);
    expect([exitCode, stderr]).toEqual([
      1,
      expect.stringContaining("has no listener nowhere; it has http (HTTP), https"),
    ]);
  },
  MINUTE,
);

test(
  "an Ingress leads there as well, with a certificate of somebody else's",
  async () => {
    const pair = { cert: ca, key: fs.readFileSync(path.join(work, "key.pem"), "utf8") };
    await apply(tlsSecret("ralex-kstaging", "bought", pair));
    all.configure({ ...BY_INGRESS, gateway: undefined, tlsSecret: "bought" });
    await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
    await expectAllToPass();
    const { stderr } = await all.must("kstaging", "deploy", "-s", "kstaging", "--yes");
    expect(stderr).toMatch(/Resources:\s+\d+ unchanged/);
  },
  6 * MINUTE,
);
