/** Whether the stack's private network can be made, asked before anything is made or removed. */
import { BlockList } from "node:net";

/** A network of the Docker Engine, as far as it matters here. */
export interface EngineNetwork {
  readonly Name: string;
  readonly Labels?: Readonly<Record<string, string>> | null;
  readonly IPAM?: {
    readonly Config?: readonly { readonly Subnet?: string; readonly Gateway?: string }[] | null;
  } | null;
}

/** An address of this machine. */
export interface MachineAddress {
  /** The network interface that has it. */
  readonly name: string;
  readonly address: string;
}

interface Range {
  readonly network: EngineNetwork;
  readonly subnet: string;
  readonly gateway?: string;
}

/**
 * Every reason why the subnet cannot be used. IPv4 only: the stack's network has nothing else.
 * @param subnet - in CIDR notation.
 * @param isOwn - whether a network is the stack's own, which an update keeps or replaces.
 */
export function subnetProblems<Network extends EngineNetwork>(
  subnet: string,
  networks: readonly Network[],
  isOwn: (network: Network) => boolean,
  addresses: readonly MachineAddress[],
): readonly string[] {
  const own = new Set<EngineNetwork>(networks.filter(isOwn));
  const ranges = networks.flatMap(rangesOf);
  const taken = ranges.filter((range) => !own.has(range.network) && overlap(range.subnet, subnet));
  const present = addresses.filter(
    ({ address }) => contains(subnet, address) && !ranges.some((range) => isBridge(range, address)),
  );
  const problems = [
    ...taken.map((range) => `overlaps the Docker network ${range.network.Name} (${range.subnet})`),
    ...present.map(({ name, address }) => `holds an address of this machine, ${address} (${name})`),
  ];
  const free = freeSubnet(
    ranges.filter(({ network }) => !own.has(network)).map((range) => range.subnet),
    addresses.map(({ address }) => address),
  );
  const instead = free === undefined ? "a private network that is free" : `one that is free, for instance ${free}`;
  return problems.map((problem) => `ralex:subnet (${subnet}) ${problem}: set it to ${instead}`);
}

/** A /24 that overlaps none of the subnets and holds none of the addresses; undefined where 10.0.0.0/8 has none left. */
export function freeSubnet(subnets: readonly string[], addresses: readonly string[]): string | undefined {
  // From a corner of 10.0.0.0/8 that few routers and VPNs use.
  const second = Array.from({ length: 256 }, (_, index) => (214 + index) % 256);
  return second
    .map((number) => `10.${number}.0.0/24`)
    .find(
      (free) =>
        !subnets.some((subnet) => overlap(free, subnet)) && !addresses.some((address) => contains(free, address)),
    );
}

/** Two networks in CIDR notation have addresses in common exactly where one holds the other's first. */
export const overlap = (one: string, other: string): boolean =>
  contains(one, baseOf(other)) || contains(other, baseOf(one));

const baseOf = (subnet: string): string => subnet.split("/")[0] ?? subnet;

function contains(subnet: string, address: string): boolean {
  const list = new BlockList();
  list.addSubnet(baseOf(subnet), Number(subnet.split("/")[1]), "ipv4");
  return list.check(address, "ipv4");
}

function rangesOf(network: EngineNetwork): readonly Range[] {
  return (network.IPAM?.Config ?? []).flatMap(({ Subnet: subnet, Gateway: gateway }) =>
    subnet !== undefined && /^[\d.]+\/\d+$/.test(subnet)
      ? [{ network, subnet, ...(gateway === undefined || gateway === "" ? {} : { gateway }) }]
      : [],
  );
}

/** Whether the address is the one by which a network of Docker's is on this machine. */
const isBridge = ({ subnet, gateway }: Range, address: string): boolean =>
  gateway === undefined ? contains(subnet, address) : gateway === address;
