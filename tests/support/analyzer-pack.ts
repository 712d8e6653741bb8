/**
 * A policy pack of two rules that speaks the engine's Analyzer protocol directly: a password has 12 characters or more, or
 * the change is refused; a Kubernetes container says what memory it needs, which is advice.
 */
import * as path from "node:path";

const HOOK = path.resolve(__dirname, "../../toolchain/typescript.js");

const PACK = `
import * as grpc from "@grpc/grpc-js";
import { AnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/analyzer_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
const answer = <T>(make: (request: any) => T) => (call: any, callback: any) => callback(null, make(call.request));
const LEVELS = {
  "random-password-require-length": pb.EnforcementLevel.MANDATORY,
  "kubernetes-workload-require-resources": pb.EnforcementLevel.ADVISORY,
};
const finding = (rule: keyof typeof LEVELS, message: string) =>
  new pb.AnalyzeDiagnostic().setPolicyname(rule).setPolicypackname("test-pack").setPolicypackversion("1.0.0")
    .setMessage(message).setEnforcementlevel(LEVELS[rule]);
const findings = (request: any) => {
  const response = new pb.AnalyzeResponse();
  const properties = request.getProperties?.()?.toJavaScript() ?? {};
  if (request.getType?.() === "random:index/randomPassword:RandomPassword" && properties.length < 12) {
    response.addDiagnostics(finding("random-password-require-length",
      "length: a password of " + properties.length + " characters is too short\\nFix: Make it 12 characters or longer, <24> for \`prod\`."));
  }
  const containers = properties.spec?.template?.spec?.containers ?? [];
  containers.forEach((container: any, index: number) => {
    if (container.resources?.limits?.memory !== undefined) return;
    response.addDiagnostics(finding("kubernetes-workload-require-resources",
      "spec.template.spec.containers[" + index + "].resources.limits.memory is not set\\nFix: Set a limit of memory."));
  });
  return response;
};
const policies = Object.entries(LEVELS).map(([name, level]) => new pb.PolicyInfo().setName(name).setEnforcementlevel(level));
const server = new grpc.Server();
server.addService(AnalyzerService, {
  handshake: answer(() => new pb.AnalyzerHandshakeResponse()),
  analyze: answer(findings),
  analyzeStack: answer(() => new pb.AnalyzeResponse()),
  remediate: answer(() => new pb.RemediateResponse()),
  getAnalyzerInfo: answer(() => new pb.AnalyzerInfo().setName("test-pack").setVersion("1.0.0").setPoliciesList(policies)),
  getPluginInfo: answer(() => new PluginInfo().setVersion("1.0.0")),
  configure: answer(() => new Empty()),
  configureStack: answer(() => new pb.AnalyzerStackConfigureResponse()),
  cancel: answer(() => new Empty()),
} as any);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (_, port) => console.log(port));
`;

/** The files of the pack, below `pack/`; for the folder of a project. */
export const analyzerPack = (): Readonly<Record<string, string>> => ({
  "pack/PulumiPolicy.yaml": JSON.stringify({
    name: "test-pack",
    version: "1.0.0",
    runtime: { name: "nodejs" },
    main: "index.js",
  }),
  "pack/package.json": JSON.stringify({ name: "test-pack", version: "1.0.0", main: "index.js" }),
  // Packs are type-checked by ts-node when they start, whatever their options say; a script as entry goes round it.
  "pack/index.js": `require(${JSON.stringify(HOOK)}); require("./pack.ts");`,
  "pack/pack.ts": PACK,
});
