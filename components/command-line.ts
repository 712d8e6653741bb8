import { quote } from "shell-quote";

/** Stands for itself in every POSIX shell; the library would escape some of these all the same. */
const PLAIN = /^[\w@%+=:,./-]+$/;

/** A command that can be pasted into a POSIX shell, whatever is in its words. */
export const commandLine = (...words: readonly string[]): string =>
  words.map((word) => (PLAIN.test(word) ? word : quote([word]))).join(" ");

/** `./ralex` with these words. */
export const ralex = (...words: readonly string[]): string => commandLine("./ralex", ...words);
