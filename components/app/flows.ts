/** Who talks to whom inside the private network: read off the description, so that no list can disagree with it. */
import { withProbe, type Application, type Service } from "./model";
import { refsOf } from "./text";

/** A service that opens connections to a port of another one. */
export interface Flow {
  readonly from: string;
  readonly to: string;
  /** Name of the port, among those of `to`. */
  readonly port: string;
}

/**
 * Every flow once, in the order of the services. A service talks to those whose addresses it is told; where it is told
 * the name alone, to all of their ports. The log store is talked to by whoever writes a log, where no collector does it.
 */
export function flowsOf(application: Application): readonly Flow[] {
  const all = withProbe(application);
  const portsOf = (name: string) => Object.keys(all.find((service) => service.name === name)?.ports ?? {});
  const found = all.flatMap((service) => [...told(service, portsOf), ...logged(service, application)]);
  const keyOf = ({ from, to, port }: Flow) => `${from} ${to} ${port}`;
  return [...new Map(found.map((flow) => [keyOf(flow), flow])).values()];
}

function told(service: Service, portsOf: (name: string) => readonly string[]): readonly Flow[] {
  const { name: from, environment, files, command = [] } = service;
  const texts = [...Object.values(environment), ...files.map(({ content }) => content), ...command];
  return texts.flatMap(refsOf).flatMap((ref): readonly Flow[] => {
    if (ref.ref === "secret" || ref.service === from) return [];
    const ports = ref.ref === "host" ? portsOf(ref.service) : [ref.port];
    return ports.map((port) => ({ from, to: ref.service, port }));
  });
}

/** The store cannot be where its own complaints go. */
const logged = ({ name: from }: Service, { logs }: Application): readonly Flow[] =>
  logs === undefined || logs.collector !== undefined || from === logs.service
    ? []
    : [{ from, to: logs.service, port: logs.port }];
