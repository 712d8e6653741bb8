import * as fc from "fast-check";
import { describeRalex } from "../../../components/app/ralex";
import { planAddresses } from "../../../components/docker/addresses";
import { loadSettings } from "../../../components/settings/load";

const application = (apiReplicas: number) =>
  describeRalex(loadSettings({ environment: {}, dotenv: {}, stack: { apiReplicas } }));

describe("the plan of addresses", () => {
  test("gives every replica an address of its own inside the subnet, whatever subnet and replicas", () => {
    const octet = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(octet, octet, fc.integer({ min: 16, max: 24 }), fc.integer({ min: 1, max: 20 }), (a, b, bits, n) => {
        const plan = planAddresses(application(n), `10.${a}.${b}.0/${bits}`);
        const all = [...plan.of.values()].flat();
        expect(all).toHaveLength(13 + n);
        expect(new Set([...all, plan.gateway]).size).toBe(all.length + 1);
        const prefix = plan.subnet.split(".").slice(0, 2).join(".");
        for (const address of all) expect(address.startsWith(`${prefix}.`)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test("moves no other service when the replicas change", () => {
    const two = planAddresses(application(2), "10.213.0.0/24").of;
    const five = planAddresses(application(5), "10.213.0.0/24").of;
    for (const [name, addresses] of two) expect(five.get(name)?.slice(0, addresses.length)).toEqual(addresses);
  });
});
