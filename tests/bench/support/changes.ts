/** How many resources an update changed, from what Pulumi printed. */

const VERBS = /^\s*[-+~]{1,2}\s*(\d+) (?:created|updated|replaced|deleted|imported)\b/gm;

/** @throws Error when the text has no summary of an update: then nothing is known. */
export function changesOf(text: string): number {
  const summaries = [...text.matchAll(/^\s*(\d+) unchanged\b/gm)].length;
  const changes = [...text.matchAll(VERBS)].reduce((sum, match) => sum + Number(match[1]), 0);
  if (summaries === 0 && changes === 0) throw new Error(`no summary of an update in:\n${text.slice(-2000)}`);
  return changes;
}
