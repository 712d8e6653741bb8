/** Every object of an application as plain data, for whoever applies it without Pulumi: the same as the Pulumi program makes. */
import { composes } from "../../secrets/composed";
import { type Application, type Scaling, type Service, type Text, withProbe } from "../../app/model";
import type { ImageRef } from "../../image/image-ref";
import { plainText } from "../../secrets/resolver";
import type { Settings } from "../../settings/schema";
import { imageOf } from "../../target-stack";
import {
  COMPOSER,
  composedData,
  composedHash,
  composerData,
  tlsSecretOf,
  type ExistingSecret,
} from "../composed-files";
import { fileData, filesHash, isPlain, isSecret, secretData } from "../files";
import { autoscaler } from "../autoscaling";
import { hashOf } from "../hash";
import { plainMeta } from "../metadata";
import {
  collectorData,
  collectorHash,
  collectorPolicies,
  collectorSpec,
  logCollectorOf,
  type LogCollector,
} from "../log-collector";
import { filesName, namespaceOf, observabilityOf, serviceText } from "../names";
import { ACCOUNT, claimSpec, namespaceMeta, observabilityMeta } from "../namespace-specs";
import { publicService, servicesOf } from "../network";
import { podTemplate, SERVICE_ACCOUNT } from "../pod";
import { policiesOf, type Policy } from "../policies";
import { MONITORING_VERSION, monitoringObjects } from "../service-monitors";
import {
  ingressAnnotations,
  ingressSpec,
  ROUTE_VERSION,
  routeSpec,
  TLS_SECRET,
  TLS_SECRET_TYPE,
  tlsSecretData,
} from "../ways-in";
import {
  deploymentSpec,
  disruptionBudgetSpec,
  isBudgeted,
  jobName,
  jobSpec,
  statefulSetSpec,
  workloadKind,
  type JobBounds,
} from "../workload";

/** An object of Kubernetes; what it has beside its names depends on its kind. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/**
 * Where files with secrets come from: a Secret that somebody else makes, named here, or texts that are known, as they are
 * to the Pulumi program.
 */
export type SecretFiles =
  | { readonly existing: ExistingSecret }
  | { readonly text: (value: Text) => string; readonly certificate: string; readonly privateKey: string };

export interface RenderArgs {
  readonly stack: string;
  readonly application: Application;
  readonly settings: Settings;
  /** Every image that the application names. */
  readonly images: Readonly<Record<string, ImageRef>>;
  readonly secretFiles: SecretFiles;
  /** The jobs' bounds: they are other ones where nothing sees to the order. */
  readonly jobs: JobBounds;
}

/** The namespace first, what runs last; then the same of the namespace with access to the nodes, where there is one. */
export function renderObjects(args: RenderArgs): readonly KubernetesObject[] {
  const namespace = namespaceOf(args.stack, args.settings.namespace);
  const renderer = new Renderer(args);
  const collector = logCollectorOf(args.application);
  return [
    namespaceObject(namespaceMeta(args.stack, namespace)),
    ...within(namespace, [
      ...renderer.place(),
      ...renderer.files(),
      ...renderer.running(),
      ...renderer.edge(),
      ...renderer.monitors(),
    ]),
    ...(collector === undefined
      ? []
      : [
          namespaceObject(observabilityMeta(args.stack, namespace)),
          ...within(observabilityOf(namespace), renderer.observability(collector, namespace)),
        ]),
  ];
}

const namespaceObject = (metadata: ReturnType<typeof namespaceMeta>): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata,
});

const within = (namespace: string, objects: readonly KubernetesObject[]): readonly KubernetesObject[] =>
  objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));

/** The pod that checks the deployment, for a Job or a test of Helm; undefined where nothing is pinned. */
export function renderProbe(args: RenderArgs): ReturnType<typeof podTemplate> | undefined {
  const { probe } = args.application;
  return probe === undefined ? undefined : new Renderer(args).template(probe);
}

class Renderer {
  private readonly namespace: string;

  constructor(private readonly args: RenderArgs) {
    this.namespace = namespaceOf(args.stack, args.settings.namespace);
  }

  /** What holds for all pods, and volumes. */
  place(): readonly KubernetesObject[] {
    const { application, settings } = this.args;
    return [
      ...this.policies(policiesOf(application, this.namespace, settings)),
      this.object("v1", "ServiceAccount", SERVICE_ACCOUNT, ACCOUNT),
      // Those of pods that there are: whoever applies these objects waits for claims, and nobody would bind the others. One
      // that is left out later is not removed by it.
      ...application.volumes
        .filter(({ name }) => application.services.some(({ volumes }) => volumes.some(({ volume }) => volume === name)))
        .map((volume) =>
          this.object("v1", "PersistentVolumeClaim", volume.name, { spec: claimSpec(volume, settings) }),
        ),
    ];
  }

  files(): readonly KubernetesObject[] {
    const { application, secretFiles } = this.args;
    const composer =
      "existing" in secretFiles ? [this.object("v1", "ConfigMap", COMPOSER, { data: composerData() })] : [];
    return [...composer, ...withProbe(application).flatMap((service) => this.filesOf(service))];
  }

  /** Names and workloads of every service, in the order of the description. */
  running(): readonly KubernetesObject[] {
    return this.args.application.services.flatMap((service) => [
      ...servicesOf(service).map(({ name, spec }) => this.object("v1", "Service", name, { spec })),
      ...this.workload(service),
    ]);
  }

  edge(): readonly KubernetesObject[] {
    const { application, settings } = this.args;
    const service = publicService(application, settings);
    return [
      ...(service === undefined ? [] : [this.object("v1", "Service", service.name, { spec: service.spec })]),
      ...(settings.exposure === "ingress" ? this.ingress() : []),
      ...(settings.exposure === "gateway"
        ? [
            this.object(ROUTE_VERSION, "HTTPRoute", application.edge.service, {
              spec: routeSpec(application, settings),
            }),
          ]
        : []),
    ];
  }

  /** What has access to the nodes. @param namespace - of the application. */
  observability(collector: LogCollector, namespace: string): readonly KubernetesObject[] {
    const { stack, images, settings } = this.args;
    const { name } = collector;
    const data = collectorData(collector, namespace);
    const spec = collectorSpec({
      ...{ stack, namespace, collector },
      image: imageOf(images, collector),
      imagePullSecret: settings.imagePullSecret,
      priorityClass: settings.priorityClass,
      filesHash: collectorHash(data),
    });
    return [
      ...this.policies(collectorPolicies(collector, namespace)),
      this.object("v1", "ServiceAccount", name, ACCOUNT),
      this.object("v1", "ConfigMap", filesName(name), { data }),
      this.object("apps/v1", "DaemonSet", name, { spec }),
    ];
  }

  private ingress(): readonly KubernetesObject[] {
    const { application, settings, secretFiles } = this.args;
    const secret = "text" in secretFiles ? TLS_SECRET : tlsSecretOf(secretFiles.existing.name);
    const spec = ingressSpec(application, settings, secret);
    const ingress = this.object("networking.k8s.io/v1", "Ingress", application.edge.service, { spec });
    const annotated = { ...ingress, metadata: { ...ingress.metadata, annotations: ingressAnnotations(settings) } };
    if (settings.tlsSecret !== undefined || !("text" in secretFiles)) return [annotated];
    const data = tlsSecretData(secretFiles.certificate, secretFiles.privateKey);
    return [this.object("v1", "Secret", secret, { type: TLS_SECRET_TYPE, data }), annotated];
  }

  template(service: Service): ReturnType<typeof podTemplate> {
    const { stack, images, settings, secretFiles } = this.args;
    return podTemplate({
      ...{ stack, service },
      image: imageOf(images, service),
      imagePullSecret: settings.imagePullSecret,
      priorityClass: settings.priorityClass,
      filesHash: this.filesHash(service),
      text: (value) => this.plain(value),
      ...("existing" in secretFiles ? { existing: secretFiles.existing } : {}),
    });
  }

  private object(
    apiVersion: string,
    kind: string,
    name: string,
    rest: Readonly<Record<string, unknown>>,
  ): KubernetesObject {
    return { apiVersion, kind, metadata: plainMeta(this.args.stack, name), ...rest };
  }

  private policies(policies: readonly Policy[]): readonly KubernetesObject[] {
    return policies.map(({ name, spec }) => this.object("networking.k8s.io/v1", "NetworkPolicy", name, { spec }));
  }

  private filesOf(service: Service): readonly KubernetesObject[] {
    const { secretFiles } = this.args;
    const name = filesName(service.name);
    const map = (data: Readonly<Record<string, string>>) =>
      Object.keys(data).length === 0 ? [] : [this.object("v1", "ConfigMap", name, { data })];
    if ("existing" in secretFiles) return map(this.composed(service));
    const [plain, secret] = [service.files.filter(isPlain), service.files.filter(isSecret)];
    const contents = fileData(
      secret,
      secret.map(({ content }) => secretFiles.text(content)),
    );
    return [
      ...map(
        fileData(
          plain,
          plain.map(({ content }) => secretFiles.text(content)),
        ),
      ),
      ...(secret.length === 0 ? [] : [this.object("v1", "Secret", name, { data: secretData(contents) })]),
    ];
  }

  private composed(service: Service): Record<string, string> {
    const { secretFiles } = this.args;
    return "existing" in secretFiles
      ? composedData(service, secretFiles.existing.name, (value) => this.plain(value))
      : {};
  }

  private filesHash(service: Service): string {
    const { secretFiles } = this.args;
    if ("existing" in secretFiles && composes(service)) return composedHash(this.composed(service));
    const text = "text" in secretFiles ? secretFiles.text : (value: Text) => this.plain(value);
    return filesHash(
      service.files,
      service.files.map(({ content }) => text(content)),
    );
  }

  private plain(value: Text): string {
    return plainText(value, (ref) => serviceText(ref, this.args.application));
  }

  private autoscaler(service: Service, scaling: Scaling): KubernetesObject {
    const { apiVersion, kind, spec } = autoscaler(service, scaling, this.namespace);
    return this.object(apiVersion, kind, service.name, { spec });
  }

  /** What somebody else's Prometheus is told. */
  monitors(): readonly KubernetesObject[] {
    const { application, settings, stack } = this.args;
    return monitoringObjects(stack, application, this.namespace, settings).map(({ kind, name, labels, spec }) => {
      const object = this.object(MONITORING_VERSION, kind, name, { spec });
      return { ...object, metadata: { ...object.metadata, labels } };
    });
  }

  private workload(service: Service): readonly KubernetesObject[] {
    const { settings, jobs } = this.args;
    const template = this.template(service);
    const { name, scaling } = service;
    const scaled = [
      ...(scaling === undefined ? [] : [this.autoscaler(service, scaling)]),
      ...(isBudgeted(service)
        ? [this.object("policy/v1", "PodDisruptionBudget", name, { spec: disruptionBudgetSpec(service) })]
        : []),
    ];
    switch (workloadKind(service)) {
      case "Job": {
        const job = this.object("batch/v1", "Job", name, { spec: jobSpec(template, jobs) });
        return [{ ...job, metadata: { ...job.metadata, name: jobName(service, hashOf(template)) } }];
      }
      case "StatefulSet":
        return [this.object("apps/v1", "StatefulSet", name, { spec: statefulSetSpec(service, template) }), ...scaled];
      case "Deployment": {
        const spec = deploymentSpec(service, template, settings.waitSeconds);
        return [this.object("apps/v1", "Deployment", name, { spec }), ...scaled];
      }
    }
  }
}
