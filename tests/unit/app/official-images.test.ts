import * as fs from "node:fs";
import * as path from "node:path";
import type { Service } from "../../../components/app/model";
import { OFFICIAL_IMAGES } from "../../../components/image/official-images";
import { loadSettings } from "../../../components/settings/load";
import { CHECKOUT } from "../../support/stack";
import { onDocker } from "../../support/on-docker";
import { clusterSettings, onKubernetes } from "../../support/on-kubernetes";

interface Row {
  readonly image: string;
  readonly version: string;
  readonly programs: readonly string[];
  readonly user: string;
  readonly data: string;
  readonly source: string;
}

/** The table of the document, by image. */
const TABLE = new Map(
  fs
    .readFileSync(path.join(CHECKOUT, "docs/official-images.md"), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("|"))
    .slice(2)
    .map((line): Row => {
      const [image = "", version = "", programs = "", , user = "", data = "", source = ""] = line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim());
      return { image, version, programs: programs.split(", "), user, data, source };
    })
    .map((row) => [row.image, row]),
);

const settings = loadSettings({ environment: {}, dotenv: {}, stack: { operatorListeners: true } });
const services = onDocker(settings, { grafana: true }).services.filter(({ image }) => image in OFFICIAL_IMAGES);

/** Programs that a command starts: its first word, and those of a shell's script. */
function programsOf([first = "", ...rest]: readonly string[]): readonly string[] {
  if (first !== "/bin/sh" || rest[0] !== "-c") return [first];
  return [first, ...(rest[1] ?? "").split("&&").map((part) => part.trim().split(" ")[0] ?? "")];
}

const used = ({ health, readiness, entrypoint, command }: Service): readonly string[] => [
  ...programsOf(health?.command ?? []),
  ...programsOf(readiness?.command ?? []),
  ...programsOf(entrypoint ?? []),
  // Options go to the image's own entrypoint.
  ...(command ?? []).slice(0, 1).filter((part): part is string => typeof part === "string" && !part.startsWith("-")),
];

describe("what the official images hold", () => {
  test("is known of the version that is pinned, for every image that a service runs", () => {
    for (const { image } of services) {
      expect({ image, version: TABLE.get(image)?.version }).toEqual({ image, version: OFFICIAL_IMAGES[image]?.tag });
      expect(TABLE.get(image)?.source).toMatch(/\]\(https:\/\/github\.com\//);
    }
  });

  test("is known of what collects logs on a cluster, which is no service", () => {
    const { logs } = onKubernetes(clusterSettings({ logs: "own" }));
    const image = logs?.collector?.image ?? "";
    expect({ image, version: TABLE.get(image)?.version }).toEqual({
      image: "otel-collector",
      version: OFFICIAL_IMAGES["otel-collector"]?.tag,
    });
  });

  test.each(services.map((service) => [service.name, service] as const))(
    "includes every program that the checks and entrypoint of %s use",
    (_, service) => {
      const missing = used(service).filter(
        (program) => program !== "" && !TABLE.get(service.image)?.programs.includes(program),
      );
      expect(missing).toEqual([]);
    },
  );

  test("says under which user and over which folder each runs", () => {
    for (const { image, user, volumes } of services) {
      expect({ image, user: TABLE.get(image)?.user }).toEqual({ image, user: `${user.uid}:${user.gid}` });
      for (const volume of volumes) expect(TABLE.get(image)?.data).toContain(`${volume.path}: `);
    }
  });

  test("leaves no check to an image without a program for it, and nobody waits for one there", () => {
    const unchecked = services.filter(({ health }) => health === undefined).map(({ name }) => name);
    expect(unchecked).toContain("victorialogs");
    const awaited = services.flatMap(({ dependsOn }) =>
      dependsOn.filter(({ condition }) => condition === "healthy").map(({ service }) => service),
    );
    expect(unchecked.filter((name) => awaited.includes(name))).toEqual([]);
    // Somebody else tells when it does not answer.
    for (const { name, metrics } of services.filter(({ kind, health }) => kind === "service" && health === undefined)) {
      expect({ name, isScraped: metrics !== undefined }).toEqual({ name, isScraped: true });
    }
  });
});
