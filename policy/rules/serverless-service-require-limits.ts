import { byType, each, isSet, required, type PlainCheck, type TypeCheck } from "../by-type";
import { CLOUD_RUN_SERVICE } from "../readers/cloud-run";
import { CONTAINER_GROUP } from "../readers/container-group";
import { finding, unless, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** Ports of stores and of what has no login of its own: Postgres, MySQL, Redis, MongoDB, Prometheus, logs. */
const DATA_PORTS: readonly number[] = [5432, 3306, 6379, 27017, 9090, 9428];

/** What scales by itself costs without end, and what anybody may call is called by anybody. */
export const serverlessServiceRequireLimits: ResourceRule = {
  scope: "resource",
  id: "RUN-01",
  name: "serverless-service-require-limits",
  title: "What scales by itself has an upper bound, an identity of its own, and callers that are named",
  severity: "medium",
  reason: {
    source: "CIS Google Cloud 1.5; Google, Cloud Run maximum instances and service identity",
    link: "https://cloud.google.com/run/docs/configuring/max-instances",
  },
  fix: "Set the most instances (and the fewest to 1 where people wait), a service account made for the service, resource limits, and name who may call it. A service that is meant to be public has an exception.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    [CLOUD_RUN_SERVICE]: (resource, properties, context) => cloudRun(resource, properties, context),
    "gcp:cloudrunv2/serviceIamMember:ServiceIamMember": (resource, properties) =>
      callers(resource, [properties.get("member")]),
    "gcp:cloudrunv2/serviceIamBinding:ServiceIamBinding": (resource, properties) =>
      callers(resource, properties.get("members").items()),
    [CONTAINER_GROUP]: (resource, properties) => containerGroup(resource, properties),
    ...each(["aws:appautoscaling/target:Target"], (resource, properties, { isPromoted }) => {
      const [most, fewest] = [properties.get("maxCapacity"), properties.get("minCapacity")];
      return [...required(resource, most, NO_BOUND), ...(isPromoted ? atLeastOne(resource, fewest, fewest) : [])];
    }),
  }),
};

const NO_BOUND = "nothing bounds how many instances run, and what they cost";
const ANYBODY: readonly string[] = ["allUsers", "allAuthenticatedUsers"];

const atLeastOne = (resource: Resource, value: Value, at: Value): readonly Finding[] =>
  unless(
    (value.number ?? 0) >= 1,
    resource,
    at,
    "nothing runs until somebody waits for it: at least 1 instance is wanted",
  );

/** A bound of the service counts as one of its revisions' template does. */
const cloudRun: TypeCheck = (resource, properties, { isPromoted }) => {
  const [service, revision] = [properties.get("scaling"), properties.at("template", "scaling")];
  const set = (name: string): Value => (isSet(service.get(name)) ? service.get(name) : revision.get(name));
  const isManual = service.get("scalingMode").text === "MANUAL";
  const anonymous = properties.get("invokerIamDisabled");
  return [
    ...(isManual ? [] : required(resource, set("maxInstanceCount"), NO_BOUND)),
    ...(isPromoted && !isManual ? atLeastOne(resource, set("minInstanceCount"), set("minInstanceCount")) : []),
    ...required(
      resource,
      properties.at("template", "serviceAccount"),
      "the service runs as the project's default account, which may do almost everything",
    ),
    ...unless(!anonymous.isTrue, resource, anonymous, CALLABLE),
  ];
};

const CALLABLE = "anybody may call the service";

const callers = (resource: Resource, members: readonly Value[]): readonly Finding[] =>
  members
    .filter((member) => member.isUnknown || ANYBODY.includes(member.text ?? ""))
    .map((member) => finding(resource, member, CALLABLE));

const containerGroup: PlainCheck = (resource, properties) => {
  const isPublic = properties.at("ipAddress", "type").text === "Public";
  const ports = isPublic ? properties.at("ipAddress", "ports").items() : [];
  return [
    ...properties
      .get("containers")
      .items()
      .flatMap((container) =>
        ["cpu", "memoryInGB"].flatMap((name) =>
          required(resource, container.at("resources", "limits", name), `the container's ${name} has no limit`),
        ),
      ),
    ...ports
      .map((port) => port.get("port"))
      .filter(({ number }) => DATA_PORTS.includes(number ?? 0))
      .map((port) => finding(resource, port, "the internet reaches a store, or what has no login")),
  ];
};
