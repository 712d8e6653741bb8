/** Tells Alertmanager, or a chat, that an environment drifted. */
import * as fs from "node:fs";
import { Failure } from "../failure";
import { driftLines, type Difference } from "./report";

/** Differences that a message has in words; the rest is counted. */
const MOST_LINES = 20;
/** How long the receiver may take, in milliseconds. */
const PATIENCE = 10_000;
const ALERTMANAGER = /\/api\/v2\/alerts\/?$/;

export interface Receiver {
  readonly url: URL;
  /** Headers that the address asks for. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Reads `--alert`: an address, or `@` and a file that holds one: a chat's address is a secret, and a command line is not.
 * @throws Failure when it is neither; nothing of the address is repeated.
 */
export function readReceiver(option: string): Receiver {
  const text = option.startsWith("@") ? contentOf(option.slice(1)) : option;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new Failure("--alert needs an http or https URL, or @ and a file with one in it");
  }
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (username === "" && password === "") return { url, headers: {} };
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { url, headers: { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` } };
}

function contentOf(file: string): string {
  try {
    return fs.readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new Failure(`the file of --alert cannot be read: ${(error as Error).message}`);
  }
}

/** What is posted: an alert where the path is Alertmanager's, else a message for a chat. */
export function alertBody(url: URL, stack: string, differences: readonly Difference[]): unknown {
  const summary = `${stack} has drifted: ${differences.length} ${differences.length === 1 ? "difference" : "differences"}`;
  const description = driftLines(differences, MOST_LINES).join("\n");
  if (!ALERTMANAGER.test(url.pathname)) return { text: `${summary}\n${description}` };
  return [
    {
      labels: { alertname: "RalexDrift", severity: "warning", stack },
      annotations: { description, summary },
    },
  ];
}

/** @throws Failure when the receiver does not take it. Its address is not repeated: it may be a secret. */
export async function sendAlert({ url, headers }: Receiver, body: unknown): Promise<void> {
  const asked = fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    redirect: "error",
    signal: AbortSignal.timeout(PATIENCE),
  });
  const answer = await asked.catch((error: unknown) => {
    const { cause, name } = error as Error & { cause?: { code?: string } };
    const why = name === "TimeoutError" ? `no answer within ${PATIENCE / 1000} s` : (cause?.code ?? name);
    throw new Failure(`the drift was not told to ${url.host}: ${why}`);
  });
  await answer.body?.cancel();
  if (!answer.ok) throw new Failure(`the drift was not told to ${url.host}: it answered with status ${answer.status}`);
}
