import { pictureOf } from "../../../components/app/picture";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const application = (stack: Record<string, unknown> = {}) =>
  onDocker(loadSettings({ environment: {}, dotenv: {}, stack }));

describe("the picture of the stack", () => {
  test("has every service once: a cylinder where it keeps data, a rounded box where it runs once", () => {
    const lines = pictureOf(application({ apiReplicas: 3 })).split("\n");
    expect(lines[0]).toBe("flowchart LR");
    for (const { name } of application().services) {
      expect(
        lines.filter((line) => line.startsWith(`  ${name.replaceAll("-", "_")}[`) || line.includes(`(["${name}`)),
      ).toHaveLength(1);
    }
    expect(lines).toContain('  postgres[("postgres")]');
    expect(lines).toContain('  migrations(["migrations"])');
    expect(lines).toContain('  api["api × 3"]');
  });

  test("shows people only the ports that the settings publish at the edge", () => {
    const ports = (stack: Record<string, unknown>) =>
      [...pictureOf(application(stack)).matchAll(/people -- "(\d+) \w+" --> edge/g)].map(([, port]) => Number(port));
    expect(ports({ webPort: 3456 })).toEqual([3456, 8000, 8443]);
    expect(ports({ operatorListeners: true })).toEqual([3000, 8000, 8443, 9090, 9428]);
  });

  test("leads from a service to those whose addresses it is given, and dotted to those it only waits for", () => {
    const lines = pictureOf(application()).split("\n");
    expect(lines).toContain("  api --> postgres & redis");
    expect(lines).toContain('  api -. "after" .-> migrations');
    expect(lines).toContain("  databases --> postgres");
    expect(lines).toContain("  migrations --> postgres");
    expect(lines).toContain('  migrations -. "after" .-> databases');
    expect(lines).not.toContain("  prometheus --> prometheus");
  });
});
