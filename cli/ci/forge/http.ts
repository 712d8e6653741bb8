/** JSON over HTTP as forges want it: limits are waited for as long as they say, and what fails for a moment is tried again. */
import { ForgeError } from "./forge";

export interface HttpOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** For messages about a call that is not permitted. */
  readonly permission: string;
  /** Milliseconds that all waiting for limits together may take. */
  readonly patience?: number;
  readonly sleep?: (milliseconds: number) => Promise<void>;
  readonly now?: () => number;
}

export interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/** How often a call is made that fails for a moment. */
const ATTEMPTS = 4;
const FIRST_PAUSE_MS = 500;
/** A single call takes no longer than this, in milliseconds. */
const CALL_MS = 30_000;
/** GitHub asks to wait a minute where it does not say how long. */
const UNSAID_MS = 60_000;
const PATIENCE_MS = 5 * 60_000;

/** A client of one forge. It counts what it has waited, so that a job ends in time whatever the forge says. */
export class JsonClient {
  private waited = 0;

  constructor(
    private readonly base: string,
    private readonly options: HttpOptions,
  ) {}

  /**
   * @param missing - whether "not found" is an answer, and no error.
   * @throws ForgeError with what the forge said.
   */
  async call(method: string, path: string, body?: unknown, missing = false): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.once(method, path, body).catch((error: unknown) => ({ unanswered: causeOf(error) }));
      const isLast = attempt === ATTEMPTS;
      if ("unanswered" in answer) {
        if (isLast) throw new ForgeError(`${this.base} does not answer: ${answer.unanswered}`);
      } else {
        if (answer.status < 300 || (missing && answer.status === 404)) return answer;
        const limit = limitOf(answer, this.now());
        if (limit !== undefined) {
          await this.wait(limit, answer);
          continue;
        }
        if (answer.status < 500 || isLast) throw this.refusal(method, path, answer);
      }
      await this.sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }

  private async once(method: string, path: string, body: unknown): Promise<Answer> {
    const response = await fetch(`${this.base}${path}`, {
      method,
      headers: { ...this.options.headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      redirect: "error",
      signal: AbortSignal.timeout(CALL_MS),
    });
    const text = await response.text();
    return { status: response.status, body: parsed(text), headers: response.headers };
  }

  private async wait(milliseconds: number, answer: Answer): Promise<void> {
    const left = (this.options.patience ?? PATIENCE_MS) - this.waited;
    if (milliseconds > left) {
      const until = new Date(this.now() + milliseconds).toISOString();
      throw new ForgeError(
        `the limit of requests is reached until ${until}, which is longer than this waits (${said(answer)}): run it again then`,
      );
    }
    console.error(`the forge asks to wait ${Math.ceil(milliseconds / 1000)} s (status ${answer.status})`);
    this.waited += milliseconds;
    await this.sleep(milliseconds);
  }

  private refusal(method: string, path: string, answer: Answer): ForgeError {
    const isNotPermitted = answer.status === 401 || answer.status === 403 || answer.status === 404;
    const advice = isNotPermitted ? `; it needs ${this.options.permission}` : "";
    return new ForgeError(`${method} ${path}: ${answer.status} ${said(answer)}${advice}`, isNotPermitted);
  }

  private readonly now = (): number => (this.options.now ?? Date.now)();
  private readonly sleep = (milliseconds: number): Promise<void> =>
    (this.options.sleep ?? ((time) => new Promise((resolve) => setTimeout(resolve, time))))(milliseconds);
}

/** Milliseconds that an answer asks to wait; undefined where it is about something else. */
function limitOf({ status, headers, body }: Answer, now: number): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const after = Number(headers.get("retry-after") ?? Number.NaN);
  if (Number.isFinite(after) && after >= 0) return Math.max(1000, after * 1000);
  const reset = Number(headers.get("x-ratelimit-reset") ?? headers.get("ratelimit-reset") ?? Number.NaN);
  const remaining = headers.get("x-ratelimit-remaining") ?? headers.get("ratelimit-remaining");
  // A second more: the forge's clock is not this machine's.
  if (remaining === "0" && Number.isFinite(reset)) return Math.max(1000, reset * 1000 - now + 1000);
  return status === 429 || /rate limit|abuse/i.test(messageIn(body)) ? UNSAID_MS : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

const messageIn = (body: unknown): string => {
  const message = typeof body === "object" && body !== null ? (body as { message?: unknown }).message : undefined;
  return typeof message === "string" ? message : message === undefined ? "" : JSON.stringify(message);
};

const said = ({ body, status }: Answer): string => messageIn(body).slice(0, 300) || `status ${status}`;

/** Of a call without an answer the cause says more than the error. */
const causeOf = (error: unknown): string => {
  const { message, cause } = error as { readonly message?: string; readonly cause?: { readonly message?: string } };
  return cause?.message ?? message ?? String(error);
};
