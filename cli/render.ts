import type { Command } from "commander";

interface Options {
  readonly stack: string;
  readonly existingSecret: string;
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
    .option("--existing-secret <name>", "Secret of the namespace that holds the secrets by their names", "ralex")
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
}

const collected = (value: string, before: readonly string[]): readonly string[] => [...before, value];
