import { BlockList } from "node:net";
import { z } from "zod";

/** Addresses that lead back to where they are used: inside a container, to that container. 0.0.0.0 and :: do too. */
const LOOPBACK = new BlockList();
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addSubnet("0.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");
LOOPBACK.addAddress("::", "ipv6");

/** Names that Docker writes into every container's hosts file, and those of other systems. */
const NAMES = /^(?:(?:.+\.)?localhost|localhost\.localdomain|localhost6|ip6-(?:localhost|loopback))$/;

/** @param hostname - of a parsed URL: numbers in any form have become dotted or bracketed addresses there. */
export function isLoopback(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  if (NAMES.test(name)) return true;
  if (name.startsWith("[")) return LOOPBACK.check(name.slice(1, -1), "ipv6");
  return /^[\d.]+$/.test(name) && LOOPBACK.check(name, "ipv4");
}

/** What is wrong with an upstream's base URL, each with what to write instead; no part of it is repeated. */
function problemsOf(value: string): readonly string[] {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(value)) {
    return ["must start with http:// or https://, as in http://host.docker.internal:11434/v1"];
  }
  if (!/^https?:\/\//i.test(value)) return ["must start with http:// or https://: nothing else is spoken"];
  // The bridge takes no white space, and its parser and this one agree on what is plain ASCII.
  if (!/^[\x21-\x7e]+$/.test(value)) return ["must have no white space and nothing outside ASCII (a name as xn--…)"];
  if (!/^https?:\/\/(?:[^/?#@\\]*@)?[^/?#@\\%]+(?:[/?#]|$)/i.test(value) || !URL.canParse(value)) {
    return ["must be a URL with a host and at most a port up to 65535, as in http://models.example:8080/v1"];
  }
  const { hostname, port } = new URL(value);
  return [
    ...(/^https?:\/\/[^/?#]*@/i.test(value)
      ? ["must hold no user and no password, since it is kept in clear: put the key into upstreamApiKey"]
      : []),
    ...(/[?#]/.test(value) ? ["must have no ? and no #: paths of the protocol are put behind it"] : []),
    ...(port === "0" ? ["must not have port 0, where nothing listens"] : []),
    ...(isLoopback(hostname)
      ? [
          "must not be this machine's loopback: in a container that is the container itself. Write " +
            "host.docker.internal for this machine, and let the upstream listen on an address that containers reach, " +
            "not on 127.0.0.1 only (Ollama: OLLAMA_HOST=0.0.0.0)",
        ]
      : []),
  ];
}

/** Base URL of an OpenAI-compatible upstream. Whatever it takes, the bridge takes. */
export const upstreamUrl = z.string().superRefine((value, context) => {
  for (const message of problemsOf(value)) context.addIssue({ code: "custom", message });
});
