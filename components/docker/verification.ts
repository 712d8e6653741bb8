import * as path from "node:path";
import * as command from "@pulumi/command";
import * as pulumi from "@pulumi/pulumi";
import { z } from "zod";
import type { Verification as Result } from "../app/outputs";
import type { ImageRef } from "../image/image-ref";
import type { DockerService } from "./service";
import { quote } from "./shell";

const PROGRAM = path.join(__dirname, "verify.mjs");

const RESULT = z.strictObject({
  passed: z.boolean(),
  at: z.string(),
  checks: z.array(z.strictObject({ name: z.string(), passed: z.boolean(), detail: z.string() })),
});

export interface VerificationArgs {
  /** Everything that runs, with the image that it is to run. */
  readonly services: readonly { readonly made: DockerService; readonly image: ImageRef }[];
  /** The job with the checks, made and not started. */
  readonly probe: DockerService;
}

/** What `./ralex verify` asks again, without an update. */
export interface VerificationInput {
  readonly probe: string;
  readonly containers: Readonly<Record<string, string>>;
}

/** Shell text that reads a {@link VerificationInput} and writes the result. */
export const VERIFY_COMMAND = `node ${quote(PROGRAM)}`;

/**
 * The deployment's own checks after it is up. They run again when a container is a new one, that is after any change of
 * an image or a setting; failing, they fail the update, and the result before stays.
 */
export class Verification extends pulumi.ComponentResource {
  /** Computed from what the checks wrote, and from nothing else. */
  readonly result: pulumi.Output<Result>;

  constructor(name: string, args: VerificationArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ralex:docker:Verification", name, {}, opts);
    const services = [...args.services];
    const containers = Object.fromEntries(
      services.flatMap(({ made, image }) => made.containerNames.map((container) => [container, image.toString()])),
    );
    const input: VerificationInput = { probe: args.probe.containerNames[0] ?? "", containers };
    const checked = new command.local.Command(
      `${name}-checks`,
      {
        create: VERIFY_COMMAND,
        stdin: JSON.stringify(input),
        triggers: [
          pulumi.all([args.probe, ...services.map(({ made }) => made)].map(({ containerIds }) => containerIds)),
        ],
        logging: command.local.Logging.Stderr,
      },
      { parent: this, dependsOn: [...args.probe.ready, ...services.flatMap(({ made }) => [...made.ready])] },
    );
    this.result = checked.stdout.apply((text) => RESULT.parse(JSON.parse(text)));
    this.registerOutputs({ result: this.result });
  }
}

/** What was never checked. */
export const UNVERIFIED: Result = { passed: false, at: null, checks: [] };
