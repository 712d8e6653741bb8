/** Calls to a stack's listeners. */

/** Asks until there is an answer. @throws Error naming what did not come within `milliseconds`. */
export async function poll<T>(what: string, milliseconds: number, ask: () => Promise<T | undefined>): Promise<T> {
  const end = Date.now() + milliseconds;
  let last: unknown;
  while (Date.now() < end) {
    const answer = await ask().catch((error: unknown) => {
      last = error;
      return undefined;
    });
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Error(`waited ${milliseconds / 1000} s for ${what}${last === undefined ? "" : `; last: ${String(last)}`}`);
}

export const operatorFetch = (url: string, password: string): Promise<Response> =>
  fetch(url, { headers: { authorization: `Basic ${Buffer.from(`operator:${password}`).toString("base64")}` } });
