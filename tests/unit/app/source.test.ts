/** The description of Ralex where `source` names another one. */
import { loadSettings } from "../../../components/settings/load";
import { onDocker } from "../../support/on-docker";

const foreign = onDocker(
  loadSettings({ environment: {}, dotenv: {}, stack: { source: "/srv/ralex", sourceCommand: "python -m myapp" } }),
);
const own = onDocker(loadSettings({ environment: {}, dotenv: {}, stack: {} }));
const api = (application: typeof own) => application.services.find(({ name }) => name === "api");

describe("a foreign Ralex", () => {
  test("takes the API's place and leaves everything else but the migrations as it is", () => {
    const others = (application: typeof own) =>
      application.services.filter(({ name }) => !["api", "migrations", "prometheus"].includes(name));
    expect(foreign.services.map(({ name }) => name)).toEqual(
      own.services.map(({ name }) => name).filter((name) => name !== "migrations"),
    );
    expect(others(foreign)).toEqual(others(own));
  });

  test("is started by its image's own entrypoint, with the files and variables that the bridge gets", () => {
    expect(api(foreign)?.entrypoint).toBeUndefined();
    expect(api(foreign)?.command).toBeUndefined();
    expect(api(foreign)?.source).toBeUndefined();
    expect(api(foreign)?.image).toBe("ralex-api");
    expect(api(foreign)?.environment).toEqual(api(own)?.environment);
    expect(api(foreign)?.files).toEqual(api(own)?.files);
  });

  test("is healthy when it answers /health, whatever else it has", () => {
    const [interpreter, option, code] = api(foreign)?.health?.command ?? [];
    expect([interpreter, option]).toEqual(["python", "-c"]);
    expect(code).toContain("urlopen('http://127.0.0.1:8000/health'");
  });

  test("waits for the stores, since no migrations run before it", () => {
    expect(api(foreign)?.dependsOn).toEqual([
      { service: "databases", condition: "completed" },
      { service: "redis", condition: "healthy" },
    ]);
  });

  test("is not scraped: a tree without metrics would keep an alert firing", () => {
    const scraped = JSON.stringify(foreign.services.find(({ name }) => name === "prometheus")?.files);
    expect(scraped).not.toContain("job_name: api");
    expect(JSON.stringify(own.services.find(({ name }) => name === "prometheus")?.files)).toContain("job_name: api");
  });
});
