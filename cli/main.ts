import * as path from "node:path";
import { Command } from "commander";
import { registerBench } from "./bench";
import { registerBuild } from "./build";
import { registerCi } from "./ci";
import { registerCluster } from "./cluster";
import { registerDeploy } from "./deploy";
import { registerDiff } from "./diff";
import { registerDocs } from "./docs";
import { registerDoctor } from "./doctor";
import { registerDrift } from "./drift";
import { registerEnv } from "./env";
import { registerEvidence } from "./evidence";
import { KNOWN_VIOLATIONS } from "../policy/knowledge/known-violations";
import { EXIT, Failure } from "./failure";
import { registerImages } from "./images";
import { exitCodeOf, interruptedBy } from "./interruption";
import { registerLogs } from "./logs";
import { registerOutput } from "./output";
import { registerPolicy } from "./policy";
import { registerPromote } from "./promote";
import { registerReleases } from "./releases";
import { registerRender } from "./render";
import { registerReset } from "./reset";
import { registerRollback } from "./rollback";
import { registerRotate } from "./rotate";
import { registerStart } from "./start";
import { registerStatus } from "./status";
import { registerStop } from "./stop";
import { registerTest } from "./test";
import { registerTrust } from "./trust";
import { registerUnlock } from "./unlock";
import { registerVerify } from "./verify";

// Nobody tells a deployment what to overlook.
delete process.env[KNOWN_VIOLATIONS];

const checkout = path.resolve(__dirname, "..");
const program = new Command("ralex").description("Deploys Ralex, a self-hosted LLM stack, and keeps it running");
registerStart(program, checkout);
registerStop(program, checkout);
registerReset(program, checkout);
registerStatus(program, checkout);
registerOutput(program, checkout);
registerLogs(program, checkout);
registerRotate(program, checkout);
registerImages(program, checkout);
registerBuild(program, checkout);
registerPromote(program, checkout);
registerDeploy(program, checkout);
registerVerify(program, checkout);
registerRollback(program, checkout);
registerCi(program, checkout);
registerDrift(program, checkout);
registerDiff(program, checkout);
registerReleases(program, checkout);
registerEvidence(program, checkout);
registerTrust(program, checkout);
registerEnv(program, checkout);
registerDoctor(program, checkout);
registerCluster(program);
registerUnlock(program, checkout);
registerPolicy(program, checkout);
registerRender(program, checkout);
registerDocs(program, checkout);
registerTest(program, checkout);
registerBench(program, checkout);

program
  .parseAsync()
  .catch((error: unknown) => {
    console.error(`ralex: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = error instanceof Failure ? error.exitCode : EXIT.error;
  })
  .finally(() => {
    // Whatever a command made of it: it did not do all that it was asked for.
    const signal = interruptedBy();
    if (signal !== undefined) process.exitCode = exitCodeOf(signal);
  });
