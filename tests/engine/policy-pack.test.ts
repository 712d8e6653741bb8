/** The language host runs policy packs. This pack speaks the engine's Analyzer protocol directly. */
import * as path from "node:path";
import { failureOf } from "../../cli/plan/engine";
import { TestStack } from "../support/pulumi";

jest.setTimeout(240_000);

const HOOK = path.resolve(__dirname, "../../toolchain/typescript.js");

const PACK = `
import * as grpc from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/analyzer_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
const answer = <T>(make: (request: any) => T) => (call: any, callback: any) => callback(null, make(call.request));
const findings = (request: any) => {
  const response = new pb.AnalyzeResponse();
  const length = request.getProperties?.()?.toJavaScript().length;
  if (request.getType?.() === "random:index/randomPassword:RandomPassword" && length < 12) {
    response.addDiagnostics(new pb.AnalyzeDiagnostic().setPolicyname("long-passwords").setPolicypackname("test-pack")
      .setPolicypackversion("1.0.0").setMessage("a password of " + length + " characters is too short").setEnforcementlevel(pb.EnforcementLevel.MANDATORY));
  }
  return response;
};
const policy = new pb.PolicyInfo().setName("long-passwords").setEnforcementlevel(pb.EnforcementLevel.MANDATORY);
const server = new grpc.Server();
server.addService(AnalyzerService, {
  handshake: answer(() => new pb.AnalyzerHandshakeResponse()),
  analyze: answer(findings),
  analyzeStack: answer(() => new pb.AnalyzeResponse()),
  remediate: answer(() => new pb.RemediateResponse()),
  getAnalyzerInfo: answer(() => new pb.AnalyzerInfo().setName("test-pack").setVersion("1.0.0").setPoliciesList([policy])),
  getPluginInfo: answer(() => new PluginInfo().setVersion("1.0.0")),
  configure: answer(() => new Empty()),
  configureStack: answer(() => new pb.AnalyzerStackConfigureResponse()),
  cancel: answer(() => new Empty()),
} as any);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_, port) => console.log(port));
`;

test("a pack that is violated stops the update, and one that is kept lets it through", async () => {
  const runtime = { name: "nodejs" };
  const program = (length: number) =>
    `import * as random from "@pulumi/random"; new random.RandomPassword("p", { length: ${length} });`;
  const stack = await TestStack.create("policed", {
    "index.ts": program(8),
    "pack/PulumiPolicy.yaml": JSON.stringify({ name: "test-pack", version: "1.0.0", runtime, main: "index.js" }),
    "pack/package.json": JSON.stringify({ name: "test-pack", version: "1.0.0", main: "index.js" }),
    // Packs are type-checked by ts-node when they start, whatever their options say; a script as entry goes round it.
    "pack/index.js": `require(${JSON.stringify(HOOK)}); require("./pack.ts");`,
    "pack/pack.ts": PACK,
  });
  try {
    for (const command of [
      ["up", "--yes", "--skip-preview"],
      ["up", "--yes", "--strict"],
      ["preview", "--save-plan", "plan.json"],
    ]) {
      const denied = await stack.run(...command, "--policy-pack", "pack");
      expect(denied.text).toContain("a password of 8 characters is too short");
      const { exitCode, message } = failureOf(command[0] ?? "", denied.exitCode, denied.text);
      expect([exitCode, message]).toEqual([2, expect.stringContaining("refused by a policy, named above")]);
      expect(message.includes("stays done")).toBe(command.includes("--skip-preview"));
    }
    stack.write("index.ts", program(12));
    expect(await stack.preview("--save-plan", "plan.json", "--policy-pack", "pack")).toMatchObject({ exitCode: 0 });
    const allowed = await stack.run("up", "--yes", "--plan", "plan.json", "--policy-pack", "pack");
    expect(allowed).toMatchObject({ exitCode: 0 });
    expect(allowed.text).toContain("test-pack");
  } finally {
    await stack.remove();
  }
});
