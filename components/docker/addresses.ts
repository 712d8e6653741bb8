/** Fixed addresses of the services that the edge or the engine finds by address, as arithmetic without Pulumi. */
import type { Application, Service } from "../app/model";
import type { ServiceRef } from "../secrets/resolver";

/**
 * The edge reads its upstreams' addresses once, at its start, and the engine sends logs to an address: these services
 * keep theirs for life, whatever the settings and the other services are. A number is never given to another service;
 * one with several replicas has as many in a row. All others are found by name and get what is free.
 */
const NUMBERS: Readonly<Record<string, number>> = {
  victorialogs: 10,
  openwebui: 11,
  prometheus: 12,
  grafana: 13,
  api: 100,
};
/** The upper half of a network's last 256 addresses is for what is found by name. */
const FIRST_DYNAMIC = 128;

export interface AddressPlan {
  readonly subnet: string;
  readonly gateway: string;
  /** Where the engine chooses addresses from, in CIDR notation; no fixed one is in it. */
  readonly dynamicRange: string;
  /** Addresses of the services that have fixed ones, one for each replica that they may ever have, in slot order. */
  readonly of: ReadonlyMap<string, readonly string[]>;
}

const toNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const toAddress = (value: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");

/**
 * @param subnet - IPv4 network of at least 256 addresses, in CIDR notation.
 * @throws Error for a service that needs a number and has none.
 */
export function planAddresses(application: Application, subnet: string): AddressPlan {
  const [base = "", length = ""] = subnet.split("/");
  const size = 2 ** (32 - Number(length));
  const network = Math.floor(toNumber(base) / size) * size;
  const of = new Map<string, readonly string[]>();
  for (const service of application.services) {
    const first = numberOf(service, application);
    if (first === undefined) continue;
    of.set(
      service.name,
      Array.from({ length: service.maxReplicas }, (_, slot) => toAddress(network + first + slot)),
    );
  }
  return {
    subnet: `${toAddress(network)}/${length}`,
    gateway: toAddress(network + 1),
    dynamicRange: `${toAddress(network + size - FIRST_DYNAMIC)}/25`,
    of,
  };
}

function numberOf(service: Service, { logs }: Application): number | undefined {
  const number = NUMBERS[service.name];
  if (number === undefined && (service.maxReplicas > 1 || service.name === logs?.service)) {
    throw new Error(
      `service ${service.name} needs a fixed address: give it a number in components/docker/addresses.ts`,
    );
  }
  return number;
}

/**
 * A reference to a service as text: names where one is enough, the plan's addresses where each replica is meant.
 * @throws Error when the application has no such service or port.
 */
export function addressText(ref: ServiceRef, application: Application, plan: AddressPlan): string {
  if (ref.ref === "host") return ref.service;
  const service = application.services.find(({ name }) => name === ref.service);
  const port = service?.ports[ref.port]?.number;
  if (service === undefined || port === undefined) {
    throw new Error(`no service ${ref.service} with a port ${ref.port}`);
  }
  // The engine's own name server knows the alias that all slots have.
  if (ref.ref === "pool") return ref.service;
  if (ref.ref === "address") return `${ref.service}:${port}`;
  const all = plan.of.get(service.name)?.slice(0, service.replicas) ?? [service.name];
  const hosts = all.length > 1 ? all.filter((_, slot) => slot !== ref.except) : all;
  return hosts.map((host) => `${ref.before}${host}:${port}${ref.after}`).join("");
}
