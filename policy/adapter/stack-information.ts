/** Which stack a pack judges, and its configuration: the engine tells it, and the policy SDK keeps it to itself. */
import { AnalyzerService, type IAnalyzerService } from "@pulumi/pulumi/proto/analyzer_grpc_pb";
import type { StackSettings } from "../knowledge/stack";

export interface StackInformation {
  readonly stack: string;
  readonly project: string;
  /** Values by key, `ralex:promotesFrom`; objects as JSON. */
  readonly settings: StackSettings;
}

/**
 * Calls back when the engine configures the pack, which it does once, before anything is judged. The SDK's server
 * decodes every request with the functions of the service's description, so that one sees what the server sees.
 */
export function whenConfigured(told: (information: StackInformation) => void): void {
  const method: IAnalyzerService["configureStack"] = (AnalyzerService as unknown as IAnalyzerService).configureStack;
  const decode = method.requestDeserialize;
  method.requestDeserialize = (bytes) => {
    const request = decode(bytes);
    told({
      stack: request.getStack(),
      project: request.getProject(),
      settings: Object.fromEntries(request.getConfigMap().getEntryList()),
    });
    return request;
  };
}
