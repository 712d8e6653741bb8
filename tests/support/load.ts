/** An even flow of chats and streams at a deployment: what a user would notice of a change, counted. */
import * as http from "node:http";
import * as https from "node:https";
import type * as net from "node:net";

export interface LoadOptions {
  /** Base URL of the API, without a path. */
  readonly url: string;
  /** PEM of the authority to trust, where it is not the system's. */
  readonly ca?: string;
  /** Where the host name leads, where no DNS says it. */
  readonly lookup?: net.LookupFunction;
  readonly apiKey: string;
  /** Chats a second, sent when their time has come, whatever became of the ones before. */
  readonly perSecond: number;
  /** Streams of the model `slow` that are open at any time, each followed by another. */
  readonly streams?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly streams: number;
  /** What failed, with the milliseconds since the start. */
  readonly failures: readonly string[];
}

/** A request that takes longer has failed, in milliseconds. */
const PATIENCE = 60_000;

/** Sends until it is told to stop. */
export class Load {
  private readonly started = Date.now();
  private readonly failures: string[] = [];
  private readonly pending = new Set<Promise<void>>();
  private readonly timer: NodeJS.Timeout;
  private readonly agent: http.Agent;
  private requests = 0;
  private streams = 0;
  private stopped = false;

  constructor(private readonly options: LoadOptions) {
    const { Agent } = options.url.startsWith("https:") ? https : http;
    this.agent = new Agent({
      keepAlive: true,
      maxSockets: 256,
      ...(options.ca === undefined ? {} : { ca: options.ca }),
    });
    let due = 0;
    this.timer = setInterval(() => {
      for (const until = ((Date.now() - this.started) / 1000) * options.perSecond; due < until; due += 1) {
        this.follow(this.chat(`request ${due}`));
      }
    }, 5);
    for (let stream = 0; stream < (options.streams ?? 0); stream += 1) this.follow(this.streaming());
  }

  /** Ends the flow, lets every stream come to its end, waits for what is on its way, and counts. */
  async stop(): Promise<LoadResult> {
    clearInterval(this.timer);
    this.stopped = true;
    await Promise.all(this.pending);
    this.agent.destroy();
    return { requests: this.requests, streams: this.streams, failures: this.failures };
  }

  private follow(work: Promise<void>): void {
    const followed = work
      .catch((error: unknown) => void this.failures.push(`${Date.now() - this.started} ms: ${String(error)}`))
      .finally(() => this.pending.delete(followed));
    this.pending.add(followed);
  }

  private async chat(text: string): Promise<void> {
    this.requests += 1;
    const answer = await this.post({ model: "echo", messages: [{ role: "user", content: text }] });
    if (!answer.includes(`"echo: ${text}"`)) throw new Error(`the answer to ${text} is another one`);
  }

  private async streaming(): Promise<void> {
    while (!this.stopped) {
      this.streams += 1;
      const answer = await this.post({
        model: "slow",
        stream: true,
        messages: [{ role: "user", content: "a stream" }],
      });
      if (!answer.trimEnd().endsWith("data: [DONE]")) throw new Error("a stream broke off");
    }
  }

  private post(body: object): Promise<string> {
    const { url, apiKey, lookup } = this.options;
    const { request: send } = url.startsWith("https:") ? https : http;
    return new Promise((resolve, reject) => {
      const request = send(`${url}/v1/chat/completions`, {
        method: "POST",
        agent: this.agent,
        timeout: PATIENCE,
        ...(lookup === undefined ? {} : { lookup }),
        headers: { authorization: `Bearer ${apiKey}`, "content-type": "application/json" },
      });
      request.once("timeout", () => request.destroy(new Error("no answer in time")));
      request.once("error", reject);
      request.once("response", (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (part: string) => (text += part));
        response.once("error", reject);
        response.once("end", () =>
          response.statusCode === 200
            ? resolve(text)
            : reject(new Error(`status ${response.statusCode}: ${text.slice(0, 200)}`)),
        );
      });
      request.end(JSON.stringify(body));
    });
  }
}
