import * as path from "node:path";
import type { Command } from "commander";
import { Failure } from "./failure";
import { CHART_FOLDER, DEFAULT_SECRET } from "./render/names";

interface Options {
  readonly stack: string;
  readonly existingSecret?: string;
  readonly image: readonly string[];
  readonly output?: string;
}

/** `./ralex render <form>`: a stack for people who do not use Pulumi. Needs no engine, cluster, key or network. */
export function registerRender(program: Command, checkout: string): void {
  const render = program
    .command("render")
    .description("write a stack in another form, for people who do not use Pulumi");
  render
    .command("kubernetes")
    .description("every object of a stack on a cluster, for kubectl apply; secrets come from an existing Secret")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option(
      "--existing-secret <name>",
      `Secret of the namespace that holds the secrets by their names; ralex:existingSecret, or else ${DEFAULT_SECRET}`,
    )
    .option("--image <name=ref>", "an image that neither pin nor lock has; several times", collected, [])
    .option("--output <folder>", "write a file for each object; without it, one stream to standard output")
    .action(async (options: Options) => {
      const { renderKubernetes } = await import("./render/kubernetes");
      const { documentStream, writeDocuments } = await import("./render/documents");
      const { objects, omissions } = renderKubernetes(checkout, options);
      for (const omission of omissions) console.error(omission);
      if (options.output === undefined) process.stdout.write(documentStream(objects));
      else {
        writeDocuments(options.output, objects);
        console.error(`wrote ${objects.length} objects into ${options.output}`);
      }
    });
  render
    .command("compose")
    .description("a stack on a Docker Engine as a Compose file; secrets are files in a folder beside it")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option("--image <name=ref>", "an image that neither pin nor lock has; several times", collected, [])
    .action(async (options: Options) => {
      const { renderCompose } = await import("./targets/compose");
      const { document: text } = await import("./render/documents");
      const { document, secrets, omissions } = renderCompose(checkout, options);
      for (const omission of omissions) console.error(omission);
      console.error(`it expects these files in the folder secrets beside it: ${secrets.join(", ")}`);
      process.stdout.write(text(document));
    });
  render
    .command("helm")
    .description("the Helm chart charts/ralex, for any stack on a cluster")
    .option("--check", "write nothing; exit code 1 when the chart is out of date")
    .option("--output <folder>", "where the chart is", path.join(checkout, CHART_FOLDER))
    .action(async ({ check, output }: { check?: true; output: string }) => {
      const { chartFiles, staleFiles, writeChart } = await import("./render/chart");
      const files = chartFiles(checkout);
      if (check !== true) {
        const written = writeChart(output, files);
        console.log(written.length === 0 ? "the chart is up to date" : `wrote ${written.length} files of the chart`);
        return;
      }
      const stale = staleFiles(output, files);
      if (stale.length > 0) throw new Failure(`out of date: ${stale.join(", ")}; run ./ralex render helm`);
      console.log("the chart is up to date");
    });
  render
    .command("helm-values")
    .description("the values with which the chart is a stack's release, from its file and pin")
    .requiredOption("-s, --stack <stack>", "the environment")
    .option(
      "--existing-secret <name>",
      "Secret of the namespace that holds the secrets; without it or ralex:existingSecret, a hook makes one",
    )
    .option("--image <name=ref>", "an image that neither pin nor lock has; several times", collected, [])
    .action(async (options: Options) => {
      const { helmValues } = await import("./render/values");
      const { text, fixed } = helmValues(checkout, options);
      if (fixed.length > 0) console.error(`the chart leaves these settings at their defaults: ${fixed.join(", ")}`);
      process.stdout.write(text);
    });
}

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];
