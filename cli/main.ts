import * as path from "node:path";
import { Command } from "commander";
import { registerBench } from "./bench";
import { registerDocs } from "./docs";
import { registerDoctor } from "./doctor";
import { registerEnv } from "./env";
import { EXIT, Failure } from "./failure";
import { registerImages } from "./images";
import { registerLogs } from "./logs";
import { registerOutput } from "./output";
import { registerReset } from "./reset";
import { registerRotate } from "./rotate";
import { registerStart } from "./start";
import { registerStatus } from "./status";
import { registerStop } from "./stop";
import { registerTest } from "./test";

const checkout = path.resolve(__dirname, "..");
const program = new Command("ralex").description("Deploys Ralex, a self-hosted LLM stack, and keeps it running");
registerStart(program, checkout);
registerStop(program, checkout);
registerReset(program, checkout);
registerStatus(program);
registerOutput(program, checkout);
registerLogs(program);
registerRotate(program, checkout);
registerImages(program, checkout);
registerEnv(program, checkout);
registerDoctor(program);
registerDocs(program, checkout);
registerTest(program, checkout);
registerBench(program, checkout);

program.parseAsync().catch((error: unknown) => {
  console.error(`ralex: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = error instanceof Failure ? error.exitCode : EXIT.error;
});
