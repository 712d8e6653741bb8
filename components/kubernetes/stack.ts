import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Service } from "../app/model";
import { UNVERIFIED, type Verification as VerificationResult } from "../app/outputs";
import { Certificates } from "../secrets/certificates";
import { Resolver } from "../secrets/resolver";
import { Secrets } from "../secrets/secrets";
import { imageOf, TargetStack, type TargetStackArgs } from "../target-stack";
import { Cluster } from "./cluster";
import { PublicEdge } from "./edge";
import { ServiceFiles } from "./files-resources";
import { hashOf } from "./hash";
import { logCollectorOf } from "./log-collector";
import { labels, namespaceOf, serviceText } from "./names";
import { Namespace } from "./namespace";
import { Observability } from "./observability";
import { certificateNames } from "./placement";
import { podTemplate } from "./pod";
import { KubernetesService } from "./service";
import { Verification } from "./verification";
import { jobSpec, orderedJob } from "./workload";

export interface KubernetesStackArgs extends TargetStackArgs {
  /** Name of the Pulumi stack. */
  readonly stack: string;
}

/** What runs by the time when it is verified. */
interface Running {
  readonly started: ReadonlyMap<string, KubernetesService>;
  readonly observability: Observability | undefined;
}

/** Ralex in a namespace of a Kubernetes cluster; what has access to the nodes is in another one. */
export class KubernetesStack extends TargetStack {
  readonly namespace: pulumi.Output<string>;
  /** Names of the namespaces whose pods have access to the nodes. */
  readonly hostAccessNamespaces: pulumi.Output<readonly string[]>;

  constructor(
    name: string,
    private readonly args: KubernetesStackArgs,
    opts?: pulumi.ComponentResourceOptions,
  ) {
    super("ralex:kubernetes:Stack", name, {}, opts);
    const { application, settings, stack } = args;
    const context = settings.kubeContext ?? "";
    const namespace = namespaceOf(stack, settings.namespace);
    const cluster = new Cluster(`${name}-cluster`, { context }, { parent: this });
    const certificates = new Certificates(`${name}-tls`, certificateNames(settings), { parent: this });
    const secrets = new Secrets(
      `${name}-secrets`,
      { sources: application.secrets, settings: args.secretSettings, certificates },
      { parent: this },
    );
    const provider = new k8s.Provider(
      `${name}-kubernetes`,
      // Files change in place, and the pods that read them are replaced by their hash: a file is never missing meanwhile.
      { context, namespace, enableServerSideApply: true, enableConfigMapMutable: true, enableSecretMutable: true },
      { parent: this, dependsOn: [cluster] },
    );
    const inside = { parent: this, providers: { kubernetes: provider } };
    const place = new Namespace(`${name}-namespace`, { stack, namespace, application, settings }, inside);
    let verification = pulumi.output(UNVERIFIED);
    let observability: Observability | undefined;
    if (settings.running) {
      const resolver = new Resolver((ref) => serviceText(ref, application), secrets);
      observability = this.observe(name, namespace, inside);
      const started = this.start(name, resolver, place.resources, inside);
      const edge = new PublicEdge(
        `${name}-public`,
        { stack, application, settings, certificates },
        { ...inside, dependsOn: [...place.resources] },
      );
      if (application.probe !== undefined) {
        const ready = [...started.values(), ...(observability === undefined ? [] : [observability])];
        const after = [...ready.map((one) => one.ready), edge];
        const running = { started, observability };
        verification = this.verify(name, application.probe, resolver, running, { ...inside, dependsOn: after });
      }
    }

    this.namespace = pulumi.output(namespace);
    this.hostAccessNamespaces = pulumi.output(observability === undefined ? [] : [observability.namespace]);
    this.publish(
      args,
      { secrets, certificates, verification },
      { namespace: this.namespace, hostAccessNamespaces: this.hostAccessNamespaces },
    );
  }

  /** Before the services, whose first lines are of the most use when one of them does not come up. */
  private observe(
    name: string,
    namespace: string,
    options: pulumi.ComponentResourceOptions,
  ): Observability | undefined {
    const { application, images, settings, stack } = this.args;
    const collector = logCollectorOf(application);
    if (collector === undefined) return undefined;
    const { imagePullSecret, waitSeconds } = settings;
    const image = imageOf(images, collector);
    return new Observability(
      `${name}-observability`,
      { stack, namespace, collector, image, imagePullSecret, waitSeconds },
      options,
    );
  }

  /** Starts every service after what it depends on. */
  private start(
    name: string,
    resolver: Resolver,
    place: readonly pulumi.Resource[],
    options: pulumi.ComponentResourceOptions,
  ): ReadonlyMap<string, KubernetesService> {
    const { application, images, settings, stack } = this.args;
    const byName = new Map(application.services.map((service) => [service.name, service]));
    const started = new Map<string, KubernetesService>();
    const start = (service: Service): KubernetesService => {
      const existing = started.get(service.name);
      if (existing !== undefined) return existing;
      const after = service.dependsOn.flatMap(({ service: need }) => {
        const needed = byName.get(need);
        return needed === undefined ? [] : [start(needed).ready];
      });
      const made = new KubernetesService(
        `${name}-${service.name}`,
        {
          ...{ stack, service, resolver, after },
          image: imageOf(images, service),
          imagePullSecret: settings.imagePullSecret,
          waitSeconds: settings.waitSeconds,
        },
        { ...options, dependsOn: [...place] },
      );
      started.set(service.name, made);
      return made;
    };
    application.services.forEach(start);
    return started;
  }

  /** Jobs are over by then: what they had to do, the services show. */
  private verify(
    name: string,
    probe: Service,
    resolver: Resolver,
    { started, observability }: Running,
    options: pulumi.ComponentResourceOptions,
  ): pulumi.Output<VerificationResult> {
    const { application, images, settings, stack } = this.args;
    const files = new ServiceFiles(`${name}-probe-files`, { stack, service: probe, resolver }, options);
    const template = podTemplate({
      ...{ stack, service: probe, filesHash: files.hash },
      image: imageOf(images, probe),
      imagePullSecret: settings.imagePullSecret,
      text: (value) => resolver.plain(value),
    });
    const services = application.services.filter(({ kind }) => kind === "service");
    const hashes = [
      ...services.map((service) => started.get(service.name)?.hash ?? ""),
      ...(observability === undefined ? [] : [observability.hash]),
    ];
    const hash = pulumi.all([pulumi.output<unknown>(template), ...hashes]).apply((all) => hashOf(all));
    const { parent, dependsOn } = options;
    return new Verification(
      `${name}-checks`,
      {
        context: settings.kubeContext ?? "",
        namespace: namespaceOf(stack, settings.namespace),
        services: [
          ...services.map((service) => ({
            service: service.name,
            image: imageOf(images, service).toString(),
            replicas: service.replicas,
          })),
          ...(observability === undefined ? [] : [observability.expected]),
        ],
        probe: {
          metadata: { generateName: `${probe.name}-`, labels: labels(stack, probe.name) },
          spec: { ...jobSpec(template, orderedJob(settings.waitSeconds)), backoffLimit: 0 },
        },
        hash,
      },
      { parent, dependsOn: [...[dependsOn ?? []].flat(), ...files.resources] as pulumi.Resource[] },
    ).result;
  }
}
