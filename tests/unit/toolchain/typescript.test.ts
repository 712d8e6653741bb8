/** The loader of everything that is TypeScript here: commands, programs and the provider. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";

const LOADER = path.resolve(__dirname, "../../../toolchain/typescript.js");
const PULUMI = require.resolve("@pulumi/pulumi");

let folder: string;
beforeAll(() => (folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-loader-"))));
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What a program prints. */
async function run(source: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const file = path.join(folder, "program.ts");
  fs.writeFileSync(file, source);
  return (await execa(process.execPath, ["--require", LOADER, file], { env, extendEnv: false })).stdout;
}

test("a stack trace names the lines of the TypeScript, also after somebody registers source-map-support", async () => {
  const program = `
require(${JSON.stringify(require.resolve("source-map-support/register", { paths: [path.dirname(PULUMI)] }))});
interface Removed {
  readonly by: "the translation";
}
function fails(_: Removed): never { throw new TypeError("here"); }
try { fails({ by: "the translation" }); } catch (error) { console.log((error as Error).stack); }
`;
  const [message, first, second] = (await run(program)).split("\n");
  expect(message).toBe("TypeError: here");
  expect(first).toBe(`    at fails (${folder}/program.ts:6:43)`);
  expect(second).toMatch(/program\.ts:7:7\)$/);
}, 30_000);

test("Pulumi is loaded without what turns functions into text, and turns one into text when it is asked", async () => {
  const program = `
import * as pulumi from ${JSON.stringify(PULUMI)};
const isLoaded = () => Object.keys(require.cache).some((file) => /arborist|lib.typescript\\.js$/.test(file));
console.log(isLoaded());
pulumi.runtime.serializeFunction(() => 42).then(({ text }) => console.log(text.includes("42"), isLoaded()));
`;
  expect((await run(program)).split("\n")).toEqual(["false", "true true"]);
}, 30_000);

test("loopback stays off the user's proxies, whoever starts the program", async () => {
  const program = "console.log(process.env.no_proxy, process.env.no_grpc_proxy);";
  const [general, grpc] = (await run(program, { http_proxy: "http://127.0.0.1:9", no_proxy: "corp" })).split(" ");
  expect(general?.split(",")).toEqual(expect.arrayContaining(["corp", "localhost", "127.0.0.1", "::1"]));
  expect(grpc?.split(",")).toEqual(expect.arrayContaining(["corp", "127.0.0.1"]));
}, 30_000);
