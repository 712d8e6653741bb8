/** Closed-loop load by wrk, which costs little beside what it measures. */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import execa from "execa";
import { aptInstall } from "../../../toolchain/apt";
import { MODEL, type Endpoint } from "./endpoint";

export interface Load {
  readonly requests: number;
  readonly requestsPerSecond: number;
}

/** @throws Error when the report says that not every request was answered with 2xx. */
export function parseReport(report: string): Load {
  const rate = /^Requests\/sec:\s+([\d.]+)/m.exec(report)?.[1];
  const count = /^\s*(\d+) requests in /m.exec(report)?.[1];
  if (rate === undefined || count === undefined) throw new Error(`wrk printed no rate:\n${report}`);
  const bad = /^\s*(Non-2xx or 3xx responses: .*|Socket errors: .*)$/m.exec(report)?.[1];
  if (bad !== undefined) throw new Error(`not every request was answered well: ${bad}`);
  if (Number(count) === 0) throw new Error("no request was answered");
  return { requests: Number(count), requestsPerSecond: Number(rate) };
}

/** Asks for chats on so many connections, each as soon as the one before it is answered. */
export async function load(endpoint: Endpoint, connections: number, seconds: number): Promise<Load> {
  if (!fs.existsSync("/usr/bin/wrk")) await aptInstall(["wrk"]);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "ralex-wrk-"));
  const script = path.join(folder, "chat.lua");
  const body = JSON.stringify({
    model: endpoint.model ?? MODEL,
    messages: [{ role: "user", content: "What is the answer?" }],
  });
  // In a file of our own, so that the key is on no command line.
  const lua = `wrk.method = "POST"
wrk.headers["Authorization"] = "Bearer ${endpoint.key}"
wrk.headers["Content-Type"] = "application/json"
wrk.body = '${body}'
`;
  fs.writeFileSync(script, lua, { mode: 0o600 });
  try {
    const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "30s", "-s", script, endpoint.url];
    return parseReport((await execa("wrk", args, { stdin: "ignore" })).stdout);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}
