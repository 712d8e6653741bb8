/** What clients and people do with a stack, the same steps on every target. */
import * as https from "node:https";
import { Readable } from "node:stream";
import OpenAI from "openai";
import type { Page } from "playwright-core";

/** Where a stack answers, and how it is believed. */
export interface ClientAccess {
  /** Ends in `/v1`. */
  readonly baseURL: string;
  readonly apiKey: string;
  /** PEM of the stack's authority, where the address is of TLS. */
  readonly ca?: string;
}

const ask = (content: string) => ({ model: "echo", messages: [{ role: "user" as const, content }] });

/** The official client; one attempt, so that nothing that fails is hidden. */
export const officialClient = ({ baseURL, apiKey, ca }: ClientAccess): OpenAI =>
  new OpenAI({ baseURL, apiKey, maxRetries: 0, ...(ca === undefined ? {} : { fetch: fetchTrusting(ca) }) });

/** Lists models, asks, and has a stream. @throws Error of an assertion, or the client's own. */
export async function useOfficialClient(access: ClientAccess): Promise<void> {
  const client = officialClient(access);
  const models = await client.models.list();
  expect(models.data.map(({ id }) => id)).toContain("echo");
  const answer = await client.chat.completions.create(ask("as a whole"));
  expect(answer.choices[0]?.message.content).toBe("echo: as a whole");
  let streamed = "";
  for await (const chunk of await client.chat.completions.create({ ...ask("bit by bit"), stream: true })) {
    streamed += chunk.choices[0]?.delta.content ?? "";
  }
  expect(streamed).toBe("echo: bit by bit");
  const stranger = officialClient({ ...access, apiKey: "wrong" });
  await expect(stranger.models.list()).rejects.toMatchObject({ status: 401 });
}

/** As the platform's own, with another authority: that one takes none for a single call. */
const fetchTrusting =
  (ca: string): typeof fetch =>
  (input, init) =>
    new Promise((resolve, reject) => {
      const request = https.request(new URL(String(input)), {
        method: init?.method ?? "GET",
        headers: Object.fromEntries(new Headers(init?.headers)),
        ca,
      });
      request.once("error", reject);
      request.once("response", (response) => {
        const headers = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        const body = Readable.toWeb(response) as ReadableStream;
        resolve(new Response(body, { status: response.statusCode ?? 0, headers: Object.fromEntries(headers) }));
      });
      request.end(init?.body);
    });

const EMAIL = "admin@ralex.example";

/** What a person sees before the first sign-in: a form, no sign-up, and no way in with another password. */
export async function refuseStranger(page: Page, webUrl: string): Promise<void> {
  await page.goto(`${webUrl}/auth`);
  await page.locator("input[type=email]").fill(EMAIL);
  await page.locator("input[type=password]").fill("wrong-password");
  expect(await page.getByText("Sign up").count()).toBe(0);
  await page.locator("button[type=submit]").click();
  await page
    .getByText(/incorrect|invalid/i)
    .first()
    .waitFor();
}

/** From the form of {@link refuseStranger}. */
export async function signIn(page: Page, password: string): Promise<void> {
  await page.locator("input[type=password]").fill(password);
  await page.locator("button[type=submit]").click();
  await page.locator("#chat-input").waitFor();
}

/** Asks the built-in upstream, and waits for the streamed answer. */
export async function askInBrowser(page: Page, webUrl: string, content: string): Promise<void> {
  // Where there is another upstream the first model would be its.
  await page.goto(`${webUrl}/?models=echo`);
  await page.locator("#chat-input").waitFor();
  // What is new in a version is shown over the page once.
  const dialog = page.getByRole("dialog").getByRole("button").last();
  if (await dialog.isVisible()) await dialog.click();
  await page.locator("#chat-input").click();
  await page.keyboard.type(content);
  await page.keyboard.press("Enter");
  await page.getByText(`echo: ${content}`).waitFor();
}
