/** What the stacks of all targets have in common: what they are made from, and what they put out. */
import * as pulumi from "@pulumi/pulumi";
import type { Application, Service } from "./app/model";
import type { Release, RunningService, TargetOutputs, Verification } from "./app/outputs";
import type { Placement } from "./app/placement";
import type { ImageRef } from "./image/image-ref";
import type { Certificates } from "./secrets/certificates";
import type { Secrets } from "./secrets/secrets";
import type { Settings } from "./settings/schema";

export interface TargetStackArgs {
  readonly application: Application;
  /** What the application was described for. */
  readonly placement: Placement;
  readonly settings: Settings;
  /** Values of the secret settings that are set. */
  readonly secretSettings: Readonly<Record<string, pulumi.Input<string>>>;
  readonly release: Release;
  /** Every image that the application names, and the one that composes files where the target does that. */
  readonly images: Readonly<Record<string, ImageRef>>;
  readonly substitutes: readonly string[];
}

/** What gives people access, made by the stack itself. */
export interface OwnSecrets {
  readonly secrets: Secrets;
  readonly certificates: Certificates;
}

/** Where it is otherwise: for each output that the stack then lacks the command that prints its value. */
export interface SecretsElsewhere {
  readonly elsewhere: Readonly<Record<string, string>>;
}

/** What a stack has made by the time when its outputs are known. */
export interface Made {
  readonly access: OwnSecrets | SecretsElsewhere;
  readonly verification: pulumi.Output<Verification>;
}

/** Ralex on a target. The constructor of each makes everything, and publishes it at its end. */
export abstract class TargetStack extends pulumi.ComponentResource implements TargetOutputs {
  declare readonly webUrl: pulumi.Output<string>;
  declare readonly apiUrl: pulumi.Output<string>;
  declare readonly tlsUrl: pulumi.Output<string>;
  declare readonly apiKey?: pulumi.Output<string>;
  declare readonly adminEmail: pulumi.Output<string>;
  declare readonly adminPassword?: pulumi.Output<string>;
  declare readonly operatorPassword?: pulumi.Output<string>;
  declare readonly caCertificate?: pulumi.Output<string>;
  declare readonly elsewhere?: pulumi.Output<Readonly<Record<string, string>>>;
  declare readonly release: pulumi.Output<Release>;
  declare readonly verification: pulumi.Output<Verification>;
  declare readonly services: pulumi.Output<Readonly<Record<string, RunningService>>>;
  declare readonly substitutes: pulumi.Output<readonly string[]>;
  declare readonly omissions: pulumi.Output<readonly string[]>;

  private _outputs: Readonly<Record<string, pulumi.Output<unknown>>> = {};

  /** Every output by its name, for the program to hand on. */
  get outputs(): Readonly<Record<string, pulumi.Output<unknown>>> {
    return this._outputs;
  }

  /** Sets and registers every output. @param more - what this target has beside those of all. */
  protected publish(
    args: TargetStackArgs,
    { access, verification }: Made,
    more: Readonly<Record<string, pulumi.Output<unknown>>> = {},
  ): void {
    const { application, placement, settings } = args;
    const { urls } = placement;
    const outputs = {
      webUrl: pulumi.output(urls.web[0] ?? ""),
      apiUrl: pulumi.output(`${urls.api[0]}/v1`),
      tlsUrl: pulumi.output(urls.tls[0] ?? ""),
      adminEmail: pulumi.output(settings.adminEmail),
      ...accessOutputs(access),
      release: pulumi.output(args.release),
      verification,
      services: pulumi.output(runningServices(args)),
      substitutes: pulumi.output(args.substitutes),
      omissions: pulumi.output(application.omissions),
      ...more,
    };
    Object.assign(this, outputs);
    this._outputs = outputs;
    this.registerOutputs(outputs);
  }
}

function accessOutputs(access: OwnSecrets | SecretsElsewhere): Readonly<Record<string, pulumi.Output<unknown>>> {
  if ("elsewhere" in access) return { elsewhere: pulumi.output(access.elsewhere) };
  const { secrets, certificates } = access;
  return {
    apiKey: secrets.get("apiKey", "value"),
    adminPassword: secrets.get("adminPassword", "value"),
    operatorPassword: secrets.get("operatorPassword", "value"),
    caCertificate: certificates.caCertificate,
  };
}

/** @throws Error for something whose image is not given: a fault of the program. */
export function imageOf(
  images: Readonly<Record<string, ImageRef>>,
  service: Pick<Service, "name" | "image">,
): ImageRef {
  const image = images[service.image];
  if (image === undefined) throw new Error(`service ${service.name} runs image ${service.image}, which is not given`);
  return image;
}

function runningServices({ application, images, settings }: TargetStackArgs): Record<string, RunningService> {
  const { services, logs } = application;
  const running = [
    ...services.filter(({ kind }) => kind === "service"),
    // One on every machine: how many that are, the platform knows.
    ...(logs?.collector === undefined ? [] : [{ ...logs.collector, replicas: 1 }]),
  ];
  return Object.fromEntries(
    running.map((service) => [
      service.name,
      { image: imageOf(images, service).toString(), replicas: settings.running ? service.replicas : 0 },
    ]),
  );
}
