import type { Command } from "commander";
import { registerCiComment } from "./comment";
import { registerCiPreview } from "./preview";

/** `./ralex ci`: what a pipeline runs, each step of it one command. */
export function registerCi(program: Command, checkout: string): void {
  const ci = program.command("ci").description("the steps of a pipeline: previews in pull requests");
  registerCiPreview(ci, checkout);
  registerCiComment(ci);
}
