import { OperationError, type ResourceKind } from "../support/plugin";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { map, text } from "../support/inputs";
import { labelDrift, labels } from "./labels";

export const volume: ResourceKind = {
  accepts: ["name", "driver", "driverOpts", "labels"],
  updates: [],
  sets: ["labels"],
  nameInput: "name",

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
    return { id: name, outputs: { mountpoint: found.Mountpoint } };
  },

  async read({ id, inputs }) {
    const found = await unlessGone(`cannot look at volume ${id}`, () => engine().getVolume(id).inspect());
    if (found === undefined) return undefined;
    return { inputs: labelDrift(inputs, found.Labels ?? {}), outputs: { mountpoint: found.Mountpoint } };
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
