import * as path from "node:path";
import { Command } from "commander";
import { registerTest } from "./test";

const checkout = path.resolve(__dirname, "..");
const program = new Command("ralex").description("Deploys Ralex, a self-hosted LLM stack, and keeps it running");
registerTest(program, checkout);

program.parseAsync().catch((error: unknown) => {
  console.error(`ralex: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
});
