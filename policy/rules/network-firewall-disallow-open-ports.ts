import { isEveryone, opensMore } from "../address-range";
import { byType, each, isSet, type PlainCheck } from "../by-type";
import { finding, type Finding, type Resource, type ResourceRule } from "../rule";
import type { Value } from "../value";

/** The internet finds an open port within minutes. */
export const networkFirewallDisallowOpenPorts: ResourceRule = {
  scope: "resource",
  id: "NET-01",
  name: "network-firewall-disallow-open-ports",
  title: "The internet reaches ports 80 and 443 and no others",
  severity: "critical",
  reason: {
    source: "AWS Security Hub EC2.18, EC2.19; CIS Google Cloud 3.6, 3.7; CIS Azure 6.1, 6.2",
    link: "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19",
  },
  fix: "Name the networks that need the port, or open 80 and 443 of the edge alone.",
  level: { development: "mandatory", promoted: "mandatory" },
  onUnknown: "skip",
  ...byType({
    ...each(
      ["aws:ec2/securityGroup:SecurityGroup", "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"],
      (resource, properties) =>
        properties
          .get("ingress")
          .items()
          .flatMap((rule) => securityGroupRule(resource, rule)),
    ),
    "aws:ec2/securityGroupRule:SecurityGroupRule": (resource, properties) =>
      properties.get("type").text === "egress" ? [] : securityGroupRule(resource, properties),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": (resource, properties) =>
      isEdge(properties.get("ipProtocol"), properties)
        ? []
        : open(resource, [properties.get("cidrIpv4"), properties.get("cidrIpv6")]),
    "gcp:compute/firewall:Firewall": (resource, properties) => googleFirewall(resource, properties),
    "azure-native:network:NetworkSecurityGroup": (resource, properties) =>
      properties
        .get("securityRules")
        .items()
        .flatMap((rule) => azureRule(resource, rule)),
    "azure-native:network:SecurityRule": (resource, properties) => azureRule(resource, properties),
  }),
};

/** Sources that are the internet, or that are unknown: what they reach is more than the edge's ports. */
const open = (resource: Resource, sources: readonly Value[]): readonly Finding[] =>
  sources
    .filter((source) => source.isUnknown || isEveryone(source.text ?? ""))
    .map((source) => finding(resource, source, "the internet reaches a port that is not 80 or 443"));

/** AWS: whether a rule is of one port of the edge. Protocol -1 is everything, whatever ports it names. */
function isEdge(protocol: Value, rule: Value): boolean {
  const from = rule.get("fromPort").number;
  const to = rule.get("toPort").number;
  return ["tcp", "udp", "6", "17"].includes(protocol.text ?? "") && from !== undefined && !opensMore(`${from}-${to}`);
}

const securityGroupRule: PlainCheck = (resource, rule) =>
  isEdge(rule.get("protocol"), rule)
    ? []
    : open(resource, [...rule.get("cidrBlocks").items(), ...rule.get("ipv6CidrBlocks").items()]);

const googleFirewall: PlainCheck = (resource, properties) => {
  if (properties.get("direction").text === "EGRESS" || properties.get("disabled").isTrue) return [];
  const allows = properties.get("allows").items();
  const opens = allows.some((allowed) => {
    const ports = allowed.get("ports").items();
    return ports.length === 0 ? allowed.get("protocol").text !== "icmp" : ports.some(({ text }) => opensMore(text));
  });
  if (!opens) return [];
  const sources = properties.get("sourceRanges");
  const others = [properties.get("sourceTags"), properties.get("sourceServiceAccounts")];
  // A rule that names no source at all is for every source.
  if (!isSet(sources) && !others.some(isSet)) {
    return [finding(resource, sources, "the internet reaches a port that is not 80 or 443")];
  }
  return open(resource, sources.items());
};

const azureRule: PlainCheck = (resource, rule) => {
  if (rule.get("access").text === "Deny" || rule.get("direction").text === "Outbound") return [];
  const ports = [rule.get("destinationPortRange"), ...rule.get("destinationPortRanges").items()];
  const named = ports.filter((port) => !port.isAbsent);
  if (named.length > 0 && !named.some(({ text }) => opensMore(text))) return [];
  return open(resource, [rule.get("sourceAddressPrefix"), ...rule.get("sourceAddressPrefixes").items()]);
};
