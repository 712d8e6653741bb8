/** The table of what others' scanners find says which of our rules has it, or why it is left out. */
import { judge } from "../../policy/rule";
import { RULES } from "../../policy/rules";
import { SCANNER_FINDINGS, SCANNERS } from "../../policy/scanners";
import { contextWith, resource } from "./support/rule-cases";

const ids = new Set(RULES.map(({ id }) => id));

test.each(SCANNER_FINDINGS.map((one) => [`${one.scanner} ${one.ids.join(", ")}`, one] as const))(
  "%s is one of our rules', or is left out with a reason",
  (_, { title, rules, leftOut, places }) => {
    expect(title).toMatch(/^[A-Z].*[^.]$/);
    expect(rules.filter((id) => !ids.has(id))).toEqual([]);
    expect(places.length).toBeGreaterThan(0);
    if (rules.length === 0) expect(leftOut).toBeDefined();
    if (leftOut !== undefined) expect(leftOut).toMatch(/^[A-Z].{20,}\.$/);
    // What is found in our own files was looked at: a rule that has it would refuse them, so there is a reason why not.
    if (places.some((place) => place !== "planning document")) expect(leftOut).toBeDefined();
  },
);

test("a finding of a scanner stands in the table once, and each scanner has some", () => {
  const all = SCANNER_FINDINGS.flatMap(({ scanner, ids: own }) => own.map((id) => `${scanner} ${id}`));
  expect(new Set(all).size).toBe(all.length);
  for (const scanner of Object.keys(SCANNERS)) {
    expect(SCANNER_FINDINGS.some((one) => one.scanner === scanner)).toBe(true);
  }
});

/** What the planning document's Deployment and Compose file say, as far as scanners find something in it. */
const PLANNED = [
  resource("kubernetes:apps/v1:Deployment", {
    metadata: { name: "ralex-api" },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: "ralex-api" } },
      template: {
        metadata: { labels: { app: "ralex-api" } },
        spec: {
          containers: [
            {
              name: "ralex-api",
              image: "ralex/ralex-api:latest",
              ports: [{ containerPort: 8000 }],
              resources: { requests: { cpu: "250m", memory: "256Mi" }, limits: { cpu: "500m", memory: "512Mi" } },
              livenessProbe: { httpGet: { path: "/health", port: 8000 } },
              readinessProbe: { httpGet: { path: "/ready", port: 8000 } },
            },
          ],
        },
      },
    },
  }),
  resource("compose:index:Service", {
    image: "postgres:15-alpine",
    environment: { POSTGRES_PASSWORD: "password" },
    ports: ["5432:5432"],
  }),
];

test.each(
  SCANNER_FINDINGS.filter(({ places, rules }) => places.includes("planning document") && rules.length > 0).map(
    (one) => [`${one.scanner} ${one.ids.join(", ")}`, one] as const,
  ),
)("%s is found in the planning document's files by a rule that the table names", (_, { rules }) => {
  const context = contextWith({ configuration: { registries: ["registry.example"] } });
  const found = RULES.filter(({ id }) => rules.includes(id)).filter((rule) => judge(rule, PLANNED, context).length > 0);
  expect(found.map(({ id }) => id)).not.toEqual([]);
});
