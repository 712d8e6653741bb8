/** The Compose file of a stack; that Compose reads it, the engine tier shows. */
import { withProbe } from "../../../components/app/model";
import { addressText, planAddresses } from "../../../components/docker/addresses";
import { composeFile, secretFiles } from "../../../components/docker/compose-files";
import { loadSettings } from "../../../components/settings/load";
import { plainText } from "../../../components/secrets/resolver";
import { onDocker } from "../../support/on-docker";

interface ComposeService {
  readonly image: string;
  readonly user: string;
  readonly read_only?: boolean;
  readonly cap_drop: readonly string[];
  readonly cap_add?: readonly string[];
  readonly network_mode?: string;
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly secrets?: readonly { readonly source: string }[];
  readonly configs?: readonly { readonly source: string; readonly target: string }[];
  readonly volumes: readonly { readonly source: string; readonly target: string; readonly volume?: unknown }[];
  readonly labels?: Readonly<Record<string, string>>;
  readonly profiles?: readonly string[];
}
interface ComposeFile {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly configs: Readonly<Record<string, { readonly content: string }>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

function rendered(stack: Record<string, unknown> = {}) {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack });
  const application = onDocker(settings, { grafana: true });
  const plan = planAddresses(application, settings.subnet);
  const images = Object.fromEntries(withProbe(application).map(({ image }) => [image, `r/${image}`]));
  const file = composeFile({
    ...{ project: "ralex-dev", application, plan, images, composing: "r/probe" },
    text: (value) => plainText(value, (ref) => addressText(ref, application, plan)),
  }) as unknown as ComposeFile;
  return { application, file };
}

const { application, file } = rendered({ release: { id: "r-1", images: {} }, openrouterApiKey: "canary-key" });
const preparing = Object.entries(file.services).filter(([name]) => name.endsWith("-files"));
const running = Object.entries(file.services).filter(([name]) => !name.endsWith("-files"));

describe("the Compose file", () => {
  test("has every service, each replica by itself, and the checks for whoever asks for them", () => {
    const names = running.map(([name]) => name);
    expect(names).toEqual(expect.arrayContaining(["postgres", "migrations", "api-0", "api-1", "edge", "probe"]));
    expect(names).toHaveLength(withProbe(application).reduce((sum, { replicas }) => sum + replicas, 0));
    expect(running.filter(([, { profiles }]) => profiles !== undefined).map(([name]) => name)).toEqual(["probe"]);
  });

  test("holds no secret: they are files beside it, and the keys of settings are among them", () => {
    expect(JSON.stringify(file)).not.toContain("canary-key");
    expect(Object.keys(file.secrets)).toEqual(secretFiles(application));
    expect(file.secrets.openrouterApiKey).toEqual({ file: "./secrets/openrouterApiKey" });
    expect(file.secrets.tlsCaCertificate).toEqual({ file: "./secrets/tlsCaCertificate" });
  });

  test("starts nothing before its files are written and its volumes are its own", () => {
    for (const service of withProbe(application)) {
      if (service.files.length === 0 && service.volumes.length === 0) continue;
      const containers = running.filter(([name]) => name.replace(/-\d+$/, "") === service.name);
      expect(containers).toHaveLength(service.replicas);
      for (const [, container] of containers) {
        expect(container.depends_on?.[`${service.name}-files`]).toEqual({
          condition: "service_completed_successfully",
        });
      }
    }
    const postgres = file.services.postgres?.volumes.find(({ source }) => source === "postgres");
    expect(postgres).toMatchObject({ volume: { nocopy: true } });
    expect(Object.keys(file.volumes)).toEqual(expect.arrayContaining(["postgres", "postgres-files", "api-files"]));
  });

  test("gives who writes files the secrets of that service alone, no network, and what it takes to give them away", () => {
    expect(preparing.length).toBeGreaterThan(8);
    for (const [, container] of preparing) {
      expect(container).toMatchObject({
        ...{ image: "r/probe", network_mode: "none", user: "0:0" },
        ...{ cap_drop: ["ALL"], cap_add: ["CHOWN", "DAC_OVERRIDE"] },
      });
    }
    const secrets = (name: string) => file.services[name]?.secrets?.map(({ source }) => source);
    expect(secrets("migrations-files")).toEqual(["ralexDatabasePassword"]);
    expect(secrets("prometheus-files")).toEqual([]);
  });

  test("confines what runs, as the stack of Pulumi does", () => {
    for (const [, container] of running) {
      expect(container).toMatchObject({ read_only: true, cap_drop: ["ALL"] });
      expect(container.user).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(container.cap_add).toBeUndefined();
    }
  });

  test("says texts so that Compose puts no variable into them", () => {
    const script = file.configs["databases-databases.sh"]?.content ?? "";
    expect(script).toContain('"$$secrets/$$name"');
    expect(script.replaceAll("$$", "")).not.toContain("$");
  });

  test("makes a service anew whose files are others, and no other", () => {
    const label = (other: typeof file, name: string) => other.services[name]?.labels?.["ralex.files"];
    const { file: changed } = rendered({
      ...{ release: { id: "r-1", images: {} }, openrouterApiKey: "canary-key" },
      apiCorsOrigins: "https://app.example",
    });
    const differing = Object.keys(file.services).filter((name) => label(file, name) !== label(changed, name));
    expect(differing).toEqual(["edge-files", "edge"]);
  });
});
