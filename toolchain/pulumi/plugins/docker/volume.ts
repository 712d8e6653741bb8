import type { VolumeInspectInfo } from "dockerode";
import { OperationError, type ResourceKind } from "../support/plugin";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { map, text } from "../support/inputs";
import { isBlank } from "../support/diff";
import type { Values } from "../support/wire";
import { labels, labelSet } from "./labels";

/** `Computed` in the schema: resource_docker_volume.go, resourceDockerVolume. */
const COMPUTED = ["driver", "name"];

/** A volume as it is read back. Source: resource_docker_volume.go, resourceDockerVolumeRead. */
export const volumeState = (found: VolumeInspectInfo, before: Values): Values => ({
  name: found.Name,
  labels: labelSet(found.Labels, before.labels),
  driver: found.Driver,
  driverOpts: found.Options ?? {},
  mountpoint: found.Mountpoint,
});

const planOf = (inputs: Values, state: Values): Values => ({
  ...inputs,
  ...Object.fromEntries(COMPUTED.filter((name) => isBlank(inputs[name])).map((name) => [name, state[name] ?? null])),
});

export const volume: ResourceKind = {
  accepts: ["name", "driver", "driverOpts", "labels"],
  updates: [],
  sets: ["labels"],
  nameInput: "name",
  computedInputs: COMPUTED,
  plan: planOf,

  async create(inputs, { warn }) {
    const name = text(inputs, "name") ?? "";
    const doing = `cannot create volume ${name}`;
    const before = await unlessGone(doing, () => engine().getVolume(name).inspect());
    await explained(doing, () =>
      engine().createVolume({
        Name: name,
        Driver: text(inputs, "driver") ?? "local",
        DriverOpts: map(inputs, "driverOpts") ?? {},
        Labels: labels(inputs),
      }),
    );
    if (before !== undefined) warn(`volume ${name} existed already; its data is used as it is`);
    const found = await explained(doing, () => engine().getVolume(name).inspect());
    return { id: name, outputs: volumeState(found, inputs) };
  },

  async read({ id, outputs }) {
    const found = await unlessGone(`cannot look at volume ${id}`, () => engine().getVolume(id).inspect());
    return found && volumeState(found, outputs);
  },

  async delete({ id }) {
    try {
      await engine().getVolume(id).remove();
    } catch (error) {
      if (isGone(error)) return;
      if (!isConflict(error)) throw explain(error, `cannot remove volume ${id}`);
      const users = await engine().listContainers({ all: true, filters: JSON.stringify({ volume: [id] }) });
      const names = users.flatMap(({ Names }) => Names).map((name) => name.replace(/^\//, ""));
      throw new OperationError(
        `cannot remove volume ${id}: ${names.join(", ") || "a container"} uses it. Remove it first (docker rm -f)`,
      );
    }
  },
};
