import * as grpc from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

/** Messages for the engine's own display. Losing one never fails an operation. */
export class EngineLog {
  private client: EngineClient | undefined;
  private readonly shown = new Map<string, string>();

  constructor(private readonly address: string) {}

  /** A line that the display shows while the resource is worked on and then forgets. */
  status(urn: string, text: string): void {
    if (this.shown.get(urn) === text) return;
    this.shown.set(urn, text);
    this.send(urn, text, LogSeverity.INFO, true);
  }

  warn(urn: string, text: string): void {
    this.send(urn, text, LogSeverity.WARNING, false);
  }

  private send(urn: string, text: string, severity: LogSeverity, ephemeral: boolean): void {
    if (this.address === "") return;
    // Whatever proxy the user has: the engine is on this machine.
    this.client ??= new EngineClient(this.address, grpc.credentials.createInsecure(), { "grpc.enable_http_proxy": 0 });
    const request = new LogRequest().setSeverity(severity).setMessage(text).setUrn(urn).setEphemeral(ephemeral);
    this.client.log(request, () => undefined);
  }
}
