import type { Application } from "../../../components/app/model";
import { loadSettings } from "../../../components/settings/load";
import { SIZE_NAMES, type SizeName } from "../../../components/settings/sizes";
import { onDocker } from "../../support/on-docker";

const settings = (stack: Record<string, unknown>) => loadSettings({ environment: {}, dotenv: {}, stack });
const FITTING = { monitoring: "none", apiReplicas: 1 };
const ralex = (size: SizeName): Application => onDocker(settings({ ...FITTING, size }));

const commandOf = (application: Application, name: string): string =>
  (application.services.find((service) => service.name === name)?.command ?? []).join(" ");

const resourcesOf = (application: Application, name: string) =>
  application.services.find((service) => service.name === name)?.resources;

describe("the size of an environment", () => {
  test("is standard unless a setting says otherwise", () => {
    expect(onDocker(settings({}))).toEqual(onDocker(settings({ size: "standard" })));
  });

  test.each(SIZE_NAMES)("%s promises no service more than it may take", (size) => {
    for (const { name, resources } of ralex(size).services) {
      const { cpus, memoryMiB, requests } = resources;
      expect([name, requests.cpus <= cpus, requests.memoryMiB <= memoryMiB]).toEqual([name, true, true]);
    }
  });

  test("grows from edge to large, for every service", () => {
    const [edge, small, standard, large] = SIZE_NAMES.map(ralex);
    for (const { name } of standard?.services ?? []) {
      const memory = [edge, small, standard, large].map((one) => (one && resourcesOf(one, name)?.memoryMiB) ?? NaN);
      expect([name, memory]).toEqual([name, [...memory].sort((a, b) => a - b)]);
    }
  });

  test("edge promises all services together what a board with 1 GB can keep", () => {
    const services = ralex("edge").services.filter(({ kind }) => kind === "service");
    const sum = services.reduce((total, { resources }) => total + resources.requests.memoryMiB, 0);
    expect(sum).toBeLessThanOrEqual(700);
    expect(ralex("edge").omissions).toContain("Monitoring and a second replica of the API are left out: size is edge");
  });

  test("tells the stores how much memory they have, and Postgres nothing where it takes that much by itself", () => {
    const shown = Object.fromEntries(
      SIZE_NAMES.map((size) => {
        const [postgres, redis] = ["postgres", "redis"].map((name) => commandOf(ralex(size), name));
        return [size, [/shared_buffers=\S+/.exec(postgres ?? "")?.[0], /--maxmemory \S+/.exec(redis ?? "")?.[0]]];
      }),
    );
    expect(shown).toEqual({
      edge: ["shared_buffers=48MB", "--maxmemory 48mb"],
      small: ["shared_buffers=64MB", "--maxmemory 96mb"],
      standard: [undefined, "--maxmemory 192mb"],
      large: ["shared_buffers=1024MB", "--maxmemory 768mb"],
    });
  });

  test("edge refuses what does not fit into it, all at once, and says what does", () => {
    expect(() => settings({ size: "edge" })).toThrow(
      /2 problem\(s\)[\s\S]*monitoring .*set it to none, or size to small[\s\S]*apiReplicas .*set it to 1, or size to small/,
    );
  });
});
