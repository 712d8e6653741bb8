/** Serves a plugin to the engine: the gRPC service ResourceProvider. */
import { randomBytes } from "node:crypto";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import * as plugins from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { differences, isBlank, pathText } from "./diff";
import { EngineLog } from "./engine-log";
import { MARK, MARK_VALUE } from "./mark";
import { followParent } from "../../../../components/provider/process";
import { type Call, type Plugin, type ResourceKind, type State } from "./plugin";
import { readBack } from "./read-back";
import { Checker, type Failure } from "./tables";
import { close, open, UNKNOWN, type Opened, type Value, type Values } from "./wire";

type Unary<Request, Response> = (request: Request) => Promise<Response>;

const unary =
  <Request, Response>(handle: Unary<Request, Response>): grpc.handleUnaryCall<Request, Response> =>
  (call, callback) => {
    handle(call.request).then(
      (response) => callback(null, response),
      (error: unknown) => {
        const details = error instanceof Error ? error.message : String(error);
        callback({ code: grpc.status.UNKNOWN, details });
      },
    );
  };

const openStruct = (struct: Struct | undefined): Opened => open(struct?.toJavaScript());
const toStruct = (values: Values): Struct =>
  Struct.fromJavaScript(values as Parameters<typeof Struct.fromJavaScript>[0]);
const typeOf = (urn: string): string => urn.split("::")[2]?.split("$").at(-1) ?? "";
const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

class Provider {
  private readonly cancelled = new AbortController();
  private readonly log: EngineLog;

  constructor(
    private readonly plugin: Plugin,
    engineAddress: string,
  ) {
    this.log = new EngineLog(engineAddress);
  }

  implementation(): grpc.UntypedServiceImplementation {
    const refuse = (what: string) =>
      unary<unknown, never>(() =>
        Promise.reject(new Error(`the stand-in for the ${this.name} plugin does not implement ${what}`)),
      );
    return {
      handshake: unary(this.handshake),
      getPluginInfo: unary(() => Promise.resolve(new plugins.PluginInfo().setVersion(this.plugin.table.version))),
      getSchema: unary(() =>
        Promise.resolve(
          new pb.GetSchemaResponse().setSchema(
            JSON.stringify({ name: this.name, version: this.plugin.table.version, resources: {}, types: {} }),
          ),
        ),
      ),
      getMapping: unary(() => Promise.resolve(new pb.GetMappingResponse())),
      getMappings: unary(() => Promise.resolve(new pb.GetMappingsResponse())),
      checkConfig: unary(this.checkConfig),
      diffConfig: unary(this.diffConfig),
      configure: unary(this.configure),
      check: unary(this.check),
      diff: unary(this.diff),
      create: unary(this.create),
      read: unary(this.read),
      update: unary(this.update),
      delete: unary(this.delete),
      cancel: unary(() => {
        this.cancelled.abort();
        return Promise.resolve(new Empty());
      }),
      attach: refuse("attach"),
      invoke: refuse("functions"),
      call: refuse("methods"),
      construct: refuse("components"),
      parameterize: refuse("parameters"),
    };
  }

  private get name(): string {
    return this.plugin.table.package;
  }

  private kind(urn: string): { kind: ResourceKind; type: string; subject: string } {
    const type = typeOf(urn);
    const kind = this.plugin.resources[type];
    const subject = `${this.name} ${type.split(":").at(-1) ?? type}`;
    if (kind !== undefined) return { kind, type, subject };
    throw new Error(
      `the stand-in for the ${this.name} plugin does not implement ${type}; it implements ` +
        `${Object.keys(this.plugin.resources).join(", ")}. Run on a machine that has the official plugin`,
    );
  }

  private call(urn: string): Call {
    return {
      urn,
      name: nameOf(urn),
      signal: this.cancelled.signal,
      status: (text) => this.log.status(urn, text),
      warn: (text) => this.log.warn(urn, text),
    };
  }

  private readonly handshake = () =>
    Promise.resolve(new pb.ProviderHandshakeResponse().setAcceptSecrets(true).setAcceptResources(false));

  /** Provider inputs arrive as JSON texts where they are no strings. */
  private config(struct: Struct | undefined): Opened {
    const { values, secrets } = openStruct(struct);
    const decoded = Object.entries(values).flatMap(([key, value]) => {
      if (key === "version" || key === "pluginDownloadURL") return [];
      const type = this.plugin.table.config[key]?.type;
      if (typeof value !== "string" || value === UNKNOWN || type === "string" || type === undefined)
        return [[key, value]];
      return [[key, JSON.parse(value)]];
    });
    return { values: Object.fromEntries(decoded) as Values, secrets };
  }

  private readonly checkConfig: Unary<pb.CheckRequest, pb.CheckResponse> = (request) => {
    const checker = new Checker(this.plugin.table, `the ${this.name} provider`);
    const failures = checker.check(this.config(request.getNews()).values, this.plugin.table.config, this.plugin.config);
    return Promise.resolve(
      new pb.CheckResponse().setInputs(request.getNews()).setFailuresList(failures.map(toFailure)),
    );
  };

  private readonly diffConfig: Unary<pb.DiffRequest, pb.DiffResponse> = (request) => {
    const before = openStruct(request.getOldInputs() ?? request.getOlds()).values;
    return Promise.resolve(toDiff(differences(before, openStruct(request.getNews()).values), () => false));
  };

  private readonly configure: Unary<pb.ConfigureRequest, pb.ConfigureResponse> = async (request) => {
    await this.plugin.configure?.(this.config(request.getArgs()).values);
    return new pb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true).setAcceptresources(false);
  };

  private readonly check: Unary<pb.CheckRequest, pb.CheckResponse> = (request) => {
    const { kind, type, subject } = this.kind(request.getUrn());
    const table = this.plugin.table.resources[type];
    if (table === undefined) throw new Error(`no table for ${type}`);
    const news = openStruct(request.getNews());
    // The engine sends an empty struct for a resource that is new.
    const given = request.getOlds() === undefined ? {} : openStruct(request.getOlds()).values;
    const old = Object.keys(given).length === 0 ? undefined : given;
    let inputs = { ...news.values };
    const failures = new Checker(this.plugin.table, subject).check(inputs, table.inputs, kind.accepts);
    if (failures.length === 0) {
      if (kind.nameInput !== undefined && (inputs[kind.nameInput] ?? null) === null) {
        const chosen = typeof old?.__autoName === "string" ? old.__autoName : undefined;
        const name = chosen ?? `${nameOf(request.getUrn())}-${randomBytes(4).toString("hex").slice(0, 7)}`;
        inputs = { ...inputs, [kind.nameInput]: name, __autoName: name };
      }
      const checked = kind.check?.(inputs, old) ?? { inputs, failures: [] };
      inputs = { ...checked.inputs };
      failures.push(...checked.failures);
    }
    return Promise.resolve(
      new pb.CheckResponse().setInputs(toStruct(close(inputs, news.secrets))).setFailuresList(failures.map(toFailure)),
    );
  };

  private readonly diff: Unary<pb.DiffRequest, pb.DiffResponse> = async (request) => {
    const { kind, type } = this.kind(request.getUrn());
    const olds = openStruct(request.getOlds()).values;
    this.refuseForeign(request.getUrn(), olds);
    const before = request.getOldInputs() === undefined ? olds : openStruct(request.getOldInputs()).values;
    const after = openStruct(request.getNews()).values;
    const count = (value: Value | undefined) => (Array.isArray(value) ? value.length : 0);
    const replaces = (key: string) =>
      kind.updates !== "all" &&
      !kind.updates.includes(key) &&
      !(kind.itemUpdates?.includes(key) && count(olds[key]) === count(after[key]));
    const sets = new Set(kind.sets);
    const found =
      kind.plan === undefined
        ? differences(before, after, sets)
        : differences(this.onlyInputs(type, olds), kind.plan(after, olds), sets, isBlank);
    const due = await kind.due?.({ inputs: after, outputs: olds });
    if (due !== undefined) found.push({ path: [due.output], change: "UPDATE" });
    const response = toDiff(
      found,
      (key) => (key === due?.output ? due.action === "replace" : replaces(key)),
      (key) => kind.plan === undefined && key !== due?.output,
    );
    const isOneOfAKind =
      kind.nameInput !== undefined &&
      after.__autoName === undefined &&
      before[kind.nameInput] === after[kind.nameInput];
    return response.setDeletebeforereplace(kind.deleteFirst === true || isOneOfAKind);
  };

  private readonly create: Unary<pb.CreateRequest, pb.CreateResponse> = async (request) => {
    const { kind, type } = this.kind(request.getUrn());
    const inputs = openStruct(request.getProperties());
    if (request.getPreview()) {
      const planned = kind.plan?.(inputs.values, {}) ?? {};
      const unknown = (kind.computedInputs ?? []).filter((name) => (inputs.values[name] ?? null) === null);
      const outputs = {
        ...planned,
        ...Object.fromEntries(unknown.map((name) => [name, UNKNOWN])),
        ...this.computed(type),
      };
      return new pb.CreateResponse().setProperties(toStruct(this.outputs(kind, type, inputs, outputs)));
    }
    const made = await kind.create(inputs.values, this.call(request.getUrn()));
    return new pb.CreateResponse()
      .setId(made.id)
      .setProperties(toStruct(this.outputs(kind, type, inputs, made.outputs)));
  };

  private readonly read: Unary<pb.ReadRequest, pb.ReadResponse> = async (request) => {
    const { kind, type, subject } = this.kind(request.getUrn());
    const outputs = openStruct(request.getProperties());
    const inputs = openStruct(request.getInputs());
    if (Object.keys(outputs.values).length === 0) {
      throw new Error(
        `the stand-in for the ${this.name} plugin cannot import ${subject} "${request.getId()}": ` +
          "leave the import out and let it be created",
      );
    }
    this.refuseForeign(request.getUrn(), outputs.values);
    const state: State = { id: request.getId(), inputs: inputs.values, outputs: outputs.values };
    const found = kind.read === undefined ? state.outputs : await kind.read(state, this.call(request.getUrn()));
    const response = new pb.ReadResponse();
    if (found === undefined) return response;
    const now = Object.fromEntries(Object.entries(found).filter(([name]) => name !== MARK && name !== "id"));
    const values = kind.plan === undefined ? inputs.values : readBack(inputs.values, now);
    return response
      .setId(request.getId())
      .setInputs(toStruct(close(values, inputs.secrets)))
      .setProperties(toStruct(this.outputs(kind, type, inputs, now)));
  };

  private readonly update: Unary<pb.UpdateRequest, pb.UpdateResponse> = async (request) => {
    const { kind, type } = this.kind(request.getUrn());
    const outputs = openStruct(request.getOlds()).values;
    this.refuseForeign(request.getUrn(), outputs);
    const inputs = openStruct(request.getNews());
    const kept = { ...this.onlyComputed(type, outputs), ...kind.plan?.(inputs.values, outputs) };
    if (request.getPreview()) {
      const unknown = Object.fromEntries((kind.volatileOutputs ?? []).map((name) => [name, UNKNOWN]));
      return new pb.UpdateResponse().setProperties(toStruct(this.outputs(kind, type, inputs, { ...kept, ...unknown })));
    }
    const before = openStruct(request.getOldInputs()).values;
    const state: State = { id: request.getId(), inputs: before, outputs };
    const changed = (await kind.update?.(state, inputs.values, this.call(request.getUrn()))) ?? {};
    return new pb.UpdateResponse().setProperties(toStruct(this.outputs(kind, type, inputs, { ...kept, ...changed })));
  };

  private readonly delete: Unary<pb.DeleteRequest, Empty> = async (request) => {
    const { kind } = this.kind(request.getUrn());
    const outputs = openStruct(request.getProperties()).values;
    this.refuseForeign(request.getUrn(), outputs);
    const inputs = openStruct(request.getOldInputs() ?? request.getProperties());
    const state: State = { id: request.getId(), inputs: inputs.values, outputs };
    await kind.delete?.(state, this.call(request.getUrn()));
    return new Empty();
  };

  private refuseForeign(urn: string, outputs: Values): void {
    if (outputs[MARK] === MARK_VALUE) return;
    throw new Error(
      `${urn} was written by the official ${this.name} plugin. This machine has only its stand-in, which leaves such ` +
        "state alone: run where the official plugin is installed, or use another stack here",
    );
  }

  private computedNames(type: string): readonly string[] {
    const table = this.plugin.table.resources[type];
    return table === undefined ? [] : table.outputs.filter((name) => table.inputs[name] === undefined);
  }

  private computed(type: string): Values {
    return Object.fromEntries(this.computedNames(type).map((name) => [name, UNKNOWN]));
  }

  private onlyInputs(type: string, outputs: Values): Values {
    const table = this.plugin.table.resources[type];
    return Object.fromEntries(Object.entries(outputs).filter(([name]) => table?.inputs[name] !== undefined));
  }

  private onlyComputed(type: string, outputs: Values): Values {
    const table = this.plugin.table.resources[type];
    return Object.fromEntries(
      Object.entries(outputs).filter(([name]) => table?.inputs[name] === undefined && name !== MARK && name !== "id"),
    );
  }

  /** Inputs repeated as outputs, computed outputs, the mark, and every secret marked as such. */
  private outputs(kind: ResourceKind, type: string, inputs: Opened, computed: Values): Values {
    const known = this.plugin.table.resources[type]?.outputs ?? [];
    const foreign = Object.keys(computed).filter((name) => !known.includes(name) && !name.startsWith("__"));
    if (foreign.length > 0) throw new Error(`${type} has no outputs called ${foreign.join(", ")}`);
    const repeated = Object.entries(inputs.values).filter(([name]) => known.includes(name) || name === "__autoName");
    const tainted = inputs.secrets.length > 0 ? (kind.taintedOutputs ?? []) : [];
    const secrets = [...inputs.secrets, ...[...(kind.secretOutputs ?? []), ...tainted].map((name) => [name])];
    return close({ ...Object.fromEntries(repeated), ...computed, [MARK]: MARK_VALUE }, secrets);
  }
}

const toFailure = ({ property, reason }: Failure): pb.CheckFailure =>
  new pb.CheckFailure().setProperty(property).setReason(reason);

/** @param isInput says of a difference whether it is one of inputs alone; else one of the state. */
function toDiff(
  found: ReturnType<typeof differences>,
  replaces: (key: string) => boolean,
  isInput: (key: string) => boolean = () => true,
): pb.DiffResponse {
  const response = new pb.DiffResponse().setHasdetaileddiff(true);
  const { DIFF_SOME, DIFF_NONE } = pb.DiffResponse.DiffChanges;
  response.setChanges(found.length > 0 ? DIFF_SOME : DIFF_NONE);
  for (const { path, change } of found) {
    const key = String(path[0]);
    const kind = pb.PropertyDiff.Kind[replaces(key) ? (`${change}_REPLACE` as const) : change];
    response.getDetaileddiffMap().set(pathText(path), new pb.PropertyDiff().setKind(kind).setInputdiff(isInput(key)));
  }
  const keys = [...new Set(found.map(({ path }) => String(path[0])))];
  return response.setDiffsList(keys).setReplacesList(keys.filter(replaces));
}

/**
 * The service's handlers.
 * @param engineAddress - host:port of the engine's log; empty where nobody listens.
 */
export const implementationOf = (plugin: Plugin, engineAddress: string): grpc.UntypedServiceImplementation =>
  new Provider(plugin, engineAddress).implementation();

/** Starts serving, and prints the port, as the engine expects of a plugin. */
export function serve(plugin: Plugin): void {
  const engineAddress = process.argv.slice(2).find((argument) => !argument.startsWith("-")) ?? "";
  const server = new grpc.Server({ "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 });
  server.addService(ResourceProviderService, implementationOf(plugin, engineAddress));
  server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, port) => {
    if (error !== null) throw error;
    process.stdout.write(`${port}\n`);
  });
  followParent();
}
