import * as command from "@pulumi/command";
import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import type { Application, Service } from "../app/model";
import type { ImageRef } from "../image/image-ref";
import type { AddressPlan } from "./addresses";
import { confinement, healthcheck, logging, type LogTarget } from "./container";
import { ServiceFiles } from "./files";
import { containerNames, IMAGE_LABEL, labelsOf, SERVICE_LABEL, type Identity } from "./identity";
import type { Networks } from "./network";
import type { Resolver } from "./resolve";
import { admitCommand, drainCommand, type Replica } from "./rotation";

export interface ServiceArgs {
  readonly service: Service;
  readonly application: Application;
  readonly identity: Identity;
  readonly image: { readonly ref: ImageRef; readonly id: pulumi.Input<string> };
  readonly networks: Networks;
  readonly plan: AddressPlan;
  readonly resolver: Resolver;
  readonly volumes: ReadonlyMap<string, docker.Volume>;
  /** Absolute folder for the files of the stack's services. */
  readonly filesFolder: string;
  /** Absolute folder of the checkout, for source mounts. */
  readonly checkout: string;
  readonly logTarget: LogTarget | undefined;
  /** What has to be up before the first replica, as Pulumi resources. */
  readonly after: readonly pulumi.Resource[];
  /** How long a replica may take to become healthy. */
  readonly waitSeconds: number;
  /** A job that somebody else runs: its container is made, and that is all. */
  readonly runsLater?: true;
}

/**
 * One service as containers in fixed slots. Slots are replaced one after the other, each once the one before it is
 * ready, so that the others go on answering.
 */
export class DockerService extends pulumi.ComponentResource {
  /** What a dependent waits for: every replica healthy, or the job done with exit code 0. */
  readonly ready: readonly pulumi.Resource[];
  readonly containerNames: readonly string[];
  /** Docker's ids, which change with anything that a container is made from. */
  readonly containerIds: pulumi.Output<string[]>;

  constructor(
    name: string,
    private readonly args: ServiceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ralex:docker:Service", name, {}, opts);
    const { service } = args;
    const files = new ServiceFiles(
      `${name}-files`,
      { service, resolver: args.resolver, folder: args.filesFolder },
      { parent: this },
    );
    const ready: pulumi.Resource[] = [];
    const containers: docker.Container[] = [];
    for (let slot = 0; slot < service.replicas; slot += 1) {
      const container = this.container(name, slot, files, slot === 0 ? args.after : ready.slice(-1));
      containers.push(container);
      ready.push(this.follow(name, slot, container));
    }
    this.containerNames = containerNames(args.identity.prefix, service.name, service.replicas);
    this.containerIds = pulumi.all(containers.map(({ id }) => id));
    this.ready = ready;
    this.registerOutputs({ containerNames: this.containerNames, containerIds: this.containerIds });
  }

  private containerName(slot: number): string {
    const { service, identity } = this.args;
    return containerNames(identity.prefix, service.name, service.replicas)[slot] ?? "";
  }

  private container(
    name: string,
    slot: number,
    files: ServiceFiles,
    after: readonly pulumi.Resource[],
  ): docker.Container {
    const { args } = this;
    const { service } = args;
    return new docker.Container(
      `${name}-${slot}`,
      {
        name: this.containerName(slot),
        hostname: service.replicas > 1 ? `${service.name}-${slot}` : service.name,
        image: args.image.id,
        ...(service.entrypoint === undefined ? {} : { entrypoints: [...service.entrypoint] }),
        ...(service.command === undefined ? {} : { command: service.command.map((part) => args.resolver.text(part)) }),
        envs: Object.entries(service.environment)
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, value]) => args.resolver.text(value).apply((text) => `${key}=${text}`)),
        ...confinement(service),
        ...logging(service, args.logTarget),
        mounts: this.mounts(files),
        networksAdvanced: this.networks(slot),
        ports: this.ports(),
        ...(service.health === undefined ? {} : { healthcheck: healthcheck(service.health) }),
        ...(service.kind === "job"
          ? { restart: "no", start: false, mustRun: false }
          : { restart: "unless-stopped", wait: service.health !== undefined, waitTimeout: args.waitSeconds }),
        stopTimeout: service.stopGraceSeconds,
        destroyGraceSeconds: service.stopGraceSeconds,
        labels: files.hash.apply((hash) =>
          labelsOf(args.identity, {
            [SERVICE_LABEL]: service.name,
            "ralex.files": hash,
            [IMAGE_LABEL]: args.image.ref.toString(),
          }),
        ),
      },
      // The slot's name and address are taken until the old container is gone.
      { parent: this, deleteBeforeReplace: true, dependsOn: [files.written, ...after] },
    );
  }

  /** What a container needs besides itself. Returns what a dependent has to wait for. */
  private follow(name: string, slot: number, container: docker.Container): pulumi.Resource {
    const { service, application } = this.args;
    // The limit has to be there before whoever runs it starts it.
    if (this.args.runsLater === true) return this.limitProcesses(`${name}-${slot}-pids`, container, slot);
    if (service.kind === "job") return this.run(`${name}-${slot}-run`, container, slot);
    if (service.name === application.edge.balances.service) {
      return this.rotate(`${name}-${slot}-rotation`, container, slot);
    }
    this.limitProcesses(`${name}-${slot}-pids`, container, slot);
    return container;
  }

  private mounts(files: ServiceFiles) {
    const { service, volumes, checkout } = this.args;
    const named = service.volumes.map(({ volume, path }) => ({
      type: "volume",
      source: volumes.get(volume)?.name ?? volume,
      target: path,
      readOnly: false,
    }));
    const source = service.source === undefined ? [] : [service.source];
    const sources = source.map(({ source: from, path }) => ({
      type: "bind",
      source: `${checkout}/${from}`,
      target: path,
      readOnly: true,
    }));
    return files.mounts.apply((mounts) => [...mounts, ...named, ...sources]);
  }

  private networks(slot: number): docker.types.input.ContainerNetworksAdvanced[] {
    const { service, plan, networks } = this.args;
    const ipv4Address = plan.of.get(service.name)?.[slot];
    const isolated = {
      name: networks.privateName,
      ...(ipv4Address === undefined ? {} : { ipv4Address }),
      aliases: [service.name],
    };
    return service.egress ? [isolated, { name: networks.egressName }] : [isolated];
  }

  private ports(): docker.types.input.ContainerPort[] {
    const { service, application } = this.args;
    if (service.name !== application.edge.service) return [];
    return application.edge.listeners.map(({ published, port }) => ({
      internal: service.ports[port]?.number ?? 0,
      external: published,
      ip: "127.0.0.1",
      protocol: "tcp",
    }));
  }

  /**
   * The replica's place in the edge's rotation. Pulumi deletes it before the container that it is triggered by, and
   * makes it after: so the replica is drained first and gets requests when it is ready.
   */
  private rotate(name: string, container: docker.Container, slot: number): pulumi.Resource {
    const { service, application, identity, waitSeconds } = this.args;
    const replica: Replica = {
      service,
      container: this.containerName(slot),
      edge: `${identity.prefix}-${application.edge.service}`,
      slot,
      waitSeconds,
    };
    return new command.local.Command(
      name,
      {
        create: `${this.processLimit(slot)} && ${admitCommand(replica)}`,
        ...(service.replicas > 1 ? { delete: drainCommand(replica) } : {}),
        triggers: [container.id, service.resources.pids],
        logging: command.local.Logging.Stderr,
      },
      { parent: this, dependsOn: [container], deleteBeforeReplace: true },
    );
  }

  /** The provider has no limit on processes, so it is set on the made container; Docker keeps it over every start. */
  private processLimit(slot: number): string {
    return `docker update --pids-limit ${this.args.service.resources.pids} ${this.containerName(slot)} > /dev/null`;
  }

  private limitProcesses(name: string, container: docker.Container, slot: number): pulumi.Resource {
    return new command.local.Command(
      name,
      {
        create: this.processLimit(slot),
        triggers: [container.id, this.args.service.resources.pids],
        logging: command.local.Logging.Stderr,
      },
      { parent: this, dependsOn: [container] },
    );
  }

  /**
   * Runs the job's container to its end. Not the container resource itself: a job that failed has to fail the update,
   * and to run again in the next one.
   */
  private run(name: string, container: docker.Container, slot: number): pulumi.Resource {
    return new command.local.Command(
      name,
      {
        create: `${this.processLimit(slot)} && docker start --attach ${this.containerName(slot)}`,
        triggers: [container.id],
        logging: command.local.Logging.Stderr,
      },
      { parent: this, dependsOn: [container] },
    );
  }
}
