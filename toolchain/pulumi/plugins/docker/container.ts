import type { Container, ContainerInspectInfo } from "dockerode";
import { OperationError, type Call, type ResourceKind } from "../support/plugin";
import type { Values } from "../support/wire";
import { adjustable, createOptions, endpoint } from "./container-spec";
import { ACCEPTS, SETS, UPDATES } from "./container-inputs";
import { run } from "./container-run";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { flag, number, objects, text } from "../support/inputs";
import { labels, sameOwner } from "./labels";

const MIB = 1024 * 1024;
/** What the engine gives a container to stop when nothing else is said, in seconds. */
const GRACE = 10;

/** Makes the container; one left over from an interrupted update of this very stack is replaced. */
async function make(inputs: Values, call: Call): Promise<Container> {
  const name = text(inputs, "name") ?? "";
  const options = createOptions(inputs);
  try {
    return await engine().createContainer(options);
  } catch (error) {
    if (!isConflict(error)) throw error;
    const left = await unlessGone("", () => engine().getContainer(name).inspect());
    if (left !== undefined && !sameOwner(labels(inputs), left.Config.Labels ?? {})) {
      throw new OperationError(
        `a container called ${name} exists and is not in this stack's state. If nothing needs it, remove it ` +
          `(docker rm -f ${name}) and run again; else give this one another name`,
      );
    }
    if (left !== undefined) {
      call.warn(`container ${name} was left over from an interrupted update; it is replaced`);
      await engine().getContainer(left.Id).remove({ force: true, v: true });
    }
    return engine().createContainer(options);
  }
}

const networkData = (found: ContainerInspectInfo): Values[] =>
  Object.entries(found.NetworkSettings.Networks)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([networkName, network]) => ({
      networkName,
      gateway: network.Gateway,
      globalIpv6Address: network.GlobalIPv6Address,
      globalIpv6PrefixLength: network.GlobalIPv6PrefixLen,
      ipAddress: network.IPAddress,
      ipPrefixLength: network.IPPrefixLen,
      ipv6Gateway: network.IPv6Gateway,
      macAddress: network.MacAddress,
    }));

const outputsOf = (found: ContainerInspectInfo): Values => ({
  bridge: (found.NetworkSettings as { Bridge?: string }).Bridge ?? "",
  networkDatas: networkData(found),
  exitCode: found.State.Running ? 0 : found.State.ExitCode,
});

/** Puts what the engine has into the inputs where it is not what they say. A container's other settings cannot change. */
function drift(inputs: Values, found: ContainerInspectInfo): Values {
  const wanted = adjustable(inputs);
  const host = found.HostConfig;
  const changed: Record<string, string | number | boolean | Values[]> = {};
  const compare = (key: string, want: unknown, have: unknown, value: string | number) => {
    if (want !== have) changed[key] = value;
  };
  const name = found.Name.replace(/^\//, "");
  compare("name", text(inputs, "name"), name, name);
  compare("restart", wanted.RestartPolicy.Name, host.RestartPolicy?.Name || "no", host.RestartPolicy?.Name || "no");
  compare("memory", wanted.Memory, host.Memory ?? 0, (host.Memory ?? 0) / MIB);
  compare("cpuShares", wanted.CpuShares, host.CpuShares ?? 0, host.CpuShares ?? 0);
  compare("cpuSet", wanted.CpusetCpus, host.CpusetCpus ?? "", host.CpusetCpus ?? "");
  if (number(inputs, "memorySwap") !== undefined) {
    compare("memorySwap", wanted.MemorySwap, host.MemorySwap, Math.max(-1, (host.MemorySwap ?? 0) / MIB));
  }
  const cpus = Math.round(Number(text(inputs, "cpus") ?? 0) * 1e9);
  compare("cpus", cpus, host.NanoCpus ?? 0, String((host.NanoCpus ?? 0) / 1e9));

  const present = found.NetworkSettings.Networks;
  const holds = (network: Values) =>
    Object.entries(present).some(([key, { NetworkID }]) => {
      return key === text(network, "name") || NetworkID === text(network, "name");
    });
  const networks = objects(inputs, "networksAdvanced");
  if (!networks.every(holds)) changed.networksAdvanced = networks.filter(holds);

  const shouldRun = flag(inputs, "start") !== false && flag(inputs, "mustRun") !== false && !flag(inputs, "attach");
  if (shouldRun && !found.State.Running && !found.State.Restarting) changed.start = false;
  return { ...inputs, ...changed };
}

export const container: ResourceKind = {
  accepts: ACCEPTS,
  updates: UPDATES,
  sets: SETS,
  nameInput: "name",
  taintedOutputs: ["containerLogs"],

  check(inputs, old) {
    const failures = [];
    if (flag(inputs, "attach") && flag(inputs, "mustRun") !== false) {
      failures.push({ property: "attach", reason: "a container that is waited for ends: set mustRun to false" });
    }
    if (flag(inputs, "wait") && flag(inputs, "attach")) {
      failures.push({ property: "wait", reason: "waits for health, attach for the end: choose one" });
    }
    if (flag(inputs, "logs") && !flag(inputs, "attach")) {
      failures.push({ property: "logs", reason: "are kept of a container with attach only" });
    }
    if (old !== undefined && flag(old, "start") !== false && flag(inputs, "start") === false) {
      const reason =
        "the official provider does not stop a running container for this; leave the container out instead";
      failures.push({ property: "start", reason });
    }
    const restart = text(inputs, "restart");
    if (restart !== undefined && !/^(no|on-failure|always|unless-stopped)$/.test(restart)) {
      failures.push({ property: "restart", reason: "must be one of no, on-failure, always, unless-stopped" });
    }
    return { inputs, failures };
  },

  async create(inputs, call) {
    const doing = `cannot create container ${text(inputs, "name")}`;
    const made = await explained(doing, () => make(inputs, call));
    try {
      for (const network of objects(inputs, "networksAdvanced").slice(1)) {
        const settings = { Container: made.id, EndpointConfig: endpoint(network) };
        await explained(doing, () =>
          engine()
            .getNetwork(text(network, "name") ?? "")
            .connect(settings),
        );
      }
      const known = await run(made.id, inputs, call);
      const found = await unlessGone(doing, () => made.inspect());
      return { id: made.id, outputs: { ...(found && outputsOf(found)), ...known } };
    } catch (error) {
      // What could not start is no use to anyone; the error has its last words.
      await made.remove({ force: true, v: true }).catch(() => undefined);
      throw explain(error, doing);
    }
  },

  async read({ id, inputs, outputs }) {
    const found = await unlessGone(`cannot look at container ${id}`, () => engine().getContainer(id).inspect());
    // A job that removes itself is done, not gone.
    if (found === undefined) return flag(inputs, "rm") && flag(inputs, "attach") ? { inputs, outputs } : undefined;
    const { containerLogs } = outputs;
    const logs: Values = containerLogs === undefined ? {} : { containerLogs };
    return { inputs: drift(inputs, found), outputs: { ...outputsOf(found), ...logs } };
  },

  async update({ id, inputs: old }, inputs, call) {
    const doing = `cannot update container ${text(inputs, "name")}`;
    const target = engine().getContainer(id);
    if (JSON.stringify(adjustable(old)) !== JSON.stringify(adjustable(inputs))) {
      await explained(doing, () => target.update(adjustable(inputs)));
    }
    if (flag(old, "start") === false && flag(inputs, "start") !== false) await run(id, inputs, call);
    return outputsOf(await explained(doing, () => target.inspect()));
  },

  async delete({ id, inputs }) {
    const target = engine().getContainer(id);
    const grace = number(inputs, "destroyGraceSeconds") ?? number(inputs, "stopTimeout") ?? GRACE;
    try {
      // 304 is the engine's answer for one that is stopped already.
      await target.stop({ t: grace }).catch((error: { statusCode?: number }) => {
        if (error.statusCode !== 304) throw error;
      });
      await target.remove({ force: true, v: flag(inputs, "removeVolumes") ?? true });
    } catch (error) {
      // A removal that is under way already (rm: true) answers with a conflict.
      const isUnderWay = isConflict(error) && /removal .* in progress/.test(String(error));
      if (!isGone(error) && !isUnderWay) throw explain(error, `cannot remove container ${text(inputs, "name") ?? id}`);
    }
  },
};
