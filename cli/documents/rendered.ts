/** The texts that the services are given, as a person can read them: one file each, for the defaults of a start. */
import type { Application, Service, Text } from "../../components/app/model";
import { describeRalex } from "../../components/app/ralex";
import { mentionsSecret } from "../../components/app/text";
import { addressText, planAddresses } from "../../components/docker/addresses";
import { loadSettings } from "../../components/settings/load";

export const RENDERED_FOLDER = "docs/rendered";

/** Everything that can be read: the operator's listeners are open, and Grafana is there. */
function application(): { readonly described: Application; readonly subnet: string } {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { operatorListeners: true } });
  return { described: describeRalex(settings, { grafana: true }), subnet: settings.subnet };
}

/** By file name, `<service>-<name of the file>`: what holds no secret, with addresses as on a Docker Engine. */
export function renderedFiles(): Readonly<Record<string, string>> {
  const { described, subnet } = application();
  const plan = planAddresses(described, subnet);
  const plain = (value: Text): string => {
    if (typeof value === "string") return value;
    if ("join" in value) return value.join.map(plain).join("");
    if (value.ref === "secret") throw new Error(`a file that can be read holds ${value.secret}`);
    return addressText(value, described, plan);
  };
  const filesOf = ({ name, files }: Service) =>
    files
      // Certificates are made with the stack.
      .filter(({ secret, content }) => !secret && !mentionsSecret(content))
      .map(({ path, content }) => [`${name}-${path.split("/").at(-1) ?? ""}`, plain(content)] as const);
  return Object.fromEntries(described.services.flatMap(filesOf));
}
