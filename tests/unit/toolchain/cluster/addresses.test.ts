import {
  addressesInUse,
  clusterNodes,
  fabricNetwork,
  hostNetwork,
  nodeNetwork,
  nodeTranslation,
} from "../../../../toolchain/cluster/addresses";

const three = clusterNodes(3);

describe("the nodes of a cluster", () => {
  test("have names, addresses and pods' networks by their number", () => {
    expect(three).toEqual([
      { name: "node1", address: "10.251.0.11", podNetwork: "10.244.1.0/24" },
      { name: "node2", address: "10.251.0.12", podNetwork: "10.244.2.0/24" },
      { name: "node3", address: "10.251.0.13", podNetwork: "10.244.3.0/24" },
    ]);
  });

  test.each([0, -1, 1.5, 6, NaN])("%s of them are refused, with what is allowed", (count) =>
    expect(() => clusterNodes(count)).toThrow(/cannot have .* nodes; allowed are 1 to 5/),
  );
});

describe("the cluster's networks", () => {
  test("begin on this machine with one link into the namespace, and routes that vanish with it", () => {
    expect(hostNetwork(three.slice(0, 2), 4711).trimEnd().split("\n")).toEqual([
      "link add ralex0 type veth peer name uplink netns 4711",
      "addr add 10.251.0.1/24 dev ralex0",
      "link set ralex0 up",
      "route add 10.96.0.0/16 via 10.251.0.11",
      "route add 10.97.0.0/16 via 10.251.0.11",
      "route add 10.244.1.0/24 via 10.251.0.11",
      "route add 10.244.2.0/24 via 10.251.0.12",
    ]);
  });

  test("join every node to one bridge, where the control plane reaches pods and Services", () => {
    const text = fabricNetwork(three);
    for (const { name, address, podNetwork } of three) {
      expect(text).toContain(`link add ${name} type veth peer name eth0 netns ${name}\n`);
      expect(text).toContain(`link set ${name} master fabric up\n`);
      expect(text).toContain(`route add ${podNetwork} via ${address}\n`);
    }
    expect(text).toContain("route add 10.96.0.0/16 via 10.251.0.11\n");
  });

  test("lead a node to the pods of the others, not to its own", () => {
    const [, second] = three;
    if (second === undefined) throw new Error("three nodes have a second");
    const text = nodeNetwork(second, three);
    expect(text).toContain("addr add 10.251.0.12/24 dev eth0\n");
    expect([...text.matchAll(/route add (10\.244\S+)/g)].map((match) => match[1])).toEqual([
      "10.244.1.0/24",
      "10.244.3.0/24",
    ]);
  });

  test("hide pods behind their node for everything that is no pod", () => {
    expect(nodeTranslation().split("\n")[1]).toBe(
      "-A POSTROUTING -s 10.244.0.0/16 ! -d 10.244.0.0/16 -o eth0 -j MASQUERADE",
    );
  });
});

describe("routes that the machine has already", () => {
  test("are in the way where they overlap, the wider and the narrower ones", () => {
    const taken = addressesInUse([
      { dst: "10.0.0.0/8", dev: "vpn0" },
      { dst: "10.96.7.0/24", dev: "br-1" },
      { dst: "10.251.0.11", dev: "lo" },
    ]);
    expect(taken).toEqual([
      "10.251.0.0/24 is wanted, and 10.0.0.0/8 is routed to vpn0",
      "10.97.0.0/16 is wanted, and 10.0.0.0/8 is routed to vpn0",
      "10.244.0.0/16 is wanted, and 10.0.0.0/8 is routed to vpn0",
      "10.96.0.0/16 is wanted, and 10.0.0.0/8 is routed to vpn0",
      "10.96.0.0/16 is wanted, and 10.96.7.0/24 is routed to br-1",
      "10.251.0.0/24 is wanted, and 10.251.0.11 is routed to lo",
    ]);
  });

  test("are not where they lead elsewhere, or are the cluster's own", () => {
    const others = ["default", "172.17.0.0/16", "10.230.0.0/24", "10.250.255.255", "fd00::/64", "ff00::/8"];
    expect(addressesInUse(others.map((dst) => ({ dst, dev: "eth0" })))).toEqual([]);
    expect(addressesInUse([{ dst: "10.251.0.0/24", dev: "ralex0" }])).toEqual([]);
  });
});
