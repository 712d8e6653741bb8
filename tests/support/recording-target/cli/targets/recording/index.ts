/** What the commands ask of target `recording`: every question is a line of `.ralex/recording.jsonl`. */
import * as fs from "node:fs";
import { recordedOutputs } from "../../../../../../cli/backend/resources";
import type { Outputs } from "../../../../../../cli/outputs";
import { PROJECT } from "../../../../../../cli/project";
import { dockerPlacement } from "../../../../../../components/docker/placement";
import type { Target } from "../../../../../../cli/targets/target";
import type { Workspace } from "../../../../../../cli/workspace";

/** Its description is that of a Docker Engine: what is recorded is not run. */
export const placement = dockerPlacement;

export function open(workspace: Workspace): Target {
  const asked = (question: keyof Target, stack: string): void =>
    fs.appendFileSync(workspace.path("recording.jsonl"), `${JSON.stringify({ question, stack })}\n`);
  const answer =
    <T>(question: keyof Target, value: T) =>
    (stack: string): Promise<T> => {
      asked(question, stack);
      return Promise.resolve(value);
    };
  return {
    preflight: answer("preflight", undefined),
    sweep: answer("sweep", undefined),
    isDamaged: answer("isDamaged", false),
    differences: answer("differences", []),
    inspect: answer("inspect", []),
    explain: answer("explain", []),
    data: answer("data", [{ name: "record", size: "nothing" }]),
    report: answer("report", ["upstreams    are not asked by a target that runs nothing"]),
    async instances(stack) {
      asked("instances", stack);
      // A command that reads only has no Pulumi to ask.
      const outputs = (await recordedOutputs(workspace, PROJECT, stack)) as Partial<Outputs> | undefined;
      return Object.entries(outputs?.services ?? {}).flatMap(([service, { image, replicas }]) =>
        Array.from({ length: replicas }, (_, slot) => ({
          ...{ name: `${service} ${slot}`, service, state: "written down", health: "healthy" as const, image },
        })),
      );
    },
    verify(stack, services) {
      asked("verify", stack);
      const checks = [
        { name: "what is to run is written down", passed: true, detail: Object.keys(services).join(", ") },
      ];
      return Promise.resolve({ passed: true, at: new Date().toISOString(), checks });
    },
    absent: () => Promise.resolve({}),
    logs(stack, service, { lines }) {
      asked("logs", stack);
      console.log(`${service} has written nothing, of which these are the last ${lines} lines`);
      return Promise.resolve();
    },
  };
}
