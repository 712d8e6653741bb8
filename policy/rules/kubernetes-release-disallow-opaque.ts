import { repositoryOf } from "../readers/image-text";
import { finding, propertiesOf, type ResourceRule } from "../rule";

/** A Release is one resource: what it makes of its chart no policy sees. */
export const kubernetesReleaseDisallowOpaque: ResourceRule = {
  scope: "resource",
  id: "K8-13",
  name: "kubernetes-release-disallow-opaque",
  title: "Our own charts are rendered into resources, which policies see, and not installed as a Release",
  severity: "medium",
  reason: {
    source: "Pulumi, Choose the right Helm resource",
    link: "https://www.pulumi.com/registry/packages/kubernetes/how-to-guides/choosing-the-right-helm-resource-for-your-use-case/",
  },
  fix: "Use kubernetes.helm.v4.Chart, whose resources are judged one by one.",
  level: { development: "advisory", promoted: "mandatory" },
  onUnknown: "skip",
  types: ["kubernetes:helm.sh/v3:Release"],
  check: (resource, { configuration: { registries } }) => {
    const chart = propertiesOf(resource).get("chart");
    if (chart.isUnknown) return [finding(resource, chart, "whose chart it is is not known yet")];
    const repository = propertiesOf(resource).at("repositoryOpts", "repo").text;
    const isOurs = isLocal(chart.text ?? "", repository) || registries.some((one) => isFrom(chart.text ?? "", one));
    return isOurs ? [finding(resource, chart, "the Release hides what our own chart makes")] : [];
  },
};

/** A chart without a repository is a folder or an archive of the checkout. */
const isLocal = (chart: string, repository: string | undefined): boolean =>
  repository === undefined && !/^(oci|https?):\/\//.test(chart);

const isFrom = (chart: string, registry: string): boolean => {
  if (!chart.startsWith("oci://")) return false;
  return repositoryOf(chart.slice("oci://".length)).startsWith(`${registry.replace(/\/$/, "")}/`);
};
