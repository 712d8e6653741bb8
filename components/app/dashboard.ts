/** The dashboard of Ralex, typed; Grafana shows it where there is one, and a test runs every query. */
import * as common from "@grafana/grafana-foundation-sdk/common";
import * as dashboard from "@grafana/grafana-foundation-sdk/dashboard";
import * as prometheus from "@grafana/grafana-foundation-sdk/prometheus";
import * as timeseries from "@grafana/grafana-foundation-sdk/timeseries";

interface Panel {
  readonly title: string;
  /** Grafana's unit id. */
  readonly unit: string;
  /** Query by legend; a legend may use labels. */
  readonly queries: Readonly<Record<string, string>>;
}

const ROWS: Readonly<Record<string, readonly Panel[]>> = {
  API: [
    {
      title: "Requests a second, by status",
      unit: "reqps",
      queries: { "{{status}}": "sum by (status) (rate(ralex_requests_total[1m]))" },
    },
    {
      title: "Time to the end of an answer",
      unit: "s",
      queries: {
        median: "histogram_quantile(0.5, sum by (le) (rate(ralex_request_seconds_bucket[1m])))",
        p99: "histogram_quantile(0.99, sum by (le) (rate(ralex_request_seconds_bucket[1m])))",
      },
    },
    {
      title: "Tokens a second, by model and direction",
      unit: "short",
      queries: { "{{model}} {{direction}}": "sum by (model, direction) (rate(ralex_tokens_total[1m]))" },
    },
    { title: "Answers being streamed", unit: "short", queries: { "{{instance}}": "ralex_streams_running" } },
    {
      title: "Dependencies (1 is up)",
      unit: "short",
      queries: { "{{dependency}}": "min by (dependency) (ralex_dependency_up)" },
    },
    {
      title: "Usage records not written yet",
      unit: "short",
      queries: { "{{instance}}": "ralex_usage_pending" },
    },
  ],
  Stores: [
    {
      title: "Databases",
      unit: "bytes",
      queries: { "{{datname}}": 'pg_database_size_bytes{datname=~"ralex|openwebui"}' },
    },
    {
      title: "Connections to Postgres",
      unit: "short",
      queries: { "{{state}}": "sum by (state) (pg_stat_activity_count)" },
    },
    { title: "Memory of Redis", unit: "bytes", queries: { used: "redis_memory_used_bytes" } },
    {
      title: "Commands of Redis a second",
      unit: "ops",
      queries: { commands: "rate(redis_commands_processed_total[1m])" },
    },
  ],
  Machine: [
    { title: "Targets that answer", unit: "short", queries: { "{{job}}": "min by (job) (up)" } },
    {
      title: "Edge connections",
      unit: "short",
      queries: { active: "nginx_connections_active", waiting: "nginx_connections_waiting" },
    },
    {
      title: "Cores in use",
      unit: "short",
      queries: { cores: 'sum(rate(node_cpu_seconds_total{mode!="idle"}[1m]))' },
    },
    { title: "Memory available", unit: "bytes", queries: { available: "node_memory_MemAvailable_bytes" } },
    {
      title: "Memory by service",
      unit: "bytes",
      queries: { "{{job}} {{instance}}": "process_resident_memory_bytes" },
    },
  ],
};

const PANEL_HEIGHT = 8;
const PANEL_WIDTH = 8;
/** Name of the data source that Grafana is provisioned with. */
export const DATA_SOURCE = "ralex-prometheus";

/** Every query of the dashboard. */
export const dashboardQueries = (): readonly string[] =>
  Object.values(ROWS).flatMap((panels) => panels.flatMap(({ queries }) => Object.values(queries)));

/** The dashboard as Grafana's JSON model. */
export function ralexDashboard(): dashboard.Dashboard {
  const builder = new dashboard.DashboardBuilder("Ralex")
    .uid("ralex")
    .tags(["ralex"])
    .refresh("10s")
    .time({ from: "now-30m", to: "now" })
    .timezone("browser");
  for (const [row, panels] of Object.entries(ROWS)) {
    builder.withRow(new dashboard.RowBuilder(row));
    for (const panel of panels) builder.withPanel(panelOf(panel));
  }
  return builder.build();
}

function panelOf({ title, unit, queries }: Panel): timeseries.PanelBuilder {
  const builder = new timeseries.PanelBuilder()
    .title(title)
    .unit(unit)
    .min(0)
    .height(PANEL_HEIGHT)
    .span(PANEL_WIDTH)
    .datasource({ type: "prometheus", uid: DATA_SOURCE })
    .legend(new common.VizLegendOptionsBuilder().showLegend(true).displayMode(common.LegendDisplayMode.List));
  for (const [legend, expression] of Object.entries(queries)) {
    builder.withTarget(new prometheus.DataqueryBuilder().expr(expression).legendFormat(legend));
  }
  return builder;
}
