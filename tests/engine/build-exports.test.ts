/** The stand-in for docker-build under the real engine: raw exports that it implements, and those that it refuses. */
import { TestStack } from "../support/pulumi";

jest.setTimeout(60_000);

const program = (raw: string) => `
  import * as dockerBuild from "@pulumi/docker-build";
  const image = new dockerBuild.Image("image", {
    context: { location: "context" }, tags: ["127.0.0.1:1/engine-test:1"], push: false, buildOnPreview: false,
    exports: [{ raw: ${JSON.stringify(raw)} }],
  });
  export const digest = image.digest;`;

let stack: TestStack;
beforeAll(async () => {
  const dockerfile = { "context/Dockerfile": "FROM scratch\nLABEL a=b\n" };
  stack = await TestStack.create("exports", { "index.ts": program("type=registry"), ...dockerfile });
});
afterAll(() => stack.remove());

test("a raw export with rewritten times is accepted, and a preview builds nothing", async () => {
  stack.write("index.ts", program("type=registry,push=true,oci-mediatypes=true,rewrite-timestamp=true"));
  const { exitCode, text } = await stack.preview();
  expect(text).toContain("image create");
  expect(exitCode).toBe(0);
});

test("an attribute and a type that are not implemented are refused by name, both at once, before a build", async () => {
  stack.write("index.ts", program("type=oci,annotation.a=b"));
  const { exitCode, text } = await stack.up();
  expect(exitCode).not.toBe(0);
  expect(text).toMatch(/exports\[0\]\.raw.*type is oci/);
  expect(text).toMatch(/annotation\.a is not implemented/);
});
