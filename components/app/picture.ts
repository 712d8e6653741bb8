/** The picture of the stack, drawn from its description. */
import { flowsOf, type Flow } from "./flows";
import type { Application, Service } from "./model";

/** A name in Mermaid's syntax, where a hyphen may be part of an arrow. */
const id = (name: string): string => name.replaceAll("-", "_");
const all = (names: readonly string[]): string => names.map(id).join(" & ");

function node({ name, kind, replicas, volumes }: Service): string {
  const label = `"${name}${replicas > 1 ? ` × ${replicas}` : ""}"`;
  if (kind === "job") return `${id(name)}([${label}])`;
  return volumes.length > 0 ? `${id(name)}[(${label})]` : `${id(name)}[${label}]`;
}

/**
 * A Mermaid flowchart. An arrow leads from a service to those it calls, a dotted one to those it only waits for; a
 * cylinder keeps data, a rounded box runs once. The ports are the edge's, as people reach them.
 */
export function pictureOf(application: Application): string {
  const { services, edge, logs } = application;
  const isLog = ({ to, port }: Flow) => logs?.collector === undefined && to === logs?.service && port === logs.port;
  const flows = flowsOf(application).filter((flow) => !isLog(flow));
  const called = ({ name }: Service) => [...new Set(flows.filter(({ from }) => from === name).map(({ to }) => to))];
  const lines = [
    ...services.map(node),
    'people(("people"))',
    ...edge.listeners.map(({ name, published }) => `people -- "${published} ${name}" --> ${id(edge.service)}`),
    ...services.flatMap((service) => {
      const calls = called(service);
      const waits = service.dependsOn.map((dependency) => dependency.service).filter((name) => !calls.includes(name));
      return [
        ...(calls.length > 0 ? [`${id(service.name)} --> ${all(calls)}`] : []),
        ...(waits.length > 0 ? [`${id(service.name)} -. "after" .-> ${all(waits)}`] : []),
      ];
    }),
    ...(logs === undefined ? [] : ['every["every service"]', `every -- "logs" --> ${id(logs.service)}`]),
  ];
  return `flowchart LR\n${lines.map((line) => `  ${line}\n`).join("")}`;
}
