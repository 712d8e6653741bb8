/** Asking a person before something changes. */
import { Failure } from "./failure";

/** @throws Failure where nobody can be asked. @param change - what the command does, the start of the message */
export function requireTerminal(change: string): void {
  if (!process.stdin.isTTY) throw new Failure(`${change}: say --yes where nobody can be asked`);
}

/** @throws Failure with what the answer no means. */
export async function requireYes(question: string, declined = "nothing was changed"): Promise<void> {
  const { confirm } = await import("@inquirer/prompts");
  if (!(await confirm({ message: question, default: false }))) throw new Failure(declined);
}
