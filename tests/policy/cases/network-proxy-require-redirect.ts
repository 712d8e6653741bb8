import { networkProxyRequireRedirect } from "../../../policy/rules/network-proxy-require-redirect";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, setIn, type RuleCases } from "../support/rule-cases";

const PROXY = resource("gcp:compute/targetHttpProxy:TargetHttpProxy", { urlMap: UNKNOWN });
const mapOf = (properties: Readonly<Record<string, unknown>>) => resource("gcp:compute/uRLMap:URLMap", properties);
const REDIRECT = mapOf({ defaultUrlRedirect: { httpsRedirect: true, stripQuery: false } });
const SERVICE = mapOf({ defaultService: "api" });

const message = "the proxy serves without TLS: it may only redirect to HTTPS";
const path = "urlMap";

export const cases: RuleCases = {
  rule: networkProxyRequireRedirect,
  baseline: [PROXY, REDIRECT],
  violations: [
    { when: "its map leads to a service", change: () => [PROXY, SERVICE], path, message },
    {
      when: "its map redirects to where it is in clear too",
      change: setIn(1, "defaultUrlRedirect.httpsRedirect", false),
      path,
      message,
    },
    { when: "its map is not in the stack", change: () => [PROXY], path, message },
    {
      when: "its map redirects, but for a service",
      change: setIn(1, "defaultService", "api"),
      path,
      message,
    },
    {
      when: "its map redirects, but for some paths",
      change: setIn(1, "pathMatchers", [{ name: "api", defaultService: "api" }]),
      path,
      message,
    },
    {
      when: "its own map leads to a service, and another redirects",
      change: () => [{ ...PROXY, dependencies: { urlMap: [SERVICE] } }, SERVICE, REDIRECT],
      path,
      message,
    },
    {
      when: "its own map is not named",
      change: (baseline) => remove("urlMap")([...baseline].slice(0, 1)),
      path,
      message,
    },
  ],
  allowed: [
    {
      when: "its own map redirects, and another leads to a service",
      change: () => [{ ...PROXY, dependencies: { urlMap: [REDIRECT] } }, SERVICE, REDIRECT],
    },
    {
      when: "what its map was made of is something else",
      change: () => [{ ...PROXY, dependencies: { urlMap: [PROXY] } }, SERVICE, REDIRECT],
    },
    { when: "there is a map and no proxy of HTTP", change: () => [SERVICE] },
  ],
  unknown: {
    when: "it is unknown where its map leads",
    change: setIn(1, "defaultUrlRedirect.httpsRedirect", UNKNOWN),
    path,
  },
  embedded: { none: "a proxy runs no containers" },
};
