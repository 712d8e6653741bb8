import { namesInUse } from "../../../cli/release/images-in-use";
import { loadSettings } from "../../../components/settings/load";

const PIN = { id: "r-1", images: {} };
const settings = (stack: Record<string, unknown>) => loadSettings({ environment: {}, dotenv: {}, stack });

test("an environment runs the images of the services that its settings leave it", async () => {
  const own = await namesInUse(PIN, settings({}));
  expect(own).toEqual(expect.arrayContaining(["postgres", "probe", "redis", "victorialogs"]));
  const stores = {
    ...{ postgresUrl: "postgresql://a@db.example?sslmode=require", postgresPassword: "p" },
    ...{ redisUrl: "rediss://cache.example", redisPassword: "p" },
  };
  // Postgres' own programs make roles and databases in another one, too.
  expect(await namesInUse(PIN, settings(stores))).toEqual(own.filter((name) => name !== "redis"));
});
