import { networkFirewallDisallowOpenPorts } from "../../../policy/rules/network-firewall-disallow-open-ports";
import { UNKNOWN } from "../../../policy/value";
import { remove, resource, set, type Change, type RuleCases } from "../support/rule-cases";

const GROUP = resource("aws:ec2/securityGroup:SecurityGroup", {
  ingress: [
    { protocol: "tcp", fromPort: 443, toPort: 443, cidrBlocks: ["0.0.0.0/0"], ipv6CidrBlocks: ["::/0"] },
    { protocol: "tcp", fromPort: 5432, toPort: 5432, cidrBlocks: ["10.0.0.0/16"] },
  ],
  egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
});
const rule = (changes: object) =>
  resource("aws:ec2/securityGroupRule:SecurityGroupRule", {
    type: "ingress",
    protocol: "tcp",
    fromPort: 80,
    toPort: 80,
    cidrBlocks: ["0.0.0.0/0"],
    ...changes,
  });
const ingress = (changes: object) =>
  resource("aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", {
    ipProtocol: "tcp",
    fromPort: 443,
    toPort: 443,
    cidrIpv4: "0.0.0.0/0",
    ...changes,
  });
const google = (changes: object) =>
  resource("gcp:compute/firewall:Firewall", {
    allows: [{ protocol: "tcp", ports: ["80", "443"] }],
    sourceRanges: ["0.0.0.0/0"],
    ...changes,
  });
const azure = (changes: object) =>
  resource("azure-native:network:SecurityRule", {
    access: "Allow",
    direction: "Inbound",
    protocol: "Tcp",
    destinationPortRange: "443",
    sourceAddressPrefix: "Internet",
    ...changes,
  });
const AZURE_GROUP = resource("azure-native:network:NetworkSecurityGroup", {
  securityRules: [
    azure({}).properties,
    azure({ destinationPortRange: "22", sourceAddressPrefix: "10.0.0.0/8" }).properties,
  ],
});

const only =
  (...samples: readonly ReturnType<typeof resource>[]): Change["change"] =>
  () =>
    samples;

const message = "the internet reaches a port that is not 80 or 443";

export const cases: RuleCases = {
  rule: networkFirewallDisallowOpenPorts,
  baseline: [GROUP, rule({}), ingress({}), google({}), azure({}), AZURE_GROUP],
  violations: [
    {
      when: "a security group opens Postgres",
      change: set("ingress[1].cidrBlocks[0]", "0.0.0.0/0"),
      path: "ingress[1].cidrBlocks[0]",
      message,
    },
    {
      when: "a security group opens Postgres to IPv6",
      change: set("ingress[1].ipv6CidrBlocks", ["2001:db8::/32", "::/0"]),
      path: "ingress[1].ipv6CidrBlocks[1]",
      message,
    },
    {
      when: "a security group opens Postgres to half of the internet",
      change: set("ingress[1].cidrBlocks[0]", "0.0.0.0/1"),
      path: "ingress[1].cidrBlocks[0]",
      message,
    },
    {
      when: "a security group opens a range that has the edge's port in it",
      change: (baseline) => set("ingress[0].toPort", 444)(remove("ingress[0].ipv6CidrBlocks")(baseline)),
      path: "ingress[0].cidrBlocks[0]",
      message,
    },
    {
      when: "a security group opens everything, whatever ports are named",
      change: (baseline) => set("ingress[0].protocol", "-1")(remove("ingress[0].ipv6CidrBlocks")(baseline)),
      path: "ingress[0].cidrBlocks[0]",
      message,
    },
    {
      when: "the group that every machine is in opens SSH",
      change: only(
        resource("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", {
          ingress: [{ protocol: "tcp", fromPort: 22, toPort: 22, cidrBlocks: ["0.0.0.0/0"] }],
        }),
      ),
      path: "ingress[0].cidrBlocks[0]",
      message,
    },
    {
      when: "a rule of a group opens Redis",
      change: only(rule({ fromPort: 6379, toPort: 6379 })),
      path: "cidrBlocks[0]",
      message,
    },
    {
      when: "a rule names no ports",
      change: only(rule({ fromPort: undefined, toPort: undefined })),
      path: "cidrBlocks[0]",
      message,
    },
    {
      when: "an ingress rule opens SSH",
      change: only(ingress({ fromPort: 22, toPort: 22 })),
      path: "cidrIpv4",
      message,
    },
    {
      when: "an ingress rule opens SSH to IPv6",
      change: only(ingress({ fromPort: 22, toPort: 22, cidrIpv4: undefined, cidrIpv6: "::/0" })),
      path: "cidrIpv6",
      message,
    },
    {
      when: "Google's firewall opens a port beside the edge's",
      change: only(google({ allows: [{ protocol: "tcp", ports: ["443", "9090"] }] })),
      path: "sourceRanges[0]",
      message,
    },
    {
      when: "Google's firewall opens a range",
      change: only(google({ allows: [{ protocol: "tcp", ports: ["80-443"] }] })),
      path: "sourceRanges[0]",
      message,
    },
    {
      when: "Google's firewall opens every port of a protocol",
      change: only(google({ allows: [{ protocol: "tcp" }] })),
      path: "sourceRanges[0]",
      message,
    },
    {
      when: "Google's firewall names no source, which is every source",
      change: only(google({ allows: [{ protocol: "tcp", ports: ["22"] }], sourceRanges: undefined })),
      path: "sourceRanges",
      message,
    },
    {
      when: "Azure's rule opens SSH",
      change: only(azure({ destinationPortRange: "22" })),
      path: "sourceAddressPrefix",
      message,
    },
    {
      when: "Azure's rule opens every port to every source",
      change: only(azure({ destinationPortRange: "*", sourceAddressPrefix: "*" })),
      path: "sourceAddressPrefix",
      message,
    },
    {
      when: "Azure's rule names no port",
      change: only(azure({ destinationPortRange: undefined })),
      path: "sourceAddressPrefix",
      message,
    },
    {
      when: "one of several ports of Azure's rule is not the edge's",
      change: only(
        azure({
          destinationPortRange: undefined,
          destinationPortRanges: ["443", "8080"],
          sourceAddressPrefix: undefined,
          sourceAddressPrefixes: ["10.0.0.0/8", "0.0.0.0/0"],
        }),
      ),
      path: "sourceAddressPrefixes[1]",
      message,
    },
    {
      when: "a rule within Azure's group opens SSH",
      change: only(
        resource(AZURE_GROUP.type, {
          securityRules: [azure({}).properties, azure({ destinationPortRange: "22" }).properties],
        }),
      ),
      path: "securityRules[1].sourceAddressPrefix",
      message,
    },
  ],
  allowed: [
    { when: "UDP is the edge's, for HTTP/3", change: set("ingress[0].protocol", "udp") },
    { when: "the protocol is a number", change: set("ingress[0].protocol", "6") },
    { when: "the widest private network may connect", change: set("ingress[1].cidrBlocks[0]", "10.0.0.0/8") },
    { when: "a rule is of what goes out", change: only(rule({ type: "egress", protocol: "-1" })) },
    {
      when: "the source is another group",
      change: only(rule({ fromPort: 5432, toPort: 5432, cidrBlocks: undefined })),
    },
    {
      when: "Google's firewall is of what goes out",
      change: only(google({ direction: "EGRESS", allows: [{ protocol: "all" }] })),
    },
    { when: "Google's firewall is off", change: only(google({ disabled: true, allows: [{ protocol: "tcp" }] })) },
    { when: "Google's firewall lets the internet ping", change: only(google({ allows: [{ protocol: "icmp" }] })) },
    {
      when: "Google's sources have a tag",
      change: only(
        google({ allows: [{ protocol: "tcp", ports: ["22"] }], sourceRanges: undefined, sourceTags: ["bastion"] }),
      ),
    },
    {
      when: "Google's sources have an account",
      change: only(
        google({
          allows: [{ protocol: "tcp", ports: ["22"] }],
          sourceRanges: [],
          sourceServiceAccounts: ["bastion@ralex"],
        }),
      ),
    },
    { when: "Azure's rule forbids", change: only(azure({ access: "Deny", destinationPortRange: "*" })) },
    {
      when: "Azure's rule is of what goes out",
      change: only(azure({ direction: "Outbound", destinationPortRange: "*" })),
    },
    {
      when: "Azure's rule has both ports of the edge",
      change: only(azure({ destinationPortRange: undefined, destinationPortRanges: ["80", "443"] })),
    },
  ],
  unknown: {
    when: "the source is unknown",
    change: set("ingress[1].cidrBlocks[0]", UNKNOWN),
    path: "ingress[1].cidrBlocks[0]",
  },
  embedded: { none: "a firewall runs no containers" },
};
