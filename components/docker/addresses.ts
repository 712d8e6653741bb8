/** Fixed addresses for every container, as arithmetic without Pulumi. */
import type { Application, Ref, Service } from "../app/model";

/** Replicas of one service may grow to this many without moving another service's address. */
const MOST_REPLICAS = 20;
/** The lowest addresses are Docker's: network, gateway, and room for a few more. */
const FIRST_SINGLE = 10;
const FIRST_REPLICATED = 100;

export interface AddressPlan {
  readonly subnet: string;
  readonly gateway: string;
  /** Addresses by service, one a replica, in slot order. */
  readonly of: ReadonlyMap<string, readonly string[]>;
}

const toNumber = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);

const toAddress = (value: number): string =>
  [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");

/** Services that may have several replicas get a block each, whatever their number of replicas is now. */
const isReplicable = (service: Service): boolean => service.kind === "service" && service.volumes.length === 0;

/**
 * Gives every service the addresses that it keeps for its life: a container that is replaced comes back under the
 * address that the edge and Prometheus know.
 * @param subnet - IPv4 network of at least 256 addresses, in CIDR notation.
 * @throws Error when the services need more addresses than the subnet has.
 */
export function planAddresses(application: Application, subnet: string): AddressPlan {
  const [base = "", length = ""] = subnet.split("/");
  const size = 2 ** (32 - Number(length));
  const network = Math.floor(toNumber(base) / size) * size;
  const of = new Map<string, readonly string[]>();
  let single = FIRST_SINGLE;
  let block = FIRST_REPLICATED;
  for (const service of application.services) {
    const replicated = isReplicable(service) && service.replicas > 1;
    const first = replicated ? block : single;
    if (replicated) block += MOST_REPLICAS;
    else single += 1;
    of.set(
      service.name,
      Array.from({ length: service.replicas }, (_, slot) => toAddress(network + first + slot)),
    );
  }
  if (single > FIRST_REPLICATED || block > size - 1) {
    throw new Error(`the subnet ${subnet} is too small for ${application.services.length} services; give a larger one`);
  }
  return { subnet: `${toAddress(network)}/${length}`, gateway: toAddress(network + 1), of };
}

/**
 * A reference to a service as text: names where one is enough, the plan's addresses where each replica is meant.
 * @throws Error when the application has no such service or port.
 */
export function addressText(ref: Exclude<Ref, { ref: "secret" }>, application: Application, plan: AddressPlan): string {
  if (ref.ref === "host") return ref.service;
  const service = application.services.find(({ name }) => name === ref.service);
  const port = service?.ports[ref.port]?.number;
  if (port === undefined) throw new Error(`no service ${ref.service} with a port ${ref.port}`);
  if (ref.ref === "address") return `${ref.service}:${port}`;
  const all = plan.of.get(ref.service) ?? [];
  const addresses = all.length > 1 ? all.filter((_, slot) => slot !== ref.except) : all;
  return addresses.map((address) => `${ref.before}${address}:${port}${ref.after}`).join("");
}
