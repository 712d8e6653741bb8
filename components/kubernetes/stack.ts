import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { withProbe, type Service } from "../app/model";
import { UNVERIFIED, type Verification as VerificationResult } from "../app/outputs";
import { Certificates } from "../secrets/certificates";
import { composes, COMPOSING_IMAGE } from "../secrets/composed";
import { Resolver } from "../secrets/resolver";
import { Secrets } from "../secrets/secrets";
import { imageOf, TargetStack, type OwnSecrets, type SecretsElsewhere, type TargetStackArgs } from "../target-stack";
import { Cluster } from "./cluster";
import { COMPOSER, composerData, tlsSecretOf, type ExistingSecret } from "./composed-files";
import { PublicEdge } from "./edge";
import { placeOf, printingCommands } from "./existing-secret";
import { ServiceFiles } from "./files-resources";
import { hashOf } from "./hash";
import { logCollectorOf } from "./log-collector";
import { objectMeta } from "./metadata";
import { Monitoring } from "./monitoring";
import { labels, namespaceOf, serviceText } from "./names";
import { Namespace } from "./namespace";
import { Observability } from "./observability";
import { certificateNames } from "./placement";
import { podTemplate } from "./pod";
import { SecretHashes } from "./secret-hashes";
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

/** Made by the stack, or by somebody else in a Secret that only its pods read. */
type Access = OwnSecrets | (SecretsElsewhere & { readonly existing: ExistingSecret });

/** What the services of a stack have in common. */
interface Common {
  readonly resolver: Resolver;
  readonly existing: ExistingSecret | undefined;
}

/** Ralex in a namespace of a Kubernetes cluster; what has access to the nodes is in another one. */
export class KubernetesStack extends TargetStack {
  readonly namespace: pulumi.Output<string>;
  /** Names of the namespaces whose pods have access to the nodes. */
  readonly hostAccessNamespaces: pulumi.Output<readonly string[]>;
  /** Name of the Secret that somebody else makes; absent where the stack makes its own. */
  declare readonly existingSecret?: pulumi.Output<string>;

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
    const access = this.access(name);
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
      const [secrets, existing] = "secrets" in access ? [access.secrets, undefined] : [undefined, access.existing];
      const common = { existing, resolver: new Resolver((ref) => serviceText(ref, application), secrets) };
      const before = [
        ...place.resources,
        ...this.composer(name, common, { provider, dependsOn: [...place.resources] }),
      ];
      observability = this.observe(name, namespace, inside);
      const started = this.start(name, common, before, inside);
      if (settings.serviceMonitors !== undefined) {
        const args = { stack, namespace, application, settings };
        new Monitoring(`${name}-monitoring`, args, { ...inside, dependsOn: [...place.resources] });
      }
      const certificate =
        "certificates" in access ? access.certificates : { secret: tlsSecretOf(access.existing.name) };
      const edge = new PublicEdge(
        `${name}-public`,
        { stack, application, settings, certificate },
        { ...inside, dependsOn: [...place.resources] },
      );
      if (application.probe !== undefined) {
        const ready = [...started.values(), ...(observability === undefined ? [] : [observability])];
        const after = [...ready.map((one) => one.ready), edge];
        const running = { started, observability };
        verification = this.verify(name, application.probe, common, running, { ...inside, dependsOn: after });
      }
    }

    this.namespace = pulumi.output(namespace);
    this.hostAccessNamespaces = pulumi.output(observability === undefined ? [] : [observability.namespace]);
    const named: Record<string, pulumi.Output<string>> = settings.existingSecret === undefined
      ? {}
      : { existingSecret: pulumi.output(settings.existingSecret) };
    this.publish(
      args,
      { access, verification },
      { namespace: this.namespace, hostAccessNamespaces: this.hostAccessNamespaces, ...named },
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
    const { imagePullSecret, priorityClass, waitSeconds } = settings;
    const image = imageOf(images, collector);
    return new Observability(
      `${name}-observability`,
      { stack, namespace, collector, image, imagePullSecret, priorityClass, waitSeconds },
      options,
    );
  }

  private access(name: string): Access {
    const { application, images, secretSettings, settings, stack } = this.args;
    const options = { parent: this };
    if (settings.existingSecret === undefined) {
      const certificates = new Certificates(`${name}-tls`, certificateNames(settings), options);
      const sources = { sources: application.secrets, settings: secretSettings, certificates };
      return { certificates, secrets: new Secrets(`${name}-secrets`, sources, options) };
    }
    const image = images[COMPOSING_IMAGE];
    if (image === undefined) throw new Error(`image ${COMPOSING_IMAGE}, which composes files, is not given`);
    const place = placeOf(stack, settings);
    const { hashes } = new SecretHashes(`${name}-secret-hashes`, { place, application, settings }, options);
    const ofServices = withProbe(application)
      .filter(composes)
      .map((service) => [service.name, hashes.apply((all) => all[service.name] ?? "")] as const);
    return {
      elsewhere: printingCommands(place, settings.existingSecret, application),
      existing: { name: settings.existingSecret, image, hashes: Object.fromEntries(ofServices) },
    };
  }

  /** The program that composes files in pods, where something has to be composed. */
  private composer(
    name: string,
    { existing }: Common,
    options: pulumi.CustomResourceOptions,
  ): readonly pulumi.Resource[] {
    if (existing === undefined) return [];
    const metadata = objectMeta(this.args.stack, COMPOSER);
    const whole = { ...options, parent: this };
    return [new k8s.core.v1.ConfigMap(`${name}-composer`, { metadata, data: composerData() }, whole)];
  }

  /** Starts every service after what it depends on. */
  private start(
    name: string,
    common: Common,
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
          ...{ stack, service, after },
          ...common,
          image: imageOf(images, service),
          namespace: namespaceOf(stack, settings.namespace),
          imagePullSecret: settings.imagePullSecret,
          priorityClass: settings.priorityClass,
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
    { resolver, existing }: Common,
    { started, observability }: Running,
    options: pulumi.ComponentResourceOptions,
  ): pulumi.Output<VerificationResult> {
    const { application, images, settings, stack } = this.args;
    const files = new ServiceFiles(`${name}-probe-files`, { stack, service: probe, resolver, existing }, options);
    const template = podTemplate({
      ...{ stack, service: probe, filesHash: files.hash, existing },
      image: imageOf(images, probe),
      imagePullSecret: settings.imagePullSecret,
      priorityClass: settings.priorityClass,
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
