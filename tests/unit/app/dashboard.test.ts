import { dashboardQueries, ralexDashboard } from "../../../components/app/dashboard";
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

describe("the dashboard", () => {
  test("has a panel of its own for every query, with the data source that Grafana is given", () => {
    const { panels } = ralexDashboard();
    const expressions = JSON.stringify(panels).match(/"expr":/g) ?? [];
    expect(expressions).toHaveLength(dashboardQueries().length);
    expect(dashboardQueries().length).toBeGreaterThan(15);
    expect(JSON.stringify(panels)).toContain('"uid":"ralex-prometheus"');
  });

  test("is shown by Grafana where its image is to be had, and named as left out elsewhere", () => {
    const settings = loadSettings({ environment: {}, dotenv: {}, stack: { operatorListeners: true } });
    const withIt = onDocker(settings, { grafana: true });
    expect(withIt.services.map(({ name }) => name)).toContain("grafana");
    expect(withIt.edge.listeners.map(({ name }) => name)).toContain("grafana");
    expect(withIt.omissions).toEqual([]);
    const without = onDocker(settings);
    expect(without.services.map(({ name }) => name)).not.toContain("grafana");
    expect(without.omissions).toEqual([expect.stringContaining("Grafana is left out")]);
  });
});
