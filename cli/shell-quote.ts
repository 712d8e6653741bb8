import { quote } from "shell-quote";

/** A command line that can be pasted into a POSIX shell, whatever is in its words. */
export const commandLine = (...words: readonly string[]): string => quote([...words]);
