/** The model as a Compose file: the same containers, limits, checks and order as the local stack has. No I/O. */
import type { Application, Dependency, Service, Text } from "../app/model";
import type { AddressPlan } from "./addresses";
import { confinement, healthcheck, logging } from "./container";

export interface ComposeArgs {
  readonly project: string;
  readonly application: Application;
  readonly plan: AddressPlan;
  /** Text as it reads here. */
  readonly text: (value: Text) => string;
  /** References by image name. */
  readonly images: Readonly<Record<string, string>>;
  /** Mounts of a service's files, in the words of Compose. */
  readonly fileMounts: (service: Service) => readonly unknown[];
  /** Time between two checks; without it, that of the model. */
  readonly checkInterval?: string;
}

const CONDITIONS = {
  started: "service_started",
  healthy: "service_healthy",
  completed: "service_completed_successfully",
} as const;

/** Compose replaces variables in every string; a doubled dollar is a dollar. */
export const literal = (text: string): string => text.replaceAll("$", "$$$$");

/** Replicas have fixed addresses, so each is a service of the file. */
export const slotName = (service: Service, slot: number): string =>
  service.replicas > 1 ? `${service.name}-${slot}` : service.name;

/** The whole file; networks are the private one, which leads nowhere, and that of what calls out or is published. */
export function composeDocument(args: ComposeArgs): Record<string, unknown> {
  const { application, plan, project } = args;
  const services = application.services.flatMap((service) =>
    Array.from({ length: service.replicas }, (_, slot) => [
      slotName(service, slot),
      composeService(args, service, slot),
    ]),
  );
  return {
    name: project,
    services: Object.fromEntries(services) as Record<string, unknown>,
    networks: {
      private: {
        internal: true,
        ipam: { config: [{ subnet: plan.subnet, gateway: plan.gateway, ip_range: plan.dynamicRange }] },
      },
      egress: {},
    },
    volumes: Object.fromEntries(application.volumes.map(({ name }) => [name, {}])),
  };
}

/** One replica of a service. */
export function composeService(args: ComposeArgs, service: Service, slot: number): Record<string, unknown> {
  const { application, images, plan } = args;
  const { capabilities, readOnly, securityOpts, tmpfs, user, init, cpus, memory } = confinement(service);
  const { logDriver, logOpts } = logging(service, logTarget(args, service));
  const address = plan.of.get(service.name)?.[slot];
  return {
    image: images[service.image],
    hostname: slotName(service, slot),
    ...(service.entrypoint === undefined ? {} : { entrypoint: service.entrypoint.map(literal) }),
    ...(service.command === undefined ? {} : { command: service.command.map((part) => literal(args.text(part))) }),
    environment: Object.fromEntries(
      Object.entries(service.environment).map(([name, value]) => [name, literal(args.text(value))]),
    ),
    ...{ user, init, read_only: readOnly, cap_drop: capabilities.drops, security_opt: securityOpts },
    ...{ cpus: Number(cpus), mem_limit: `${memory}m`, memswap_limit: `${memory}m` },
    pids_limit: service.resources.pids,
    tmpfs: Object.entries(tmpfs).map(([target, options]) => `${target}:${options}`),
    volumes: volumesOf(args, service),
    networks: {
      private: { ...(address === undefined ? {} : { ipv4_address: address }), aliases: [service.name] },
      ...(service.egress || service.name === application.edge.service ? { egress: {} } : {}),
    },
    ...portsOf(args, service),
    ...healthOf(service, args.checkInterval),
    restart: service.kind === "job" ? "no" : "unless-stopped",
    stop_grace_period: `${service.stopGraceSeconds}s`,
    depends_on: dependenciesOf(args.application, service, slot),
    logging: { driver: logDriver, options: logOpts },
  };
}

function healthOf({ health }: Service, checkInterval: string | undefined): Record<string, unknown> {
  if (health === undefined) return {};
  const { tests, interval, timeout, retries, startPeriod } = healthcheck(health);
  const test = tests.map(literal);
  return { healthcheck: { test, interval: checkInterval ?? interval, timeout, retries, start_period: startPeriod } };
}

const volumesOf = ({ fileMounts }: ComposeArgs, service: Service): readonly unknown[] => [
  ...fileMounts(service),
  ...service.volumes.map(({ volume, path }) => ({ type: "volume", source: volume, target: path })),
];

function portsOf({ application }: ComposeArgs, service: Service): Record<string, unknown> {
  if (service.name !== application.edge.service) return {};
  const ports = application.edge.listeners.map(({ published, port }) => ({
    target: service.ports[port]?.number,
    published: String(published),
    host_ip: "127.0.0.1",
  }));
  return { ports };
}

/** As the local stack orders: what the model says, the log store first, and replicas one after the other. */
function dependenciesOf(application: Application, service: Service, slot: number): Record<string, unknown> {
  const byName = new Map(application.services.map((one) => [one.name, one]));
  const needs: Dependency[] = [...service.dependsOn];
  if (application.logs !== undefined && service.name !== application.logs.service)
    needs.push({ service: application.logs.service, condition: "healthy" });
  const entries = needs.flatMap((need) => {
    const needed = byName.get(need.service);
    if (needed === undefined) return [];
    // Pulumi waits for a container with a health check to be healthy whatever the model asks for.
    const condition = need.condition === "completed" ? need.condition : needed.health ? "healthy" : "started";
    return Array.from({ length: needed.replicas }, (_, index) => [
      slotName(needed, index),
      { condition: CONDITIONS[condition] },
    ]);
  });
  const before = slot > 0 ? [[slotName(service, slot - 1), { condition: CONDITIONS.healthy }]] : [];
  return Object.fromEntries([...entries, ...before]) as Record<string, unknown>;
}

function logTarget({ application, plan }: ComposeArgs, service: Service): { readonly address: string } | undefined {
  const { logs, services } = application;
  if (logs === undefined || service.name === logs.service) return undefined;
  const port = services.find(({ name }) => name === logs.service)?.ports[logs.port]?.number;
  return { address: `${plan.of.get(logs.service)?.[0] ?? ""}:${port ?? ""}` };
}
