import { quote } from "shell-quote";

/** A command that can be pasted into a POSIX shell, whatever is in its words. */
export const commandLine = (...words: readonly string[]): string => quote([...words]);

/** `./ralex` with these words. */
export const ralex = (...words: readonly string[]): string => commandLine("./ralex", ...words);
