/** What holds data or was given to people survives that the components around it are called by other types. */
import * as path from "node:path";
import { TestStack } from "../support/pulumi";

jest.setTimeout(120_000);

const COMPONENTS = path.resolve(__dirname, "../../components");

/** As earlier programs declared the secrets of a stack: other type names, the same resources. */
const EARLIER = `
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
class Component extends pulumi.ComponentResource {}
const stack = new Component("ralex:docker:LocalStack", "ralex", {}, {});
const secrets = new Component("ralex:docker:Secrets", "ralex-secrets", {}, { parent: stack });
const certificates = new Component("ralex:docker:Certificates", "ralex-tls", {}, { parent: stack });
const password = new random.RandomPassword("ralex-secrets-apiKey", { length: 40, special: false },
  { parent: secrets, protect: true });
export const apiKey = password.result;
`;

/** The present components, under a stack of the present type. */
const PRESENT = `
import * as pulumi from "@pulumi/pulumi";
import { Secrets } from ${JSON.stringify(path.join(COMPONENTS, "secrets/secrets"))};
class Stack extends pulumi.ComponentResource {
  constructor() {
    super("ralex:docker:Stack", "ralex", {}, { aliases: [{ type: "ralex:docker:LocalStack" }] });
  }
}
const sources = { apiKey: { from: "generated", length: 40 } } as const;
const secrets = new Secrets("ralex-secrets", { sources, settings: {}, certificates: undefined as never },
  { parent: new Stack() });
export const apiKey = secrets.get("apiKey", "value");
`;

test("a generated secret stays the same when its component and the stack get other types", async () => {
  const stack = await TestStack.create("identity", { "index.ts": EARLIER });
  try {
    expect((await stack.up()).exitCode).toBe(0);
    const before = await stack.outputs();
    stack.write("index.ts", PRESENT);
    const up = await stack.up();
    expect(up.text).not.toMatch(/RandomPassword .*(creat|replac|delet)/);
    expect(up.exitCode).toBe(0);
    expect(await stack.outputs()).toEqual(before);
  } finally {
    await stack.remove();
  }
});
