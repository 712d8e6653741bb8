/**
 * `pulumi-language-nodejs`: runs TypeScript programs and policy packs for the engine, where the official one cannot be
 * had. A gRPC server whose port is the first line of its output; it ends with the engine that started it.
 */
import { spawn, type ChildProcess } from "node:child_process";
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";
import * as grpc from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/language_pb";
import * as plugins from "@pulumi/pulumi/proto/plugin_pb";
import { version } from "@pulumi/pulumi/version";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { followParent } from "../../components/provider/process";
import { directDependencies, pulumiPackages } from "./program-packages";

/** A program ended with this after it told the user itself what is wrong; from @pulumi/pulumi/cmd/run. */
const BAIL = 32;

const unary =
  <Request, Response>(
    handle: (request: Request) => Promise<Response> | Response,
  ): grpc.handleUnaryCall<Request, Response> =>
  (call, callback) => {
    Promise.resolve()
      .then(() => handle(call.request))
      .then(
        (response) => callback(null, response),
        (error: unknown) =>
          callback({ code: grpc.status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
      );
  };

const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";
const children = new Set<ChildProcess>();

/** The options of `runtime` in Pulumi.yaml that a program's start depends on. */
interface Options {
  readonly typescript: boolean;
  readonly nodeargs: readonly string[];
  readonly tsconfig: string | undefined;
}

function optionsOf(info: pb.ProgramInfo | undefined): Options {
  const options = (info?.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
  const { typescript, nodeargs, tsconfig } = options;
  return {
    typescript: typescript !== false,
    nodeargs: typeof nodeargs === "string" ? nodeargs.split(/\s+/).filter((argument) => argument !== "") : [],
    tsconfig: typeof tsconfig === "string" ? tsconfig : undefined,
  };
}

/** The entry of `@pulumi/pulumi` that the program itself would load. */
function command(name: string, folder: string): string {
  try {
    return createRequire(path.join(folder, "index.js")).resolve(`@pulumi/pulumi/cmd/${name}`);
  } catch {
    throw new Error(`@pulumi/pulumi is not installed for ${folder}: run npm install there`);
  }
}

function start(file: string, args: readonly string[], options: Options, folder: string, env: NodeJS.ProcessEnv) {
  const environment: NodeJS.ProcessEnv = { ...process.env, ...env };
  if (options.typescript) environment.PULUMI_NODEJS_TYPESCRIPT = "true";
  if (options.tsconfig !== undefined) environment.PULUMI_NODEJS_TSCONFIG_PATH = options.tsconfig;
  const child = spawn(process.execPath, [...options.nodeargs, file, ...args], {
    cwd: folder,
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.add(child);
  child.on("close", () => children.delete(child));
  return child;
}

const ending = (child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> =>
  new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve({ code, signal }));
  });

async function run(request: pb.RunRequest): Promise<pb.RunResponse> {
  const info = request.getInfo();
  const folder = info?.getProgramDirectory() || request.getPwd();
  const flags: readonly (readonly [string, string])[] = [
    ["--monitor", request.getMonitorAddress()],
    ["--engine", engineAddress],
    ["--organization", request.getOrganization()],
    ["--project", request.getProject()],
    ["--stack", request.getStack()],
    ["--root-directory", info?.getRootDirectory() ?? ""],
    ["--pwd", folder],
    ["--parallel", String(request.getParallel())],
  ];
  const given = flags.filter(([, value]) => value !== "").flat();
  const config = Object.fromEntries(request.getConfigMap().toObject());
  const child = start(
    command("run", folder),
    [...given, ...(request.getDryrun() ? ["--dry-run"] : []), info?.getEntryPoint() || ".", ...request.getArgsList()],
    optionsOf(info),
    // As the official host does: nodeargs are read where the engine started this host.
    process.cwd(),
    {
      PULUMI_CONFIG: JSON.stringify(config),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    },
  );
  child.stdout.pipe(process.stdout, { end: false });
  child.stderr.pipe(process.stderr, { end: false });
  const { code, signal } = await ending(child);
  const response = new pb.RunResponse();
  if (code === 0) return response;
  if (code === BAIL) return response.setBail(true);
  return response.setError(
    signal === null ? `the program ended with exit code ${code}` : `the program was ended by ${signal}`,
  );
}

/** Policy packs and plugins written in TypeScript; what they print is passed on as it comes. */
function runPlugin(call: grpc.ServerWritableStream<pb.RunPluginRequest, pb.RunPluginResponse>): void {
  const request = call.request;
  const folder = request.getInfo()?.getProgramDirectory() || request.getProgram() || request.getPwd();
  const entry = request.getKind() === "analyzer" ? "run-policy-pack" : "run-plugin";
  const variables = request
    .getEnvList()
    .map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]);
  const engine = request.getArgsList()[0] ?? engineAddress;
  let child: ReturnType<typeof start>;
  try {
    const options = optionsOf(request.getInfo());
    child = start(command(entry, folder), [engine, folder], options, folder, Object.fromEntries(variables));
  } catch (error) {
    call.emit("error", { code: grpc.status.UNKNOWN, details: String(error) });
    return;
  }
  child.stdout.on("data", (data: Buffer) => call.write(new pb.RunPluginResponse().setStdout(data)));
  child.stderr.on("data", (data: Buffer) => call.write(new pb.RunPluginResponse().setStderr(data)));
  call.on("cancelled", () => child.kill());
  ending(child).then(
    ({ code }) => {
      call.write(new pb.RunPluginResponse().setExitcode(code ?? 1));
      call.end();
    },
    (error: unknown) => call.emit("error", { code: grpc.status.UNKNOWN, details: String(error) }),
  );
}

const programFolder = (info: pb.ProgramInfo | undefined, pwd: string): string => info?.getRootDirectory() || pwd;

const requiredPlugins = (folder: string) =>
  pulumiPackages(folder).map(({ name, version, server }) =>
    new plugins.PluginDependency().setKind("resource").setName(name).setVersion(`v${version}`).setServer(server),
  );

function installDependencies(
  call: grpc.ServerWritableStream<pb.InstallDependenciesRequest, pb.InstallDependenciesResponse>,
) {
  const folder = call.request.getDirectory();
  if (fs.existsSync(path.join(folder, "node_modules"))) return call.end();
  const text = `Run npm install in ${folder}: this machine's language host does not install packages by itself.\n`;
  call.write(new pb.InstallDependenciesResponse().setStderr(Buffer.from(text)));
  call.emit("error", { code: grpc.status.FAILED_PRECONDITION, details: text });
}

const implementation: grpc.UntypedServiceImplementation = {
  handshake: unary(() => new pb.LanguageHandshakeResponse()),
  getPluginInfo: unary(() => new plugins.PluginInfo().setVersion(version)),
  getRequiredPlugins: unary((request: pb.GetRequiredPluginsRequest) =>
    new pb.GetRequiredPluginsResponse().setPluginsList(
      requiredPlugins(programFolder(request.getInfo(), request.getPwd())),
    ),
  ),
  getRequiredPackages: unary((request: pb.GetRequiredPackagesRequest) =>
    new pb.GetRequiredPackagesResponse().setPackagesList(
      pulumiPackages(programFolder(request.getInfo(), process.cwd())).map(({ name, version, server }) =>
        new plugins.PackageDependency().setKind("resource").setName(name).setVersion(`v${version}`).setServer(server),
      ),
    ),
  ),
  getProgramDependencies: unary((request: pb.GetProgramDependenciesRequest) =>
    new pb.GetProgramDependenciesResponse().setDependenciesList(
      directDependencies(programFolder(request.getInfo(), request.getPwd())).map(({ name, version }) =>
        new pb.DependencyInfo().setName(name).setVersion(version),
      ),
    ),
  ),
  about: unary(() => new pb.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
  runtimeOptionsPrompts: unary(() => new pb.RuntimeOptionsResponse()),
  run: unary(run),
  runPlugin,
  installDependencies,
  cancel: unary(() => {
    for (const child of children) child.kill();
    return new Empty();
  }),
};

// Calls that generate code have no place here: the engine hears that they are not implemented.
const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
server.addService(LanguageRuntimeService, implementation);
server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`${port}\n`);
});
process.on("exit", () => children.forEach((child) => child.kill()));
followParent();
