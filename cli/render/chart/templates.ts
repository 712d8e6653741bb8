/** Objects as templates of the chart: what depends on values is in braces, everything else is as the model has it. */
import { composes } from "../../../components/secrets/composed";
import { filesName } from "../../../components/kubernetes/names";
import { UNBOUNDED } from "../../../components/kubernetes/ways-in";
import { withProbe } from "../../../components/app/model";
import type { KubernetesObject } from "../../../components/kubernetes/render/objects";
import { document } from "../documents";
import { Merger, sameValue, type Dimension, type Variant } from "./merge";
import { IMAGE_TOKEN, type Rendered } from "./objects";
import { DIMENSIONS, OWN_ANNOTATION, TOKEN } from "./values";

/** Text by path below the chart's folder. */
export type ChartFiles = Readonly<Record<string, string>>;

const keyOf = ({ kind, metadata }: KubernetesObject): string => `${kind.toLowerCase()}-${metadata.name}`;
const fileOf = (key: string): string => `templates/${key}.yaml`;

/** A template for each object of any combination, and the pod of `helm test`. */
export function objectTemplates(rendered: readonly Rendered[]): ChartFiles {
  const keys = [...new Set(rendered.flatMap(({ objects }) => objects.map(keyOf)))];
  const hashes = filesHashes(rendered, new Set(keys));
  const byKey = rendered.map(({ combination, objects }) => ({
    combination,
    objects: new Map(objects.map((object) => [keyOf(object), object])),
  }));
  const templates = keys.map((key) => {
    const variants = byKey.map(({ combination, objects }) => ({ combination, value: objects.get(key) }));
    return [fileOf(key), objectTemplate(variants, hashes)] as const;
  });
  return { ...Object.fromEntries(templates), "templates/tests/probe.yaml": probeTemplate(rendered, hashes) };
}

/** What a pod's annotation is made from, by service. */
function filesHashes(rendered: readonly Rendered[], keys: ReadonlySet<string>): ReadonlyMap<string, string> {
  const services = rendered.flatMap(({ application }) => withProbe(application));
  return new Map(
    services.map((service) => {
      const file = `configmap-${filesName(service.name)}`;
      const files = keys.has(file) ? ` "${file}.yaml"` : "";
      const helper = composes(service) ? "ralex.composedHash" : "ralex.filesHash";
      return [service.name, `{{ include "${helper}" (list .${files}) }}`];
    }),
  );
}

function probeTemplate(rendered: readonly Rendered[], hashes: ReadonlyMap<string, string>): string {
  const hooked = ({ metadata, ...rest }: KubernetesObject): KubernetesObject => {
    const annotations = {
      ...metadata.annotations,
      "helm.sh/hook": "test",
      "helm.sh/hook-delete-policy": "before-hook-creation",
    };
    return { ...rest, metadata: { ...metadata, annotations } } as KubernetesObject;
  };
  const variants = rendered.map(({ combination, probe }) => ({ combination, value: hooked(probe) }));
  return objectTemplate(variants, hashes);
}

function objectTemplate(all: readonly Variant[], hashes: ReadonlyMap<string, string>): string {
  const dimensions = relevant(all);
  const variants = all.filter(({ combination }) =>
    DIMENSIONS.every((one) => dimensions.includes(one) || combination[one.name] === one.options[0]?.name),
  );
  const merger = new Merger(dimensions);
  const present = variants.filter(({ value }) => value !== undefined);
  const condition = merger.conditionOf(present, variants);
  const merged = merger.merge(present) as KubernetesObject;
  const text = (value: unknown) => withValues(merger.templated(escaped(document(value))), merged, hashes);
  const body = merged.kind === "Job" ? jobTemplate(merged, text) : text(merged);
  return condition === undefined ? body : `{{- if ${condition} }}\n${body}{{- end }}\n`;
}

/** A Job is never changed: its name has a hash over what it runs, so that another one takes its place. */
function jobTemplate({ spec, ...rest }: KubernetesObject, text: (value: unknown) => string): string {
  const { name } = rest.metadata;
  const head = text(rest).replace(
    `name: ${name}\n`,
    `name: ${name}-{{ include "ralex.job.${name}" . | sha256sum | trunc 8 }}\n`,
  );
  return `{{- define "ralex.job.${name}" }}\n${text(spec)}{{- end }}\n${head}spec:\n  {{- include "ralex.job.${name}" . | trim | nindent 2 }}\n`;
}

/** Dimensions on which an object depends. */
function relevant(all: readonly Variant[]): readonly Dimension[] {
  const keyOfCombination = (combination: Variant["combination"]) => JSON.stringify(combination);
  const values = new Map(all.map(({ combination, value }) => [keyOfCombination(combination), value]));
  return DIMENSIONS.filter(({ name, options }) => {
    const first = (combination: Variant["combination"]) => ({ ...combination, [name]: options[0]?.name ?? "" });
    return all.some(({ combination, value }) => !sameValue(value, values.get(keyOfCombination(first(combination)))));
  });
}

/** What reads as a template in the software's own files is none of the chart's. */
const escaped = (text: string): string => text.replace(/\{\{/g, '{{ "{{" }}');

const VALUES: readonly (readonly [string, string])[] = [
  [TOKEN.instance, "{{ .Release.Name }}"],
  [TOKEN.secret, '{{ include "ralex.secret" . }}'],
  [TOKEN.address, '{{ include "ralex.address" . }}'],
  [TOKEN.host, "{{ .Values.hostName }}"],
  [TOKEN.email, "{{ .Values.adminEmail }}"],
  [TOKEN.upstream, "{{ .Values.upstreamUrl }}"],
  [TOKEN.maxReplicas, "{{ int .Values.apiMaxReplicas }}"],
  [TOKEN.replicas, "{{ int .Values.apiReplicas }}"],
  [TOKEN.tlsSecret, '{{ .Values.tlsSecret | default (printf "%s-tls" (include "ralex.secret" .)) }}'],
  [TOKEN.gatewayNamespace, '{{ index (splitList "/" .Values.gateway) 0 }}'],
  [TOKEN.gatewayName, '{{ index (splitList "/" .Values.gateway) 1 }}'],
  [TOKEN.gatewayListener, '{{ index (splitList "/" .Values.gateway) 2 }}'],
  [TOKEN.nodePort, "{{ int .Values.nodePort }}"],
];

/** Lines that are there only with a value. */
const OPTIONAL: readonly (readonly [RegExp, string])[] = [
  [new RegExp(`^( *storageClassName: )${TOKEN.storageClass}\\n`, "gm"), "storageClass"],
  [new RegExp(`^( *ingressClassName: )${TOKEN.ingressClass}\\n`, "gm"), "ingressClass"],
  [new RegExp(`^( *imagePullSecrets:\\n *- name: )${TOKEN.pullSecret}\\n`, "gm"), "imagePullSecret"],
];

/** Each annotation of an Ingress gives way to one of the values with its name; the values' own follow. */
const annotated = (text: string): string =>
  text
    .replace(/^ {4}(\S+): .*\n/gm, (line, key: string) =>
      key in UNBOUNDED ? `{{- if not (hasKey .Values.ingressAnnotations "${key}") }}\n${line}{{- end }}\n` : line,
    )
    .replace(
      new RegExp(`^ {4}${OWN_ANNOTATION}\\n`, "m"),
      "{{- with .Values.ingressAnnotations }}\n{{- toYaml . | nindent 4 }}\n{{- end }}\n",
    );

/** @throws Error for a token that is left: the chart would show it. */
function withValues(text: string, object: KubernetesObject, hashes: ReadonlyMap<string, string>): string {
  const optional = OPTIONAL.reduce(
    (before, [line, value]) =>
      before.replace(line, (_, begin: string) => `{{- with .Values.${value} }}\n${begin}{{ . }}\n{{- end }}\n`),
    text,
  );
  const own = object.kind === "Ingress" ? annotated(optional) : optional;
  const service = object.metadata.labels?.["app.kubernetes.io/name"] ?? "";
  const filled = VALUES.reduce((before, [token, value]) => before.replaceAll(token, value), own)
    .replaceAll(TOKEN.filesHash, hashes.get(service) ?? TOKEN.filesHash)
    .replace(IMAGE_TOKEN, (_, name: string) => `{{ include "ralex.image" (list . "${name}") }}`);
  const left = Object.values(TOKEN).filter((token) => filled.includes(token));
  if (left.length > 0) throw new Error(`${keyOf(object)} has ${left.join(", ")} left`);
  return filled;
}
