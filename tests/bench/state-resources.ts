import { PROJECT } from "../../cli/project";
import { resourcesIn } from "../support/stack";
import type { Benchmark } from "./benchmark";
import { STACK, withStack } from "./support/stack";

export const stateResources: Benchmark = {
  name: "state-resources",
  unit: "resources",
  goal: { value: { atMost: 90 } },
  method:
    "Resources in the state of a stack with the settings of Pulumi.dev.yaml, as Pulumi counts them: the stack itself " +
    "and components too, the providers of plugins not. A count does not vary: one sample",
  run: () =>
    withStack(async (stack) => {
      await stack.ralex("start");
      const resources = (await resourcesIn(stack.folder, PROJECT, STACK)) ?? [];
      return { own: [resources.filter(({ type }) => !type.startsWith("pulumi:providers:")).length] };
    }),
};
