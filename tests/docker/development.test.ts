/** What makes the local stack pleasant to work on: edits that answer at once, and a dashboard whose queries work. */
import * as fs from "node:fs";
import * as path from "node:path";
import { dashboardQueries } from "../../components/app/dashboard";
import { operatorFetch, poll } from "../support/http";
import { PORTS, testStack } from "../support/stack";

const stack = testStack();
let apiKey: string;
let operator: string;

beforeAll(async () => {
  await stack.ready();
  apiKey = await stack.output("apiKey");
  operator = await stack.output("operatorPassword");
}, 900_000);

async function answer(): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${PORTS.api}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "echo", messages: [{ role: "user", content: "hello" }] }),
  });
  if (response.status !== 200) throw new Error(`status ${response.status}`);
  return response.text();
}

describe("an edited file of the bridge", () => {
  test("changes the running answer of every replica within 3 s, without a build", async () => {
    const file = path.join(stack.folder, "images/ralex-api/ralex_bridge/upstreams/echo.py");
    const before = fs.readFileSync(file, "utf8");
    expect(before).toContain('"echo: {asked}"');
    try {
      const started = Date.now();
      fs.writeFileSync(file, before.replace('"echo: {asked}"', '"edited: {asked}"'));
      let inARow = 0;
      await poll("the edited answer from every replica", 10_000, async () => {
        inARow = (await answer()).includes("edited: hello") ? inARow + 1 : 0;
        return inARow >= 4 ? true : undefined;
      });
      // Four answers in a row are polled a quarter of a second apart.
      expect(Date.now() - started).toBeLessThan(3_000 + 4 * 250);
    } finally {
      fs.writeFileSync(file, before);
    }
    await poll("the former answer", 10_000, async () => ((await answer()).includes("echo: hello") ? true : undefined));
  }, 60_000);
});

describe("the dashboard", () => {
  test("has only queries that the live Prometheus answers with data", async () => {
    await answer();
    for (const query of dashboardQueries()) {
      const url = `http://127.0.0.1:${PORTS.prometheus}/api/v1/query?${new URLSearchParams({ query })}`;
      await poll(`data for ${query}`, 30_000, async () => {
        const body = (await (await operatorFetch(url, operator)).json()) as {
          status: string;
          data: { result: readonly unknown[] };
        };
        if (body.status !== "success") throw new Error(JSON.stringify(body));
        return body.data.result.length > 0 ? true : undefined;
      });
    }
  }, 240_000);
});
