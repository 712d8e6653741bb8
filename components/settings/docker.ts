/** The settings that target docker has beside those of every target. */
import { z } from "zod";
import type { Problem } from "./problem";
import { parseSource } from "./source";

const port = z.int().min(1).max(65535);

/** Whether no bit of the host is set, as Docker demands. */
function isNetwork(cidr: string): boolean {
  const [address = "", length] = cidr.split("/");
  const bits = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  return bits % 2 ** (32 - Number(length)) === 0;
}

/** IPv4 network that is private (RFC 1918) and 16 to 24 bits long: fixed addresses need some room. */
const privateSubnet = z
  .cidrv4()
  .refine((value) => /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)/.test(value), "must be private (RFC 1918)")
  .refine((value) => Number(value.split("/")[1]) >= 16 && Number(value.split("/")[1]) <= 24, "must be /16 to /24")
  .refine(isNetwork, "must be the network's own address: with nothing but zeros behind its length");

const source = z.string().superRefine((value, context) => {
  try {
    parseSource(value);
  } catch (error) {
    context.addIssue({ code: "custom", message: (error as Error).message });
  }
});

/** What starts the bridge; `sourceCommand` starts from it too, so that a copy of the bridge needs no other. */
export const BRIDGE_COMMAND = "python -m ralex_bridge";

export const DOCKER_SETTINGS = {
  webPort: port.default(3000).describe("Port of Open WebUI on 127.0.0.1"),
  apiPort: port.default(8000).describe("Port of the API on 127.0.0.1"),
  tlsPort: port.default(8443).describe("TLS port of Open WebUI and the API on 127.0.0.1"),
  prometheusPort: port.default(9090).describe("Port of Prometheus on 127.0.0.1, behind the operator's password"),
  logsPort: port.default(9428).describe("Port of the log search on 127.0.0.1, behind the operator's password"),
  grafanaPort: port.default(3001).describe("Port of Grafana on 127.0.0.1, where it is part of the stack"),
  subnet: privateSubnet.default("10.213.0.0/24").describe("Private network of the stack"),
  hotReload: z
    .boolean()
    .default(false)
    .describe("Run the bridge from this checkout, reloading on every edit; a pinned release runs as it is"),
  source: source
    .optional()
    .describe(
      "Build the API from another Ralex, a folder or a git URL with #commit; it serves /health on 8000 and migrates itself",
    ),
  sourceCommand: z
    .string()
    .regex(
      /^\s*[^\s"']+(\s+[^\s"']+)*\s*$/,
      "must be words without quotes: it is split at white space, no shell reads it",
    )
    .default(BRIDGE_COMMAND)
    .describe("What starts the Ralex of source, split at white space; nothing secret"),
} as const;

/** Settings that are ports of this machine. */
export const PORT_SETTINGS = ["webPort", "apiPort", "tlsPort", "prometheusPort", "logsPort", "grafanaPort"] as const;

/** Problems that only show when settings are looked at together. @param parsed - of those that are valid by themselves. */
export function dockerClashes(parsed: Readonly<Record<string, unknown>>): readonly Problem[] {
  const problems: Problem[] = [];
  const holders = new Map<unknown, string>();
  for (const key of PORT_SETTINGS) {
    const port = parsed[key];
    if (port === undefined) continue;
    const holder = holders.get(port);
    if (holder === undefined) holders.set(port, key);
    else problems.push({ key, source: "all settings", message: `is the same port as ${holder}; give each its own` });
  }
  if (parsed.source !== undefined && parsed.hotReload === true) {
    const message = "is not supported with source: set hotReload to false, or leave source out";
    problems.push({ key: "hotReload", source: "all settings", message });
  }
  if (parsed.source !== undefined && parsed.release !== undefined) {
    const message = "is not what runs where a release is pinned: leave source out, or remove ralex:release";
    problems.push({ key: "source", source: "all settings", message });
  }
  if (
    "source" in parsed &&
    parsed.source === undefined &&
    ![undefined, BRIDGE_COMMAND].includes(parsed.sourceCommand as string)
  ) {
    problems.push({ key: "sourceCommand", source: "all settings", message: "needs source: say whose command it is" });
  }
  return problems;
}
