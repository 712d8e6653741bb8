/** One word for /bin/sh, whatever characters it has. */
export const quote = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;
