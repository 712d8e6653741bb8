import { FILES_FOLDER, withProbe, type Application, type Ref, type Service, type Text } from "./model";
import { mentionsSecret, refsOf } from "./text";

/** The description contradicts itself; a fault of the description, found before any resource exists. */
export class ModelError extends Error {
  override readonly name = "ModelError";
  constructor(readonly problems: readonly string[]) {
    super(`the application's description has ${problems.length} problem(s):\n  ${problems.join("\n  ")}`);
  }
}

/**
 * Checks what the types cannot: references lead somewhere, no secret is in an environment, nobody runs as root, files
 * and scratch do not hide each other, and the start order has no cycle.
 * @returns the application unchanged.
 * @throws ModelError with every problem.
 */
export function checkApplication(application: Application): Application {
  const services = new Map(application.services.map((service) => [service.name, service]));
  const problems = [
    ...(services.size === application.services.length ? [] : ["two services have the same name"]),
    ...withProbe(application).flatMap((service) => checkService(service, application, services)),
    ...cycles(services),
    ...sharedVolumes(application),
    ...(services.get(application.edge.balances.service)?.ports[application.edge.balances.port] === undefined
      ? ["the edge balances a service or port that does not exist"]
      : []),
    ...application.edge.listeners.flatMap(({ name, port }) =>
      services.get(application.edge.service)?.ports[port] === undefined ? [`listener ${name}: no port ${port}`] : [],
    ),
  ];
  if (problems.length > 0) throw new ModelError(problems);
  return application;
}

function checkService(
  service: Service,
  application: Application,
  services: ReadonlyMap<string, Service>,
): readonly string[] {
  const problems: string[] = [];
  const command = service.command ?? [];
  const texts: Text[] = [
    ...Object.values(service.environment),
    ...service.files.map(({ content }) => content),
    ...command,
  ];
  problems.push(...texts.flatMap(refsOf).flatMap((ref) => dangling(ref, application, services)));
  for (const [name, value] of Object.entries(service.environment)) {
    if (mentionsSecret(value)) problems.push(`environment ${name} holds a secret; put it into a file`);
  }
  if (command.some(mentionsSecret)) problems.push("the command holds a secret; put it into a file");
  // A certificate is made where secrets are made, and is public all the same.
  const isPublic = (ref: Ref) => ref.ref !== "secret" || ref.secret.endsWith("Certificate");
  for (const { path, content, secret } of service.files) {
    if (!secret && !refsOf(content).every(isPublic)) problems.push(`file ${path} holds a secret and is not marked so`);
  }
  const paths = [...service.files, ...service.scratch, ...service.volumes].map(({ path }) => path);
  if (new Set(paths).size < paths.length) problems.push("two mounts have the same path");
  if (paths.some((path) => !path.startsWith("/"))) problems.push("a mount's path is not absolute");
  for (const { path } of service.files) {
    if (!path.startsWith(`${FILES_FOLDER}/`)) problems.push(`file ${path} is not below ${FILES_FOLDER}`);
  }
  for (const [what, question] of Object.entries({ health: service.health, readiness: service.readiness })) {
    if (question?.http !== undefined && service.ports[question.http.port] === undefined) {
      problems.push(`${what} is asked on port ${question.http.port}, which it does not have`);
    }
  }
  const { cpus, memoryMiB, requests } = service.resources;
  if (requests.cpus > cpus || requests.memoryMiB > memoryMiB) problems.push("requests more than it may have");
  if (service.user.uid === 0 || service.user.gid === 0) problems.push("runs as root");
  if (service.replicas < 1) problems.push("has no replica");
  if (service.replicas > service.maxReplicas) problems.push("has more replicas than it may ever have");
  if (service.maxReplicas > 1 && service.volumes.length > 0) problems.push("replicas share a volume");
  if (service.metrics !== undefined && service.ports[service.metrics.port] === undefined) {
    problems.push(`metrics are on port ${service.metrics.port}, which it does not have`);
  }
  for (const { service: other, condition } of service.dependsOn) {
    const target = services.get(other);
    if (target === undefined) problems.push(`depends on ${other}, which does not exist`);
    else if (condition === "healthy" && target.health === undefined) problems.push(`${other} has no health check`);
    else if ((condition === "completed") !== (target.kind === "job")) {
      problems.push(`waits for ${other} to be ${condition}, but it is a ${target.kind}`);
    }
  }
  return problems.map((problem) => `${service.name}: ${problem}`);
}

function sharedVolumes({ volumes }: Application): readonly string[] {
  const names = volumes.map(({ name }) => name);
  const shared = names.filter((name, index) => names.indexOf(name) !== index);
  return shared.map((name) => `two services mount volume ${name}`);
}

function dangling(ref: Ref, application: Application, services: ReadonlyMap<string, Service>): readonly string[] {
  if (ref.ref === "secret") return ref.secret in application.secrets ? [] : [`no secret is called ${ref.secret}`];
  const target = services.get(ref.service);
  if (target === undefined) return [`no service is called ${ref.service}`];
  if (ref.ref === "host" || target.ports[ref.port] !== undefined) return [];
  return [`${ref.service} has no port called ${ref.port}`];
}

function cycles(services: ReadonlyMap<string, Service>): readonly string[] {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): readonly string[] => {
    if (trail.includes(name)) return [`the start order has a cycle: ${[...trail, name].join(" -> ")}`];
    if (done.has(name)) return [];
    const found = (services.get(name)?.dependsOn ?? []).flatMap(({ service }) => visit(service, [...trail, name]));
    done.add(name);
    return found;
  };
  return [...services.keys()].flatMap((name) => visit(name, []));
}
