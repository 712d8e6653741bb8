import type { NetworkInspectInfo } from "dockerode";
import { OperationError, type ResourceKind } from "../support/plugin";
import { isBlank, sameSet } from "../support/diff";
import type { Values } from "../support/wire";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { flag, map, objects, text } from "../support/inputs";
import { labels, labelSet, sameOwner } from "./labels";

/** `Computed` in the schema: resource_docker_network.go, resourceDockerNetwork. */
const COMPUTED = ["driver", "internal", "ipamConfigs", "options"];
/** `Default` in the same schema. */
const IPAM_DRIVER = "default";

/** Source: resource_docker_network_structures.go, flattenIpamConfigSpec. */
const ipamConfigs = (found: NetworkInspectInfo): Values[] =>
  ((found.IPAM?.Config ?? []) as IpamConfig[]).map(({ Subnet, IPRange, Gateway, AuxiliaryAddresses }) => ({
    ...(isBlank(Subnet) ? {} : { subnet: Subnet ?? "" }),
    ...(isBlank(IPRange) ? {} : { ipRange: IPRange ?? "" }),
    ...(isBlank(Gateway) ? {} : { gateway: Gateway ?? "" }),
    ...(isBlank(AuxiliaryAddresses) ? {} : { auxAddress: AuxiliaryAddresses ?? {} }),
  }));

/** As the engine answers; its client's declarations leave some out. */
interface IpamConfig {
  readonly Subnet?: string;
  readonly IPRange?: string;
  readonly Gateway?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
}

/** A network as it is read back. Source: resource_docker_network_funcs.go, resourceDockerNetworkReadRefreshFunc. */
export function networkState(found: NetworkInspectInfo, before: Values): Values {
  const configs = ipamConfigs(found);
  return {
    name: found.Name,
    labels: labelSet(found.Labels, before.labels),
    driver: found.Driver,
    internal: found.Internal,
    attachable: found.Attachable,
    ingress: found.Ingress,
    ipv6: found.EnableIPv6,
    ipamDriver: found.IPAM?.Driver ?? "",
    ipamOptions: (found.IPAM?.Options ?? {}) as Values,
    scope: found.Scope,
    options: (found.Options ?? {}) as Values,
    ipamConfigs: sameSet(configs, before.ipamConfigs) ? (before.ipamConfigs ?? []) : configs,
  };
}

const planOf = (inputs: Values, state: Values): Values => ({
  ...inputs,
  ipamDriver: inputs.ipamDriver ?? IPAM_DRIVER,
  ...Object.fromEntries(
    COMPUTED.filter((name) => isBlank(inputs[name]) && inputs[name] !== false).map((name) => [
      name,
      state[name] ?? null,
    ]),
  ),
});

const ipamOf = (inputs: Values) => {
  const configs = objects(inputs, "ipamConfigs");
  if (configs.length === 0 && text(inputs, "ipamDriver") === undefined) return undefined;
  return {
    Driver: text(inputs, "ipamDriver") ?? "default",
    Options: map(inputs, "ipamOptions") ?? {},
    Config: configs.map((config) => ({
      ...(text(config, "subnet") === undefined ? {} : { Subnet: text(config, "subnet") }),
      ...(text(config, "gateway") === undefined ? {} : { Gateway: text(config, "gateway") }),
      ...(text(config, "ipRange") === undefined ? {} : { IPRange: text(config, "ipRange") }),
      ...(map(config, "auxAddress") === undefined ? {} : { AuxiliaryAddresses: map(config, "auxAddress") }),
    })),
  };
};

const subnets = (found: NetworkInspectInfo): string[] =>
  (found.IPAM?.Config ?? []).flatMap(({ Subnet }) => (Subnet === undefined ? [] : [Subnet]));

/** True where the network that exists is the one that is asked for. */
function matches(found: NetworkInspectInfo, inputs: Values): boolean {
  const wanted = objects(inputs, "ipamConfigs").flatMap((config) => text(config, "subnet") ?? []);
  return (
    found.Driver === (text(inputs, "driver") ?? "bridge") &&
    found.Internal === (flag(inputs, "internal") ?? false) &&
    wanted.every((subnet) => subnets(found).includes(subnet))
  );
}

async function byName(name: string): Promise<NetworkInspectInfo | undefined> {
  const found = await engine().listNetworks({ filters: JSON.stringify({ name: [name] }) });
  return found.find(({ Name }) => Name === name);
}

async function overlapping(): Promise<string> {
  const found = await engine().listNetworks();
  return found.flatMap((network) => subnets(network).map((subnet) => `${network.Name} ${subnet}`)).join(", ");
}

/** Takes over the network that an interrupted update made, or says why not. */
async function adopt(name: string, inputs: Values): Promise<NetworkInspectInfo> {
  const found = await byName(name);
  if (found !== undefined && sameOwner(labels(inputs), found.Labels ?? {}) && matches(found, inputs)) return found;
  throw new OperationError(
    `a network called ${name} exists and is not in this stack's state. If nothing needs it, remove it ` +
      `(docker network rm ${name}) and run again; else give this one another name`,
  );
}

export const network: ResourceKind = {
  accepts: [
    "name",
    "driver",
    "internal",
    "attachable",
    "ipv6",
    "labels",
    "options",
    "ipamDriver",
    "ipamOptions",
    { ipamConfigs: ["subnet", "gateway", "ipRange", "auxAddress"] },
  ],
  updates: [],
  sets: ["labels", "ipamConfigs"],
  nameInput: "name",
  computedInputs: COMPUTED,
  plan: planOf,

  async create(inputs) {
    const name = text(inputs, "name") ?? "";
    const doing = `cannot create network ${name}`;
    let id: string;
    try {
      const made = await engine().createNetwork({
        Name: name,
        CheckDuplicate: true,
        Driver: text(inputs, "driver") ?? "bridge",
        Internal: flag(inputs, "internal") ?? false,
        Attachable: flag(inputs, "attachable") ?? false,
        EnableIPv6: flag(inputs, "ipv6") ?? false,
        IPAM: ipamOf(inputs),
        Options: map(inputs, "options") ?? {},
        Labels: labels(inputs),
      });
      id = made.id;
    } catch (error) {
      if (isConflict(error)) id = (await explained(doing, () => adopt(name, inputs))).Id;
      else if (/pool overlaps/i.test(String(error))) {
        throw new OperationError(
          `${doing}: its subnet overlaps with another network's. There are: ${await overlapping()}. ` +
            "Choose another subnet, or remove the network that is in the way (docker network rm)",
        );
      } else throw explain(error, doing);
    }
    const found = (await explained(doing, () => engine().getNetwork(id).inspect())) as NetworkInspectInfo;
    return { id, outputs: networkState(found, inputs) };
  },

  async read({ id, outputs }) {
    const found = (await unlessGone(`cannot look at network ${id}`, () => engine().getNetwork(id).inspect())) as
      NetworkInspectInfo | undefined;
    return found && networkState(found, outputs);
  },

  async delete({ id, inputs }) {
    try {
      await engine().getNetwork(id).remove();
    } catch (error) {
      if (isGone(error)) return;
      const found = (await unlessGone("", () => engine().getNetwork(id).inspect())) as NetworkInspectInfo | undefined;
      const users = Object.values(found?.Containers ?? {}).map(({ Name }) => Name);
      const doing = `cannot remove network ${text(inputs, "name") ?? id}`;
      if (users.length === 0) throw explain(error, doing);
      throw new OperationError(`${doing}: ${users.join(", ")} use it. Remove these containers first (docker rm -f)`);
    }
  },
};
