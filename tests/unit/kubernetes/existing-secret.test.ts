/** What is asked of a Secret that somebody else makes. That a program asks so, the engine tier shows. */
import * as fs from "node:fs";
import * as path from "node:path";
import { describeRalex } from "../../../components/app/ralex";
import * as client from "../../../components/kubernetes/client";
import {
  keysByService,
  keysOf,
  printingCommands,
  wantedSecrets,
  type WantedSecret,
} from "../../../components/kubernetes/existing-secret";
import { kubernetesPlacement } from "../../../components/kubernetes/placement";
import { existingSecret, type SecretAnswer } from "../../../components/kubernetes/provider/existing-secret";
import { RalexProvider } from "../../../components/provider/provider";
import { clusterSettings, onKubernetes } from "../../support/on-kubernetes";

jest.mock("../../../components/kubernetes/client", () => ({
  ...jest.requireActual<typeof client>("../../../components/kubernetes/client"),
  connectCluster: jest.fn(),
}));

interface Secret {
  readonly type?: string;
  readonly metadata?: object;
  readonly data?: Readonly<Record<string, string>>;
}

/** A cluster with these Secrets in its one namespace. */
function holding(secrets: Readonly<Record<string, Secret | Error>>, hasNamespace = true): void {
  const gone = Object.assign(new Error("not found"), { code: 404 });
  const core = {
    readNamespacedSecret: ({ namespace, name }: { namespace: string; name: string }) => {
      const found = namespace === "ralex-staging" ? (secrets[name] ?? gone) : gone;
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
    readNamespace: () => (hasNamespace ? Promise.resolve({}) : Promise.reject(gone)),
  };
  jest.mocked(client.connectCluster).mockResolvedValue({ core } as unknown as client.Cluster);
}

const PLACE = { context: "pro duction", namespace: "ralex-staging", stack: "staging" };
const VAULT: WantedSecret = { name: "vault", keys: ["apiKey", "redisPassword", "webuiSecretKey"] };
const DATA = { apiKey: "YQ==", redisPassword: "Yg==", webuiSecretKey: "Yw==" };
const SERVICES = { api: ["apiKey", "redisPassword"], redis: ["redisPassword"], openwebui: ["webuiSecretKey"] };
const KEY = "k".repeat(64);

const missing = async (wanted: readonly WantedSecret[]) =>
  (await existingSecret({ place: PLACE, secrets: wanted })).problems;

async function hashes(secret: Secret, key = KEY): Promise<Readonly<Record<string, string>>> {
  holding({ vault: secret });
  const answer = await existingSecret({ place: PLACE, secrets: [VAULT], hash: { key, services: SERVICES } });
  expect(answer.problems).toEqual([]);
  return answer.hashes;
}

describe("a Secret that is asked for", () => {
  test("is told as missing with every key, and with the commands that make it, the namespace first where it is none", async () => {
    holding({});
    const told =
      "there is no Secret vault in ralex-staging: it has to have the keys apiKey, redisPassword, webuiSecretKey " +
      "(docs/kubernetes.md says what they are for). Let what keeps your secrets make it, or, with a folder vault that has " +
      "a file for each key:";
    const create =
      "kubectl --context 'pro duction' --namespace ralex-staging create secret generic vault --from-file=vault";
    expect(await missing([VAULT])).toEqual([`${told}\n    ${create}`]);
    holding({}, false);
    expect((await missing([VAULT]))[0]?.split("\n    ")).toEqual([
      told,
      "kubectl --context 'pro duction' create namespace ralex-staging",
      "kubectl --context 'pro duction' label namespace ralex-staging app.kubernetes.io/instance=staging",
      create,
    ]);
  });

  test("is told with every key that is missing or empty, of all Secrets at once", async () => {
    holding({ vault: { data: { apiKey: "YQ==", redisPassword: "" } }, "vault-tls": { type: "Opaque", data: {} } });
    const tls = { name: "vault-tls", keys: ["tls.crt", "tls.key"], type: "kubernetes.io/tls" };
    expect(await missing([VAULT, tls])).toEqual([
      expect.stringContaining("the Secret vault in ralex-staging has no value for redisPassword, webuiSecretKey:"),
      expect.stringContaining("the Secret vault-tls in ralex-staging has no value for tls.crt, tls.key:"),
      expect.stringContaining(
        "the Secret vault-tls in ralex-staging is of type Opaque, and an Ingress takes kubernetes.io/tls",
      ),
    ]);
    holding({ vault: { data: DATA } });
    expect(await missing([VAULT, tls])).toEqual([
      expect.stringContaining("create secret tls vault-tls --cert=tls.crt --key=tls.key"),
    ]);
  });

  test("is told as one that may not be read, and so is a cluster that does not answer", async () => {
    const body = JSON.stringify({ message: 'secrets "vault" is forbidden: User "somebody" cannot get resource' });
    holding({ vault: Object.assign(new Error("HTTP-Code: 403"), { code: 403, body }) });
    expect(await missing([VAULT])).toEqual([
      'the Secret vault in ralex-staging cannot be read: secrets "vault" is forbidden: User "somebody" cannot get ' +
        "resource; whoever deploys needs the right to get it",
    ]);
    jest.mocked(client.connectCluster).mockRejectedValue(new client.ClusterError("there is no such context"));
    expect(await missing([VAULT])).toEqual(["there is no such context"]);
  });

  test("gives no hash where anything is missing", async () => {
    holding({ vault: { data: { apiKey: "YQ==" } } });
    const hash = { key: KEY, services: SERVICES };
    expect((await existingSecret({ place: PLACE, secrets: [VAULT], hash })).hashes).toEqual({});
  });
});

describe("the hashes over a Secret", () => {
  test("are other ones with another value, of the services that read it, and of no others", async () => {
    const before = await hashes({ data: DATA });
    for (const hash of Object.values(before)) expect(hash).toMatch(/^[0-9a-f]{64}$/);
    const changed = async (data: Record<string, string>) => {
      const after = await hashes({ data: { ...DATA, ...data } });
      return Object.keys(after).filter((service) => after[service] !== before[service]);
    };
    expect(await changed({ redisPassword: "eA==" })).toEqual(["api", "redis"]);
    expect(await changed({ webuiSecretKey: "eA==" })).toEqual(["openwebui"]);
    expect(await changed({ ofNobody: "eA==" })).toEqual([]);
    // Two values that changed places are other ones.
    expect(await changed({ apiKey: DATA.redisPassword, redisPassword: DATA.apiKey })).toEqual(["api", "redis"]);
  });

  test("stay with other metadata and another order of keys, and are others with another key", async () => {
    const before = await hashes({ metadata: { resourceVersion: "1" }, data: DATA });
    const turned = Object.fromEntries(Object.entries(DATA).reverse());
    expect(await hashes({ metadata: { resourceVersion: "2", uid: "u-2" }, data: turned })).toEqual(before);
    const other = await hashes({ data: DATA }, "another");
    for (const [service, hash] of Object.entries(before)) expect(other[service]).not.toBe(hash);
  });

  test("are all that leaves the provider, which the engine asks with its marks of secrets", async () => {
    holding({ vault: { data: DATA } });
    const key = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: KEY };
    const inputs = { place: PLACE, secrets: [VAULT], hash: { key, services: SERVICES } };
    const { outputs } = await new RalexProvider().invoke("ralex:kubernetes:existingSecret", inputs);
    expect((outputs as SecretAnswer).hashes).toEqual(await hashes({ data: DATA }));
    expect(JSON.stringify(outputs)).not.toMatch(/YQ==|Yg==|Yw==|kkkk/);
    await expect(new RalexProvider().invoke("ralex:kubernetes:else", {})).rejects.toThrow(
      "is not asked ralex:kubernetes:else, only ralex:kubernetes:existingSecret",
    );
  });
});

describe("what a stack needs of a Secret", () => {
  const settings = (more: Record<string, unknown> = {}) => clusterSettings({ existingSecret: "vault", ...more });
  const keys = (more: Record<string, unknown> = {}) => keysOf(onKubernetes(settings(more)));

  test("are the keys of the model, those of upstreams and stores with what asks for them, and none of stores that are away", () => {
    const own = keys();
    expect(own).toEqual([
      ...[
        "adminPassword",
        "apiKey",
        "monitoringDatabasePassword",
        "openwebuiDatabasePassword",
        "ralexDatabasePassword",
      ],
      ...[
        "redisPassword",
        "superuserPassword",
        "tlsCaCertificate",
        "tlsCertificate",
        "tlsPrivateKey",
        "webuiSecretKey",
      ],
    ]);
    const more = keys({ openrouterKey: true, upstreamUrl: "https://up.test/v1", upstreamKey: true });
    expect(more.filter((key) => !own.includes(key))).toEqual(["openrouterApiKey", "upstreamApiKey"]);
    const stores = { postgresUrl: "postgresql://a@db.example/?sslmode=require", redisUrl: "rediss://cache.example" };
    const away = keys(stores);
    expect(away.filter((key) => !own.includes(key))).toEqual(["managedPostgresPassword", "managedRedisPassword"]);
    expect(own.filter((key) => !away.includes(key))).toEqual(["redisPassword", "superuserPassword"]);
  });

  test("is on the page about it, with every key", () => {
    const page = fs.readFileSync(path.resolve(__dirname, "../../../docs/kubernetes.md"), "utf8");
    const stores = { postgresUrl: "postgresql://a@db.example/?sslmode=require", redisUrl: "rediss://cache.example" };
    const upstreams = { openrouterKey: true, upstreamUrl: "https://up.test/v1", upstreamKey: true };
    const listed = [...page.matchAll(/^\| (`\w+`(?:, `\w+`)*) +\|/gm)].flatMap(
      ([, keys = ""]) => keys.match(/\w+/g) ?? [],
    );
    const all = [...new Set([...keys(upstreams), ...keys(stores), "operatorPassword"])];
    expect(listed.filter((key) => /Key$|Password$|^tls/.test(key)).sort()).toEqual(all.sort());
  });

  test("is the operator's password where Grafana is part of it", () => {
    const placement = kubernetesPlacement(settings());
    const withGrafana = describeRalex(settings(), placement, { grafana: true });
    expect(keysOf(withGrafana)).toContain("operatorPassword");
    expect(Object.keys(printingCommands(PLACE, "vault", withGrafana))).toContain("operatorPassword");
    expect(keysByService(withGrafana).grafana).toContain("operatorPassword");
  });

  test("is a second Secret behind an Ingress, and none where the stack makes its own", () => {
    const names = (more: Record<string, unknown>) => {
      const all = clusterSettings(more);
      return wantedSecrets(onKubernetes(all), all).map(({ name }) => name);
    };
    expect(names({ existingSecret: "vault" })).toEqual(["vault"]);
    expect(names({ existingSecret: "vault", exposure: "ingress" })).toEqual(["vault", "vault-tls"]);
    // cert-manager makes it once there is an Ingress.
    expect(names({ existingSecret: "vault", exposure: "ingress", tlsSecret: "issued" })).toEqual(["vault"]);
    expect(names({ exposure: "ingress" })).toEqual([]);
  });
});
