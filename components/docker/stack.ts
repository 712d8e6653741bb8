import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import type { Service } from "../app/model";
import { UNVERIFIED, type Verification as VerificationResult } from "../app/outputs";
import { Certificates } from "../secrets/certificates";
import { Resolver } from "../secrets/resolver";
import { Secrets } from "../secrets/secrets";
import { imageOf, TargetStack, type TargetStackArgs } from "../target-stack";
import { addressText, planAddresses } from "./addresses";
import type { LogTarget } from "./container";
import { Identity } from "./identity";
import { identityName } from "./labels";
import { Images } from "./images";
import { Networks } from "./network";
import { MACHINE_NAMES } from "./placement";
import { Readiness } from "./readiness";
import { DockerService, type ServiceArgs } from "./service";
import { Verification } from "./verification";
import { VolumeOwners } from "./volume-owners";

export interface DockerStackArgs extends TargetStackArgs {
  /** Absolute folder of the checkout. */
  readonly checkout: string;
}

/** Ralex on one Docker Engine: the equivalent of a Compose file, with health, order, limits and secrets as files. */
export class DockerStack extends TargetStack {
  constructor(
    name: string,
    private readonly args: DockerStackArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    // What holds data keeps its identity in states that know the stack by its earlier type.
    const earlier = { aliases: [{ type: "ralex:docker:LocalStack" }] };
    super("ralex:docker:Stack", name, {}, pulumi.mergeOptions(earlier, opts));
    const { application, settings } = args;
    const parent = { parent: this };
    const identity = this.identity(name);
    const plan = planAddresses(application, settings.subnet);

    const certificates = new Certificates(`${name}-tls`, MACHINE_NAMES, parent);
    const secrets = new Secrets(
      `${name}-secrets`,
      { sources: application.secrets, settings: args.secretSettings, certificates },
      parent,
    );
    const networks = new Networks(`${name}-network`, { identity, plan }, parent);
    const volumes = this.volumes(name, identity);
    let verification = pulumi.output(UNVERIFIED);
    if (settings.running) {
      const images = new Images(`${name}-image`, { refs: args.images }, parent);
      const resolver = new Resolver((ref) => addressText(ref, application, plan), secrets);
      const argsOf = (service: Service, after: readonly pulumi.CustomResource[]) => ({
        service,
        application,
        identity,
        image: { ref: imageOf(args.images, service), id: images.ids[service.image] ?? "" },
        networks,
        plan,
        resolver,
        volumes,
        checkout: args.checkout,
        logTarget: this.logTarget(service, plan.of),
        after,
        waitSeconds: settings.waitSeconds,
      });
      const owners = this.volumeOwners(name, volumes, images);
      const services = this.start(name, argsOf, owners);
      const ready = this.settle(name, services);
      if (application.probe !== undefined) {
        verification = this.verify(name, argsOf, application.probe, services, ready);
      }
    }

    this.publish(args, { access: { secrets, certificates }, verification });
  }

  private identity(name: string): Identity {
    return new Identity(
      new random.RandomId(
        identityName(name),
        { byteLength: 4, keepers: { stack: pulumi.getStack() } },
        // A renamed stack keeps the names of its volumes.
        { parent: this, protect: true, ignoreChanges: ["keepers"] },
      ),
    );
  }

  /** Nothing that a setting, a path or a new name changes may replace what holds data. */
  private volumes(name: string, identity: Identity): ReadonlyMap<string, docker.Volume> {
    return new Map(
      this.args.application.volumes.map(({ name: volume }) => [
        volume,
        new docker.Volume(
          `${name}-volume-${volume}`,
          { name: identity.name(volume), labels: identity.labelList() },
          { parent: this, protect: true, ignoreChanges: ["name", "labels", "driver", "driverOpts"] },
        ),
      ]),
    );
  }

  private volumeOwners(name: string, volumes: ReadonlyMap<string, docker.Volume>, images: Images): VolumeOwners {
    const services = this.args.application.services.filter((service) => service.volumes.length > 0);
    const owned = services.flatMap(({ user, volumes: mounts }) =>
      mounts.map(({ volume }) => ({ volume: volumes.get(volume)?.name ?? volume, user })),
    );
    const image = images.ids[services[0]?.image ?? ""] ?? "";
    return new VolumeOwners(`${name}-volume-owners`, { volumes: owned, image }, { parent: this });
  }

  /** Everything that runs; jobs are limited by whoever runs them, before that. */
  private settle(name: string, started: ReadonlyMap<string, DockerService>): Readiness {
    const services = this.args.application.services.filter(({ kind }) => kind === "service");
    const containers = services.flatMap((service) => started.get(service.name)?.containers ?? []);
    const { waitSeconds } = this.args.settings;
    // Admitted replicas are waited for already: two who ask them at once would tell of one fault twice.
    const dependsOn = services.flatMap((service) => started.get(service.name)?.ready ?? []);
    return new Readiness(
      `${name}-readiness`,
      { containers, waitSeconds },
      { parent: this, dependsOn, aliases: [{ name: `${name}-limits`, type: "ralex:docker:ProcessLimits" }] },
    );
  }

  /** Starts every service after what it depends on. The log store is first, so that no line of the others is lost. */
  private start(
    name: string,
    argsOf: (service: Service, after: readonly pulumi.CustomResource[]) => ServiceArgs,
    owners: VolumeOwners,
  ): ReadonlyMap<string, DockerService> {
    const { services, logs } = this.args.application;
    const byName = new Map(services.map((service) => [service.name, service]));
    const started = new Map<string, DockerService>();
    const start = (service: Service): DockerService => {
      const existing = started.get(service.name);
      if (existing !== undefined) return existing;
      const needs = service.dependsOn.map(({ service: other }) => other);
      if (logs !== undefined && service.name !== logs.service) needs.push(logs.service);
      const after = needs.flatMap((need) => {
        const needed = byName.get(need);
        return needed === undefined ? [] : start(needed).ready;
      });
      // Its first container would find the volume as Docker made it.
      const first = service.volumes.length > 0 ? [owners, ...after] : after;
      const made = new DockerService(`${name}-${service.name}`, argsOf(service, first), { parent: this });
      started.set(service.name, made);
      return made;
    };
    services.forEach(start);
    return started;
  }

  /** Jobs are over by then: what they had to do, the services show. */
  private verify(
    name: string,
    argsOf: (service: Service, after: readonly pulumi.CustomResource[]) => ServiceArgs,
    probe: Service,
    started: ReadonlyMap<string, DockerService>,
    ready: Readiness,
  ): pulumi.Output<VerificationResult> {
    const services = this.args.application.services.filter(({ kind }) => kind === "service");
    const [job] = new DockerService(`${name}-probe`, { ...argsOf(probe, []), runsLater: true }, { parent: this })
      .containers;
    if (job === undefined) throw new Error("the probe has no container");
    const containers = services.flatMap((service) =>
      (started.get(service.name)?.containers ?? []).map((container) => ({
        name: container.name,
        id: container.id,
        image: imageOf(this.args.images, service).toString(),
      })),
    );
    const { id, name: jobName, pids } = job;
    const args = { containers, probe: { name: jobName, id, pids } };
    return new Verification(`${name}-checks`, args, { parent: this, dependsOn: ready }).result;
  }

  private logTarget(service: Service, addresses: ReadonlyMap<string, readonly string[]>): LogTarget | undefined {
    const { logs, services } = this.args.application;
    // The store cannot be where its own complaints go.
    if (logs === undefined || service.name === logs.service) return undefined;
    const store = services.find(({ name }) => name === logs.service);
    const address = addresses.get(logs.service)?.[0];
    const port = store?.ports[logs.port]?.number;
    if (address === undefined || port === undefined) return undefined;
    return { address: `${address}:${port}` };
  }
}
