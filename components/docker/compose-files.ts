/** A service's files under Compose: written into a volume by a container that ends before the service starts. */
import { createHash } from "node:crypto";
import { FILES_FOLDER, type Application, type Service } from "../app/model";
import {
  composerText,
  DESCRIPTION,
  describeFiles,
  isCopied,
  PROGRAM,
  relativePath,
  secretsOf,
} from "../secrets/composed";
import { composeDocument, composeService, literal, slotName, type ComposeArgs } from "./compose";

/** Folder beside the Compose file, with a file for each secret. */
export const SECRETS_FOLDER = "secrets";
const SOURCES = "/run/ralex-sources";
const VOLUMES = "/run/ralex-volumes";
const PROBE_PROFILE = "checks";
const MODES = { secret: 0o400, plain: 0o444 } as const;

export interface ComposeFileArgs extends Omit<ComposeArgs, "fileMounts" | "checkInterval"> {
  /** The image whose Python writes the files. */
  readonly composing: string;
}

type Named = Readonly<Record<string, unknown>>;

const hasFiles = ({ files }: Service): boolean => files.length > 0;
/** Whether something has to be done before it starts: files, or an owner for its volumes. */
const isPrepared = (service: Service): boolean => hasFiles(service) || service.volumes.length > 0;

const filesVolume = ({ name }: Service): string => `${name}-files`;

/** Names of the files that have to be in the folder {@link SECRETS_FOLDER}, sorted. */
export const secretFiles = ({ services, probe }: Application): readonly string[] =>
  [...new Set([...services, ...(probe === undefined ? [] : [probe])].flatMap(secretsOf))].sort();

/**
 * The stack as one Compose file. It holds no secret: those are files beside it, and what is composed of them is in volumes
 * that only the service of their user reads.
 */
export function composeFile(args: ComposeFileArgs): Record<string, unknown> {
  const { application } = args;
  const { probe } = application;
  const fileMounts = (service: Service): readonly unknown[] =>
    hasFiles(service) ? [{ type: "volume", source: filesVolume(service), target: FILES_FOLDER, read_only: true }] : [];
  const common = { ...args, fileMounts };
  const document = composeDocument(common);
  const all = [...application.services, ...(probe === undefined ? [] : [probe])];
  const prepared = all.filter(isPrepared);
  const running = Object.entries(document.services as Record<string, Named>).map(([name, service]) => {
    const described = application.services.find((one) =>
      Array.from({ length: one.replicas }, (_, slot) => slotName(one, slot)).includes(name),
    );
    return [name, described === undefined ? service : afterFiles(args, described, service)];
  });
  const checks = probe === undefined ? [] : [[probe.name, probeService(common, probe)]];
  return {
    ...document,
    services: Object.fromEntries([
      ...prepared.map((service) => [filesVolume(service), filesService(args, service)]),
      ...running,
      ...checks,
    ]) as Record<string, unknown>,
    volumes: {
      ...(document.volumes as Named),
      ...Object.fromEntries(all.filter(hasFiles).map((service) => [filesVolume(service), {}])),
    },
    configs: {
      [PROGRAM]: { content: literal(composerText()) },
      ...Object.assign({}, ...prepared.map((service) => configsOf(args, service))),
    },
    secrets: Object.fromEntries(
      secretFiles(application).map((name) => [name, { file: `./${SECRETS_FOLDER}/${name}` }]),
    ),
  };
}

const description = ({ text }: ComposeFileArgs, service: Service): string =>
  describeFiles(service, `./${SECRETS_FOLDER}`, MODES, text);

const configName = (service: Service, file: string): string => `${service.name}-${file.replace(/\//g, ".")}`;

function configsOf(args: ComposeFileArgs, service: Service): Named {
  const copied = service.files.filter(isCopied);
  return {
    [configName(service, DESCRIPTION)]: { content: literal(description(args, service)) },
    ...Object.fromEntries(
      copied.map((file) => [configName(service, relativePath(file)), { content: literal(args.text(file.content)) }]),
    ),
  };
}

/** Other files are another container, as the label says; Compose looks at configs of what depends on nothing else. */
function afterFiles(args: ComposeFileArgs, service: Service, composed: Named): Named {
  const volumes = (composed.volumes as readonly Named[]).map((mount) =>
    // What the image has in that place, its owner included, would be put over the owner that the volume was given.
    mount.type === "volume" && mount.source !== filesVolume(service) ? { ...mount, volume: { nocopy: true } } : mount,
  );
  if (!isPrepared(service)) return { ...composed, volumes };
  return {
    ...composed,
    volumes,
    labels: { "ralex.files": filesHash(args, service) },
    depends_on: {
      [filesVolume(service)]: { condition: "service_completed_successfully" },
      ...(composed.depends_on as Named),
    },
  };
}

const filesHash = (args: ComposeFileArgs, service: Service): string =>
  createHash("sha256")
    .update(JSON.stringify([configsOf(args, service), composerText()]))
    .digest("hex");

/**
 * Root without any capability but those to read secrets that belong to whoever put them there, and to give files away.
 * Its root is not read-only: the engine puts configs into it.
 */
function filesService({ composing, ...args }: ComposeFileArgs, service: Service): Named {
  const owner = `${service.user.uid}:${service.user.gid}`;
  const folders = service.volumes.map(({ volume }) => `${VOLUMES}/${volume}`);
  const copied = service.files.filter(isCopied);
  return {
    image: composing,
    entrypoint: ["python3.11", "-I", `${SOURCES}/${PROGRAM}`, SOURCES, FILES_FOLDER, owner, ...folders],
    user: "0:0",
    network_mode: "none",
    cap_drop: ["ALL"],
    cap_add: ["CHOWN", "DAC_OVERRIDE"],
    security_opt: ["no-new-privileges"],
    ...{ mem_limit: "64m", memswap_limit: "64m", pids_limit: 16 },
    restart: "no",
    configs: [
      { source: PROGRAM, target: `${SOURCES}/${PROGRAM}` },
      { source: configName(service, DESCRIPTION), target: `${SOURCES}/${DESCRIPTION}` },
      ...copied.map((file) => ({
        source: configName(service, relativePath(file)),
        target: `${SOURCES}/plain/${relativePath(file)}`,
      })),
    ],
    secrets: secretsOf(service).map((name) => ({ source: name, target: `${SOURCES}/secret/${name}` })),
    volumes: [
      ...(hasFiles(service) ? [{ type: "volume", source: filesVolume(service), target: FILES_FOLDER }] : []),
      ...service.volumes.map(({ volume }) => ({ type: "volume", source: volume, target: `${VOLUMES}/${volume}` })),
    ],
    labels: { "ralex.files": filesHash({ composing, ...args }, service) },
  };
}

/** Run by hand: it asks what runs, and starts nothing. */
function probeService(args: ComposeFileArgs & Pick<ComposeArgs, "fileMounts">, probe: Service): Named {
  return { ...afterFiles(args, probe, composeService(args, probe, 0)), profiles: [PROBE_PROFILE] };
}
