import { stateCheck, writersIn } from "../../../cli/doctor/state";

const state = (...resources: readonly object[]) => JSON.stringify({ checkpoint: { latest: { resources } } });
const made = (type: string, outputs: object = {}) => ({ type, custom: true, outputs });
const standIn = { __standIn: "ralex" };

describe("whose plugins wrote a state", () => {
  test("is asked of what plugins manage: not of the engine's own, of components, or of the checkout's provider", () => {
    const text = state(
      made("pulumi:providers:docker"),
      made("ralex:docker:Files"),
      { type: "ralex:docker:Service" },
      made("docker:index/container:Container", standIn),
      made("docker:index/volume:Volume"),
    );
    expect(writersIn(text)).toEqual({ official: 1, standIns: 1 });
    expect(writersIn(state())).toEqual({ official: 0, standIns: 0 });
  });

  test("is well where those plugins serve, and wrong where the others do, both ways, with what to do", () => {
    const [official, standIns] = [
      { official: 2, standIns: 0 },
      { official: 0, standIns: 2 },
    ];
    expect([stateCheck("dev", official, false).ok, stateCheck("dev", standIns, true).ok]).toEqual([true, true]);
    for (const check of [stateCheck("dev", official, true), stateCheck("dev", standIns, false)]) {
      expect([check.ok, check.detail, check.remedy]).toEqual([
        false,
        expect.stringContaining("2 resources were written by"),
        expect.any(String),
      ]);
    }
  });
});
