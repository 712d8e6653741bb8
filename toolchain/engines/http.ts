/** One small HTTP request over TCP or a Unix socket, for questions to engines on this machine. */
import * as http from "node:http";

const TIMEOUT_MS = 2_000;

/** The answer's status and headers, or undefined when nobody answers within two seconds. */
export function ask(
  target: { readonly socketPath: string } | { readonly host: string; readonly port: number },
  method: "GET" | "HEAD",
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; headers: http.IncomingHttpHeaders } | undefined> {
  return new Promise((resolve) => {
    const request = http.request(
      { ...target, method, path, headers: { ...headers }, timeout: TIMEOUT_MS, agent: false },
      (response) => {
        response.resume();
        resolve({ status: response.statusCode ?? 0, headers: response.headers });
      },
    );
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", () => resolve(undefined));
    request.end();
  });
}
