/** The texts that the services are given, as a person can read them: one file each, for the defaults of a start. */
import type { Application, Ref, Service, Text } from "../../components/app/model";
import { mentionsSecret } from "../../components/app/text";
import { loadSettings } from "../../components/settings/load";
import { describedFor } from "../targets";

export const RENDERED_FOLDER = "docs/rendered";

/** Everything that can be read: the operator's listeners are open, and Grafana is there. */
function described(): Promise<Application> {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { operatorListeners: true } });
  return describedFor(settings, { grafana: true });
}

/** By file name, `<service>-<name of the file>`: what holds no secret. Each target has addresses of its own; here names stand. */
export async function renderedFiles(): Promise<Readonly<Record<string, string>>> {
  const { services } = await described();
  const plain = (value: Text): string => {
    if (typeof value === "string") return value;
    return "join" in value ? value.join.map(plain).join("") : named(value, services);
  };
  const filesOf = ({ name, files }: Service) =>
    files
      // Certificates are made with the stack.
      .filter(({ secret, content }) => !secret && !mentionsSecret(content))
      .map(({ path, content }) => [`${name}-${path.split("/").at(-1) ?? ""}`, plain(content)] as const);
  return Object.fromEntries(services.flatMap(filesOf));
}

/** @throws Error for a secret: this is to be read. */
function named(ref: Ref, services: readonly Service[]): string {
  if (ref.ref === "secret") throw new Error(`a file that can be read holds ${ref.secret}`);
  if (ref.ref === "host" || ref.ref === "pool") return ref.service;
  const service = services.find(({ name }) => name === ref.service);
  const port = service?.ports[ref.port]?.number;
  if (ref.ref === "address") return `${ref.service}:${port}`;
  const slots = Array.from({ length: service?.replicas ?? 1 }, (_, slot) => slot).filter((slot) => slot !== ref.except);
  const hosts = (service?.replicas ?? 1) > 1 ? slots.map((slot) => `${ref.service}-${slot}`) : [ref.service];
  return hosts.map((host) => `${ref.before}${host}:${port}${ref.after}`).join("");
}
