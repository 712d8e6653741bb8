import * as fc from "fast-check";
import { freeSubnet, overlap, subnetProblems, type EngineNetwork } from "../../../../cli/targets/docker/subnet";

const network = (Name: string, ...subnets: readonly string[]): EngineNetwork => ({
  Name,
  IPAM: { Config: subnets.map((Subnet) => ({ Subnet })) },
});
const nobodys = () => false;
const SUBNET = "10.213.0.0/24";

const number = (address: string): number => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
const address = (value: number): string => [24, 16, 8, 0].map((bits) => Math.floor(value / 2 ** bits) % 256).join(".");
/** First and last address of a network. */
function ends(cidr: string): readonly [number, number] {
  const [base = "", length = ""] = cidr.split("/");
  const size = 2 ** (32 - Number(length));
  const first = Math.floor(number(base) / size) * size;
  return [first, first + size - 1];
}
// Near each other, so that every way of lying to each other comes up.
const cidr = fc
  .tuple(fc.integer({ min: number("10.213.0.0"), max: number("10.213.15.255") }), fc.integer({ min: 16, max: 30 }))
  .map(([value, length]) => `${address(value)}/${length}`);

describe("the stack's subnet", () => {
  test.each([
    ["the same", "10.213.0.0/24"],
    ["a larger one around it", "10.0.0.0/8"],
    ["a smaller one inside it", "10.213.0.128/25"],
    ["one of all addresses", "0.0.0.0/0"],
  ])("is refused where another Docker network has %s, naming the setting and the network", (_, subnet) => {
    const [problem, ...more] = subnetProblems(SUBNET, [network("theirs", "192.168.0.0/24", subnet)], nobodys, []);
    expect(more).toEqual([]);
    expect(problem).toContain(`ralex:subnet (${SUBNET}) overlaps the Docker network theirs (${subnet}): set it to`);
  });

  test("is taken where only the stack's own networks, others beside it, and IPv6 are there", () => {
    const networks = [
      network("own", SUBNET),
      network("beside", "10.213.1.0/24", "fd00::/8"),
      { Name: "none", IPAM: { Config: null } },
      { Name: "host", IPAM: null },
    ];
    expect(subnetProblems(SUBNET, networks, ({ Name }) => Name === "own", [])).toEqual([]);
  });

  test("is refused where it holds an address of this machine that is not one of Docker's", () => {
    const own = { Name: "own", IPAM: { Config: [{ Subnet: SUBNET, Gateway: "10.213.0.1" }] } };
    const bridge = { name: "br-1", address: "10.213.0.1" };
    const lan = { name: "eth0", address: "10.213.0.7" };
    const problems = (...addresses: (typeof lan)[]) => subnetProblems(SUBNET, [own], () => true, addresses);
    expect(problems(bridge, { name: "lo", address: "127.0.0.1" })).toEqual([]);
    expect(problems(bridge, lan)).toEqual([
      expect.stringMatching(/^ralex:subnet .* holds an address of this machine, 10\.213\.0\.7 \(eth0\)/) as string,
    ]);
    expect(subnetProblems(SUBNET, [network("own", SUBNET)], () => true, [bridge])).toEqual([]);
  });

  test("is told with one that is free", () => {
    expect(freeSubnet(["10.214.0.0/16", "10.215.0.128/25"], ["10.216.0.9"])).toBe("10.217.0.0/24");
    expect(freeSubnet(["10.0.0.0/8"], [])).toBeUndefined();
    const [problem] = subnetProblems(SUBNET, [network("theirs", "10.0.0.0/8")], nobodys, []);
    expect(problem).toContain("set it to a private network that is free");
  });

  test("overlaps another network exactly where they have an address in common", () => {
    fc.assert(
      fc.property(cidr, cidr, (one, other) => {
        const [[a, b], [c, d]] = [ends(one), ends(other)];
        expect(overlap(one, other)).toBe(a <= d && c <= b);
        expect(overlap(other, one)).toBe(a <= d && c <= b);
      }),
      { numRuns: 1000 },
    );
  });
});
