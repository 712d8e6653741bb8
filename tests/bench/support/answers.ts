/** Whether something answers yet. */

const ASK_EVERY_MS = 20;
/** An answer that takes longer counts as none. */
const LONGEST_MS = 2000;

export const isAnswered = (url: string): Promise<boolean> =>
  fetch(url, { signal: AbortSignal.timeout(LONGEST_MS) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );

/** @throws Error with what `why` says, when there was no answer of 2xx in time. */
export async function untilAnswered(url: string, withinMs: number, why: () => Promise<string>): Promise<void> {
  const end = Date.now() + withinMs;
  while (!(await isAnswered(url))) {
    if (Date.now() > end) throw new Error(`${url} did not answer in ${withinMs / 1000} s:\n${await why()}`);
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
