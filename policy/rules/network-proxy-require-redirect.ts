import { propertiesOf, type Finding, type Resource, type StackRule } from "../rule";

const PROXY = "gcp:compute/targetHttpProxy:TargetHttpProxy";
const URL_MAP = "gcp:compute/uRLMap:URLMap";

/** What Google's proxy of port 80 does stands in another resource, so the stack is judged as a whole. */
export const networkProxyRequireRedirect: StackRule = {
  scope: "stack",
  id: "NET-03",
  name: "network-proxy-require-redirect",
  title: "Google's proxy of HTTP only leads to HTTPS",
  severity: "high",
  reason: {
    source: "Google Cloud, HTTP-to-HTTPS redirect",
    link: "https://cloud.google.com/load-balancing/docs/https/setting-up-http-https-redirect",
  },
  fix: "Give the proxy a URLMap with defaultUrlRedirect {httpsRedirect: true, stripQuery: false}, and no service or path of its own.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  types: [PROXY, URL_MAP],
  check: (resources) => {
    const maps = resources.filter(({ type }) => type === URL_MAP);
    return resources.filter(({ type }) => type === PROXY).flatMap((proxy) => judged(proxy, mapsOf(proxy, maps)));
  },
};

/** The maps that a proxy's own is among: the one that it was made of, or else any of the stack's. */
function mapsOf({ dependencies }: Resource, maps: readonly Resource[]): readonly Resource[] {
  const own = dependencies?.urlMap?.filter(({ type }) => type === URL_MAP) ?? [];
  return own.length > 0 ? own : maps;
}

function judged(proxy: Resource, maps: readonly Resource[]): readonly Finding[] {
  const redirects = maps
    .map(propertiesOf)
    .filter((map) => map.get("defaultService").isAbsent && map.get("pathMatchers").items().length === 0)
    .map((map) => map.at("defaultUrlRedirect", "httpsRedirect"));
  if (redirects.some(({ isTrue }) => isTrue)) return [];
  // Whether the map is known decides whether this can be told, and not its id, which no preview knows.
  const { path } = propertiesOf(proxy).get("urlMap");
  const message = "the proxy serves without TLS: it may only redirect to HTTPS";
  const isUndecided = redirects.some(({ isUnknown }) => isUnknown);
  return [{ urn: proxy.urn, path, message, ...(isUndecided ? { isUndecided } : {}) }];
}
