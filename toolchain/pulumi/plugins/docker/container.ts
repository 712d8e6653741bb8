import type { Container } from "dockerode";
import { OperationError, type Call, type ResourceKind } from "../support/plugin";
import type { Values } from "../support/wire";
import { adjustable, createOptions, endpoint } from "./container-spec";
import { problems } from "./container-check";
import { ACCEPTS, SETS, UPDATES } from "./container-inputs";
import { COMPUTED, planOf } from "./container-plan";
import { run } from "./container-run";
import { stateOf } from "./container-state";
import { engine, explain, explained, isConflict, isGone, unlessGone } from "./engine";
import { flag, number, objects, text } from "../support/inputs";
import { labels, sameOwner } from "./labels";

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

/**
 * Puts the container on its own networks, and takes it off the default one.
 * Source: resource_docker_container_funcs.go, resourceDockerContainerCreate.
 */
async function join(made: Container, inputs: Values): Promise<void> {
  const networks = objects(inputs, "networksAdvanced");
  if (networks.length === 0) return;
  try {
    await engine().getNetwork("bridge").disconnect({ Container: made.id });
  } catch (error) {
    if (!/is not connected to (the )?network bridge/i.test(String(error))) throw error;
  }
  for (const network of networks) {
    const target = engine().getNetwork(text(network, "name") ?? "");
    await target.connect({ Container: made.id, EndpointConfig: endpoint(network) });
  }
}

export const container: ResourceKind = {
  accepts: ACCEPTS,
  updates: UPDATES,
  itemUpdates: ["mounts"],
  computedInputs: COMPUTED,
  sets: SETS,
  nameInput: "name",
  // pulumi/pulumi-docker, provider/resources.go, docker_container: DeleteBeforeReplace.
  deleteFirst: true,
  taintedOutputs: ["containerLogs"],

  check: (inputs, old) => ({ inputs, failures: problems(inputs, old) }),

  plan: planOf,

  async create(inputs, call) {
    const doing = `cannot create container ${text(inputs, "name")}`;
    const made = await explained(doing, () => make(inputs, call));
    try {
      await explained(doing, () => join(made, inputs));
      const known = await run(made.id, inputs, call);
      const found = await unlessGone(doing, () => made.inspect());
      return { id: made.id, outputs: { ...(found && stateOf(found, planOf(inputs, {}))), ...known } };
    } catch (error) {
      // What could not start is no use to anyone; the error has its last words.
      await made.remove({ force: true, v: true }).catch(() => undefined);
      throw explain(error, doing);
    }
  },

  async read({ id, inputs, outputs }) {
    const found = await unlessGone(`cannot look at container ${id}`, () => engine().getContainer(id).inspect());
    // A job that removes itself is done, not gone.
    if (found === undefined) return flag(inputs, "rm") && flag(inputs, "attach") ? outputs : undefined;
    return stateOf(found, outputs);
  },

  async update({ id, outputs: old }, inputs, call) {
    const doing = `cannot update container ${text(inputs, "name")}`;
    const isStarted = flag(old, "mustRun") === false && flag(inputs, "mustRun") !== false;
    if (isStarted) await run(id, inputs, call);
    if (JSON.stringify(adjustable(old)) !== JSON.stringify(adjustable(inputs))) {
      await explained(doing, () => engine().getContainer(id).update(adjustable(inputs)));
    }
    // Other inputs are taken and nothing is done for them, as in resourceDockerContainerUpdate.
    return {};
  },

  async delete({ id, inputs }) {
    const target = engine().getContainer(id);
    try {
      if (flag(inputs, "attach") !== true) {
        // 304 is the engine's answer for one that is stopped already. Without a grace there is none, stopTimeout or not:
        // resource_docker_container_funcs.go, resourceDockerContainerDelete.
        const t = number(inputs, "destroyGraceSeconds") ?? 0;
        await target.stop({ t }).catch((error: { statusCode?: number }) => {
          if (error.statusCode !== 304) throw error;
        });
      }
      await target.remove({ force: true, v: flag(inputs, "removeVolumes") ?? true });
    } catch (error) {
      // A removal that is under way already (rm: true) answers with a conflict.
      const isUnderWay = isConflict(error) && /removal .* in progress/.test(String(error));
      if (!isGone(error) && !isUnderWay) throw explain(error, `cannot remove container ${text(inputs, "name") ?? id}`);
    }
  },
};
