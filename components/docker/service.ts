import * as docker from "@pulumi/docker";
import * as pulumi from "@pulumi/pulumi";
import { FILES_FOLDER, type Application, type Service } from "../app/model";
import type { ImageRef } from "../image/image-ref";
import type { Resolver } from "../secrets/resolver";
import type { AddressPlan } from "./addresses";
import { confinement, healthcheck, logging, type LogTarget } from "./container";
import { ServiceFiles } from "./files";
import type { Identity } from "./identity";
import { IMAGE_LABEL, replicaName, SERVICE_LABEL } from "./labels";
import { JobRun } from "./jobs";
import type { Networks } from "./network";
import { Readiness, type StartedContainer } from "./readiness";
import { Admission } from "./rotation";

export interface ServiceArgs {
  readonly service: Service;
  readonly application: Application;
  readonly identity: Identity;
  readonly image: { readonly ref: ImageRef; readonly id: pulumi.Input<string> };
  readonly networks: Networks;
  readonly plan: AddressPlan;
  readonly resolver: Resolver;
  readonly volumes: ReadonlyMap<string, docker.Volume>;
  /** Absolute folder of the checkout, for source mounts. */
  readonly checkout: string;
  readonly logTarget: LogTarget | undefined;
  /** What has to be up before the first replica, as Pulumi resources. */
  readonly after: readonly pulumi.CustomResource[];
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
  readonly ready: readonly pulumi.CustomResource[];
  /** The containers in slot order. */
  readonly containers: readonly StartedContainer[];

  constructor(
    name: string,
    private readonly args: ServiceArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ralex:docker:Service", name, {}, opts);
    const { service } = args;
    const files = service.files.length === 0 ? undefined : this.files(name);
    const ready: pulumi.CustomResource[] = [];
    const containers: StartedContainer[] = [];
    for (let slot = 0; slot < service.replicas; slot += 1) {
      const container = this.container(name, slot, files, slot === 0 ? args.after : ready.slice(-1));
      const { name: called, id } = container;
      const started = { name: called, id, pids: service.resources.pids, health: service.health };
      containers.push(started);
      ready.push(this.follow(name, slot, container, started));
    }
    this.containers = containers;
    this.ready = ready;
    this.registerOutputs({});
  }

  private files(name: string): ServiceFiles {
    const { service, resolver, identity, image } = this.args;
    return new ServiceFiles(`${name}-files`, { service, resolver, identity, image: image.id }, { parent: this });
  }

  private container(
    name: string,
    slot: number,
    files: ServiceFiles | undefined,
    after: readonly pulumi.CustomResource[],
  ): docker.Container {
    const { args } = this;
    const { service, identity } = args;
    const replica = replicaName(service, slot);
    return new docker.Container(
      `${name}-${slot}`,
      {
        name: identity.name(replica),
        hostname: replica,
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
        // A model server of the host, as Docker Desktop calls it everywhere.
        ...(service.egress ? { hosts: [{ host: "host.docker.internal", ip: "host-gateway" }] } : {}),
        ports: this.ports(),
        ...(service.health === undefined ? {} : { healthcheck: healthcheck(service.health) }),
        ...(service.kind === "job" ? { restart: "no", start: false, mustRun: false } : { restart: "unless-stopped" }),
        stopTimeout: service.stopGraceSeconds,
        destroyGraceSeconds: service.stopGraceSeconds,
        labels: identity.labelList({ [SERVICE_LABEL]: service.name, [IMAGE_LABEL]: args.image.ref.toString() }),
      },
      {
        parent: this,
        // The slot's name and address are taken until the old container is gone.
        deleteBeforeReplace: true,
        // The provider takes a change of these and does nothing.
        replaceOnChanges: ["mounts", "healthcheck", "tmpfs", "init", "rm"],
        dependsOn: [...after],
      },
    );
  }

  /** What a container needs besides itself. Returns what a dependent has to wait for. */
  private follow(
    name: string,
    slot: number,
    container: docker.Container,
    started: StartedContainer,
  ): pulumi.CustomResource {
    const { service, application } = this.args;
    if (this.args.runsLater === true) return container;
    if (service.kind === "job") return this.run(`${name}-${slot}-run`, container);
    if (service.name === application.edge.balances.service) {
      return this.admit(`${name}-${slot}-admission`, container, slot);
    }
    // Of what nobody waits for, the stack waits at its end.
    const isAwaited = application.services.some(({ dependsOn }) =>
      dependsOn.some((need) => need.service === service.name && need.condition === "healthy"),
    );
    if (!isAwaited) return container;
    const { waitSeconds } = this.args;
    return new Readiness(`${name}-${slot}-readiness`, { containers: [started], waitSeconds }, { parent: this });
  }

  private mounts(files: ServiceFiles | undefined): docker.types.input.ContainerMount[] {
    const { service, volumes, checkout } = this.args;
    const own =
      files === undefined ? [] : [{ type: "volume", source: files.volume, target: FILES_FOLDER, readOnly: true }];
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
    return [...own, ...named, ...sources];
  }

  private networks(slot: number): docker.types.input.ContainerNetworksAdvanced[] {
    const { service, application, plan, networks } = this.args;
    const ipv4Address = plan.of.get(service.name)?.[slot];
    const isolated = {
      name: networks.privateId,
      ...(ipv4Address === undefined ? {} : { ipv4Address }),
      aliases: [service.name],
    };
    // A port is published by a network that leads out.
    const leadsOut = service.egress || service.name === application.edge.service;
    return leadsOut ? [isolated, { name: networks.egressId }] : [isolated];
  }

  private ports(): docker.types.input.ContainerPort[] {
    const { service, application } = this.args;
    if (service.name !== application.edge.service) return [];
    return application.edge.listeners
      .map(({ published, port }) => ({
        internal: service.ports[port]?.number ?? 0,
        external: published,
        ip: "127.0.0.1",
        protocol: "tcp",
      }))
      .sort((a, b) => a.internal - b.internal);
  }

  private admit(name: string, container: docker.Container, slot: number): pulumi.CustomResource {
    const { service, application, identity, waitSeconds } = this.args;
    return new Admission(
      name,
      {
        service,
        slot,
        container: container.name,
        containerId: container.id,
        edge: identity.name(application.edge.service),
        waitSeconds,
      },
      { parent: this, dependsOn: [container], deleteBeforeReplace: true },
    );
  }

  private run(name: string, container: docker.Container): pulumi.CustomResource {
    return new JobRun(
      name,
      {
        container: container.name,
        containerId: container.id,
        pids: this.args.service.resources.pids,
        after: this.args.after.map(({ id }) => id),
      },
      { parent: this, dependsOn: [container] },
    );
  }
}
