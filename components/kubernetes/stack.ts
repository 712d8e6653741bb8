import * as crypto from "node:crypto";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type { Application, Service } from "../app/model";
import {
  UNVERIFIED,
  type Release,
  type RunningService,
  type TargetOutputs,
  type Verification as VerificationResult,
} from "../app/outputs";
import type { Placement } from "../app/placement";
import type { ImageRef } from "../image/image-ref";
import { Certificates } from "../secrets/certificates";
import { Resolver } from "../secrets/resolver";
import { Secrets } from "../secrets/secrets";
import type { Settings } from "../settings/schema";
import { Cluster } from "./cluster";
import { PublicEdge } from "./edge";
import { ServiceFiles } from "./files-resources";
import { labels, namespaceOf, serviceText } from "./names";
import { Namespace } from "./namespace";
import { certificateNames } from "./placement";
import { podTemplate } from "./pod";
import { KubernetesService } from "./service";
import { Verification } from "./verification";
import { jobSpec } from "./workload";

export interface KubernetesStackArgs {
  /** Name of the Pulumi stack. */
  readonly stack: string;
  readonly application: Application;
  /** What the application was described for. */
  readonly placement: Placement;
  readonly settings: Settings;
  /** Values of the secret settings that are set. */
  readonly secretSettings: Readonly<Record<string, pulumi.Input<string>>>;
  readonly release: Release;
  /** Every image that the application names. */
  readonly images: Readonly<Record<string, ImageRef>>;
  readonly substitutes: readonly string[];
}

/** Ralex in a namespace of a Kubernetes cluster. */
export class KubernetesStack extends pulumi.ComponentResource implements TargetOutputs {
  readonly webUrl: pulumi.Output<string>;
  readonly apiUrl: pulumi.Output<string>;
  readonly tlsUrl: pulumi.Output<string>;
  readonly apiKey: pulumi.Output<string>;
  readonly adminEmail: pulumi.Output<string>;
  readonly adminPassword: pulumi.Output<string>;
  readonly operatorPassword: pulumi.Output<string>;
  readonly caCertificate: pulumi.Output<string>;
  readonly namespace: pulumi.Output<string>;
  readonly release: pulumi.Output<Release>;
  readonly verification: pulumi.Output<VerificationResult>;
  readonly services: pulumi.Output<Readonly<Record<string, RunningService>>>;
  readonly substitutes: pulumi.Output<readonly string[]>;
  readonly omissions: pulumi.Output<readonly string[]>;

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
    if (settings.running) {
      const resolver = new Resolver((ref) => serviceText(ref, application), secrets);
      const started = this.start(name, resolver, place.resources, inside);
      const edge = new PublicEdge(
        `${name}-public`,
        { stack, application, settings, certificates },
        { ...inside, dependsOn: [...place.resources] },
      );
      if (application.probe !== undefined) {
        const after = [...[...started.values()].map(({ ready }) => ready), edge];
        verification = this.verify(name, application.probe, resolver, started, { ...inside, dependsOn: after });
      }
    }

    const { urls } = args.placement;
    this.webUrl = pulumi.output(urls.web[0] ?? "");
    this.apiUrl = pulumi.output(`${urls.api[0]}/v1`);
    this.tlsUrl = pulumi.output(urls.tls[0] ?? "");
    this.apiKey = secrets.get("apiKey", "value");
    this.adminEmail = pulumi.output(settings.adminEmail);
    this.adminPassword = secrets.get("adminPassword", "value");
    this.operatorPassword = secrets.get("operatorPassword", "value");
    this.caCertificate = certificates.caCertificate;
    this.namespace = pulumi.output(namespace);
    this.release = pulumi.output(args.release);
    this.verification = verification;
    this.services = pulumi.output(running(args));
    this.substitutes = pulumi.output(args.substitutes);
    this.omissions = pulumi.output(application.omissions);
    this.registerOutputs({
      webUrl: this.webUrl,
      apiUrl: this.apiUrl,
      tlsUrl: this.tlsUrl,
      apiKey: this.apiKey,
      adminEmail: this.adminEmail,
      adminPassword: this.adminPassword,
      operatorPassword: this.operatorPassword,
      caCertificate: this.caCertificate,
      namespace: this.namespace,
      release: this.release,
      verification: this.verification,
      services: this.services,
      substitutes: this.substitutes,
      omissions: this.omissions,
    });
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
          maxReplicas: service.name === application.edge.balances.service ? settings.apiMaxReplicas : 0,
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
    started: ReadonlyMap<string, KubernetesService>,
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
    const hashes = services.map((service) => started.get(service.name)?.hash ?? "");
    const hash = pulumi.all([pulumi.output<unknown>(template), ...hashes]).apply((all) => sha256(JSON.stringify(all)));
    const { parent, dependsOn } = options;
    return new Verification(
      `${name}-checks`,
      {
        context: settings.kubeContext ?? "",
        namespace: namespaceOf(stack, settings.namespace),
        services: services.map((service) => ({
          service: service.name,
          image: imageOf(images, service).toString(),
          replicas: service.replicas,
        })),
        probe: {
          metadata: { generateName: `${probe.name}-`, labels: labels(stack, probe.name) },
          spec: { ...jobSpec(template, settings.waitSeconds), backoffLimit: 0 },
        },
        hash,
      },
      { parent, dependsOn: [...[dependsOn ?? []].flat(), ...files.resources] as pulumi.Resource[] },
    ).result;
  }
}

const sha256 = (text: string): string => crypto.createHash("sha256").update(text).digest("hex");

function imageOf(images: Readonly<Record<string, ImageRef>>, service: Service): ImageRef {
  const image = images[service.image];
  if (image === undefined) throw new Error(`service ${service.name} runs image ${service.image}, which is not given`);
  return image;
}

function running({ application, images, settings }: KubernetesStackArgs): Record<string, RunningService> {
  return Object.fromEntries(
    application.services
      .filter(({ kind }) => kind === "service")
      .map((service) => [
        service.name,
        { image: imageOf(images, service).toString(), replicas: settings.running ? service.replicas : 0 },
      ]),
  );
}
