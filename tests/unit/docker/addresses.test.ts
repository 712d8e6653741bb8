import * as fc from "fast-check";
import type { Application } from "../../../components/app/model";
import { addressText, planAddresses } from "../../../components/docker/addresses";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const application = (stack: Record<string, unknown>, grafana = false): Application =>
  onDocker(loadSettings({ environment: {}, dotenv: {}, stack }), { grafana });

const settings = fc.record({
  apiReplicas: fc.integer({ min: 1, max: 20 }),
  operatorListeners: fc.boolean(),
  apiMaxBodyMib: fc.integer({ min: 1, max: 64 }),
});
const subnet = fc
  .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: 255 }), fc.integer({ min: 16, max: 24 }))
  .map(([a, b, bits]) => `10.${a}.${b}.0/${bits}`);

const toNumber = (address: string) => address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
function range(cidr: string): readonly [number, number] {
  const [base = "", bits] = cidr.split("/");
  return [toNumber(base), toNumber(base) + 2 ** (32 - Number(bits)) - 1];
}

describe("the plan of addresses", () => {
  test("gives every replica one of its own inside the subnet and outside what the engine gives out", () => {
    fc.assert(
      fc.property(settings, subnet, fc.boolean(), (stack, cidr, grafana) => {
        const plan = planAddresses(application(stack, grafana), cidr);
        const all = [...plan.of.values()].flat().map(toNumber);
        expect(all.length).toBeGreaterThan(3);
        expect(new Set([...all, toNumber(plan.gateway)]).size).toBe(all.length + 1);
        const [[first, last], [low, high]] = [range(plan.subnet), range(plan.dynamicRange)];
        expect([low >= first, high <= last, high - low]).toEqual([true, true, 127]);
        for (const address of all) expect([address > first, address < low]).toEqual([true, true]);
      }),
      { numRuns: 200 },
    );
  });

  test("never moves a service, whatever settings change and whatever services join, leave or change places", () => {
    fc.assert(
      fc.property(settings, settings, fc.boolean(), fc.integer({ min: 0, max: 99 }), (one, other, grafana, shift) => {
        const changed = application(other, grafana);
        const rotated = changed.services.map((_, index, all) => all[(index + shift) % all.length]);
        const services = rotated.flatMap((service) => (service === undefined ? [] : [service]));
        const [before, after] = [application(one), { ...changed, services }].map(
          (of) => planAddresses(of, "10.213.0.0/24").of,
        );
        for (const [name, addresses] of before ?? []) expect(after?.get(name)).toEqual(addresses);
        expect(before?.size).toBeGreaterThan(3);
      }),
      { numRuns: 200 },
    );
  });

  test("has every service that the edge and the engine find by address", () => {
    const all = application({ operatorListeners: true }, true);
    const plan = planAddresses(all, "10.213.0.0/24");
    for (const service of ["api", "openwebui", "prometheus", "victorialogs", "grafana"]) {
      const ref = { ref: "eachAddress", service, port: "http", before: "<", after: ">" } as const;
      expect(addressText(ref, all, plan)).toMatch(/^(<10\.213\.0\.\d+:\d+>)+$/);
    }
  });

  test("refuses a service with replicas that was given no number, and says where to give one", () => {
    const all = application({});
    const services = all.services.map((service) =>
      service.name === "node-exporter" ? { ...service, maxReplicas: 3 } : service,
    );
    expect(() => planAddresses({ ...all, services }, "10.213.0.0/24")).toThrow(
      "service node-exporter needs a fixed address: give it a number in components/docker/addresses.ts",
    );
  });
});
