import { SECRET_PLACES, secretPlaces } from "../secret-places";
import { finding, type ResourceRule } from "../rule";
import { isSecretName, looksSecret } from "../secret-text";

/** What is in an environment is in `inspect`, in /proc, in crash reports and in every child process. */
export const containerEnvironmentDisallowSecret: ResourceRule = {
  scope: "resource",
  id: "SEC-01",
  name: "container-environment-disallow-secret",
  title: "No secret stands in clear in an environment, a command line or a ConfigMap",
  severity: "critical",
  reason: {
    source: "CIS Kubernetes Benchmark 5.4.1; AWS Security Hub ECS.8",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/ecs-controls.html#ecs-8",
  },
  fix: "Mount it as a file, or refer to a store: secretKeyRef on Kubernetes and Cloud Run, `secrets` of a task definition, secureValue on Container Instances, `secrets` of a Compose file.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: SECRET_PLACES,
  check: (resource) =>
    secretPlaces(resource).flatMap(({ name, what, value, isAnything = false }) => {
      if (value.isAbsent || value.raw === "") return [];
      const isNamed = isSecretName(name) || isAnything;
      if (value.isUnknown) return isNamed ? [finding(resource, value, `${what} may be a secret in clear`)] : [];
      if (isNamed) return [finding(resource, value, `${what} is a secret in clear`)];
      return looksSecret(value.text ?? "") ? [finding(resource, value, `${what} holds a secret in clear`)] : [];
    }),
};
