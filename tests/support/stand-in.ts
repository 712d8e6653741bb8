/** Asks a stand-in plugin as the engine does, message by message, without the engine. */
import type * as grpc from "@grpc/grpc-js";
import * as pb from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import type { Plugin } from "../../toolchain/pulumi/plugins/support/plugin";
import { implementationOf } from "../../toolchain/pulumi/plugins/support/server";
import { open, type Path, type Values } from "../../toolchain/pulumi/plugins/support/wire";

/** What the engine keeps of a resource between two updates. */
export interface Kept {
  readonly id: string;
  readonly inputs: Values;
  readonly outputs: Values;
}

/** What an update would do, by the path of what differs: `healthcheck.interval: UPDATE_REPLACE`. */
export interface Planned {
  readonly differences: readonly string[];
  readonly replaces: readonly string[];
}

const toStruct = (values: Values): Struct =>
  Struct.fromJavaScript(values as Parameters<typeof Struct.fromJavaScript>[0]);
const fromStruct = (struct: Struct | undefined): Values => open(struct?.toJavaScript()).values;
const KINDS = Object.entries(pb.PropertyDiff.Kind);

/** One resource of a plugin, by its type token as `docker:index/container:Container`. */
export class StandIn {
  private readonly handlers: grpc.UntypedServiceImplementation;
  private readonly urn: string;

  constructor(plugin: Plugin, token: string) {
    this.handlers = implementationOf(plugin, "");
    this.urn = `urn:pulumi:test::test::${token}::tested`;
  }

  private ask<Request, Response>(method: string, request: Request): Promise<Response> {
    const handle = this.handlers[method] as (
      call: { readonly request: Request },
      callback: (error: { readonly details: string } | null, response?: Response) => void,
    ) => void;
    return new Promise((resolve, reject) => {
      handle({ request }, (error, response) => {
        if (error !== null) reject(new Error(error.details));
        else resolve(response as Response);
      });
    });
  }

  /** The inputs as the plugin keeps them; rejects with every failure, one a line. */
  async check(inputs: Values, old: Values = {}): Promise<Values> {
    const request = new pb.CheckRequest().setUrn(this.urn).setNews(toStruct(inputs)).setOlds(toStruct(old));
    const checked = await this.ask<pb.CheckRequest, pb.CheckResponse>("check", request);
    const failures = checked.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
    if (failures.length > 0) throw new Error(failures.join("\n"));
    return fromStruct(checked.getInputs());
  }

  /** What a preview shows of a resource that is new. */
  async preview(inputs: Values): Promise<Values> {
    const request = new pb.CreateRequest().setUrn(this.urn).setPreview(true);
    request.setProperties(toStruct(await this.check(inputs)));
    return fromStruct((await this.ask<pb.CreateRequest, pb.CreateResponse>("create", request)).getProperties());
  }

  /** Where a preview marks secrets of a resource that is new, from inputs with marks of their own. */
  async secrets(marked: Values): Promise<readonly Path[]> {
    const request = new pb.CreateRequest().setUrn(this.urn).setPreview(true).setProperties(toStruct(marked));
    const made = await this.ask<pb.CreateRequest, pb.CreateResponse>("create", request);
    return open(made.getProperties()?.toJavaScript()).secrets;
  }

  async create(inputs: Values): Promise<Kept> {
    const checked = await this.check(inputs);
    const request = new pb.CreateRequest().setUrn(this.urn).setProperties(toStruct(checked));
    const made = await this.ask<pb.CreateRequest, pb.CreateResponse>("create", request);
    return { id: made.getId(), inputs: checked, outputs: fromStruct(made.getProperties()) };
  }

  /** What a refresh makes of it; undefined where the real thing is gone. */
  async read(kept: Kept): Promise<Kept | undefined> {
    const request = new pb.ReadRequest().setUrn(this.urn).setId(kept.id);
    request.setInputs(toStruct(kept.inputs)).setProperties(toStruct(kept.outputs));
    const found = await this.ask<pb.ReadRequest, pb.ReadResponse>("read", request);
    if (found.getId() === "") return undefined;
    return { id: found.getId(), inputs: fromStruct(found.getInputs()), outputs: fromStruct(found.getProperties()) };
  }

  async diff(kept: Kept, inputs: Values): Promise<Planned> {
    const request = new pb.DiffRequest().setUrn(this.urn).setId(kept.id);
    request.setOldInputs(toStruct(kept.inputs)).setOlds(toStruct(kept.outputs));
    request.setNews(toStruct(await this.check(inputs, kept.inputs)));
    const found = await this.ask<pb.DiffRequest, pb.DiffResponse>("diff", request);
    const detailed = found.getDetaileddiffMap().toObject(false, pb.PropertyDiff.toObject);
    return {
      differences: detailed.map(
        ([path, { kind }]) => `${path}: ${KINDS.find(([, value]) => value === kind)?.[0] ?? String(kind)}`,
      ),
      replaces: found.getReplacesList(),
    };
  }
}
