/**
 * GitHub's API for comments, on loopback, as far as GitHub describes it: each request and each answer is judged by the
 * description. It keeps what it is told, gives pages, knows what a token may, and can be told to fail.
 */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { answerProblems, describedCall, type Described } from "./schemas";

/** As the real one: https://docs.github.com/en/rest/about-the-rest-api/api-versions */
const API_VERSIONS: readonly string[] = ["2022-11-28"];
const MOST_CHARACTERS = 65_536;
const PAGE = { default: 30, most: 100 };

export interface TokenFacts {
  readonly login: string;
  readonly type: "Bot" | "User";
  /** On issues and pull requests; the repository of the token alone. */
  readonly permission: "none" | "read" | "write";
}

export interface StoredComment {
  readonly id: number;
  readonly issue: number;
  readonly login: string;
  readonly type: "Bot" | "User";
  body: string;
  edits: number;
}

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const refused = (status: number, message: string, errors?: unknown): Answer => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", ...(errors === undefined ? {} : { errors }) },
});

export class GitHubStandIn {
  readonly comments: StoredComment[] = [];
  readonly tokens = new Map<string, TokenFacts>();
  /** `<method> <described path>` of each call that came, in order. */
  readonly calls: string[] = [];
  /** What was not as GitHub describes it; a test expects none. */
  readonly problems: string[] = [];
  /** Answers that come before any other, in order; `when` says for which calls. */
  readonly faults: { readonly when: RegExp; readonly answer: Answer }[] = [];
  /** Is waited for before a call is answered: somebody else acts at the same moment. */
  meanwhile: ((name: string) => Promise<void> | void) | undefined;
  private lastId = 1_000_000;
  private readonly server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      const text = Buffer.concat(parts).toString("utf8");
      void this.answer(request, text).then(({ status, body, headers }) => {
        response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
        response.end(body === undefined ? undefined : JSON.stringify(body));
      });
    });
  });

  constructor(readonly repository = "example/ralex") {}

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  start = (): Promise<void> => new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  add(issue: number, body: string, author: Pick<TokenFacts, "login" | "type">): StoredComment {
    const { login, type } = author;
    const comment = { id: (this.lastId += 1), issue, login, type, body, edits: 0 };
    this.comments.push(comment);
    return comment;
  }

  private async answer(request: http.IncomingMessage, text: string): Promise<Answer> {
    const method = request.method ?? "GET";
    const url = new URL(request.url ?? "/", "http://github");
    let call: Described;
    let body: unknown;
    try {
      body = text === "" ? undefined : JSON.parse(text);
      call = describedCall(method, url, body);
      this.requireHeaders(request, text !== "");
    } catch (error) {
      this.problems.push(error instanceof Error ? error.message : String(error));
      return refused(400, String(error));
    }
    this.calls.push(call.name);
    await this.meanwhile?.(call.name);
    const fault = this.faults.findIndex(({ when }) => when.test(call.name));
    if (fault !== -1) return this.faults.splice(fault, 1)[0]?.answer ?? refused(500, "no answer");
    const answer = this.handled(call, url, body, request.headers.authorization ?? "");
    const wrong = answerProblems(call, answer.status, answer.body);
    if (wrong !== "") this.problems.push(`answer of ${call.name}: ${wrong}`);
    return answer;
  }

  /** GitHub refuses what has no user agent, and answers by the version that is asked for. */
  private requireHeaders({ headers }: http.IncomingMessage, hasBody: boolean): void {
    if ((headers["user-agent"] ?? "") === "") throw new Error("a request needs a User-Agent");
    if (!API_VERSIONS.includes(String(headers["x-github-api-version"]))) throw new Error("an unknown version is asked");
    if (headers.accept !== "application/vnd.github+json") throw new Error(`accepts ${headers.accept}`);
    if (hasBody && !/^application\/json/.test(headers["content-type"] ?? "")) throw new Error("a body has to be JSON");
  }

  private handled({ name, path }: Described, url: URL, body: unknown, authorization: string): Answer {
    const token = this.tokens.get(/^Bearer (.+)$/.exec(authorization)?.[1] ?? "");
    if (token === undefined) return refused(401, "Bad credentials");
    if (name === "GET /user") {
      return token.type === "Bot" ? refused(403, NOT_FOR_APPS) : { status: 200, body: this.viewer(token) };
    }
    if (`${path.owner}/${path.repo}` !== this.repository) return refused(404, "Not Found");
    if (token.permission === "none") return refused(token.type === "Bot" ? 403 : 404, NOT_FOR_APPS);
    const isReading = name.startsWith("GET");
    if (!isReading && token.permission === "read") return refused(403, NOT_FOR_APPS);
    if (path.issue_number !== undefined) {
      const issue = Number(path.issue_number);
      return isReading ? this.page(issue, url) : this.created(issue, body, token);
    }
    const at = this.comments.findIndex(({ id }) => id === Number(path.comment_id));
    const comment = this.comments[at];
    if (comment === undefined) return refused(404, "Not Found");
    if (name.startsWith("DELETE")) {
      this.comments.splice(at, 1);
      return { status: 204 };
    }
    return this.written(body) ?? this.edited(comment, (body as { readonly body: string }).body);
  }

  private page(issue: number, url: URL): Answer {
    const size = Math.min(Number(url.searchParams.get("per_page") ?? PAGE.default), PAGE.most);
    const number = Number(url.searchParams.get("page") ?? 1);
    const all = this.comments.filter((comment) => comment.issue === issue);
    const items = all.slice((number - 1) * size, number * size);
    const next = new URL(`${this.url}${url.pathname}${url.search}`);
    next.searchParams.set("page", String(number + 1));
    const link: Record<string, string> = all.length > number * size ? { link: `<${next.href}>; rel="next"` } : {};
    return { status: 200, body: items.map((comment) => this.shown(comment)), headers: link };
  }

  private created(issue: number, body: unknown, token: TokenFacts): Answer {
    const refusal = this.written(body);
    if (refusal !== undefined) return refusal;
    const comment = this.add(issue, (body as { readonly body: string }).body, token);
    return { status: 201, body: this.shown(comment) };
  }

  private edited(comment: StoredComment, text: string): Answer {
    comment.body = text;
    comment.edits += 1;
    return { status: 200, body: this.shown(comment) };
  }

  /** What GitHub says of a body that it does not take. */
  private written(body: unknown): Answer | undefined {
    const text = (body as { readonly body: string }).body;
    if (text.trim() === "") return refused(422, "Validation Failed");
    if (text.length <= MOST_CHARACTERS) return undefined;
    return refused(422, "Validation Failed", [
      {
        resource: "IssueComment",
        code: "custom",
        field: "body",
        message: `body is too long (maximum is ${MOST_CHARACTERS} characters)`,
      },
    ]);
  }

  private shown({ id, issue, body, login, type }: StoredComment): unknown {
    const api = `${this.url}/repos/${this.repository}/issues`;
    const at = "2026-11-27T09:30:00Z";
    return {
      id,
      node_id: `IC_${id}`,
      url: `${api}/comments/${id}`,
      html_url: `https://github.com/${this.repository}/pull/${issue}#issuecomment-${id}`,
      issue_url: `${api}/${issue}`,
      body,
      user: this.user(login, type),
      created_at: at,
      updated_at: at,
      author_association: "NONE",
      performed_via_github_app: null,
    };
  }

  private user(login: string, type: string): Readonly<Record<string, unknown>> {
    const url = `${this.url}/users/${encodeURIComponent(login)}`;
    const links = Object.fromEntries(LINKS.map((name) => [`${name}_url`, `${url}/${name}`]));
    const about = { login, id: 1, node_id: "U_1", avatar_url: `${url}/avatar`, gravatar_id: "", url, type };
    return { ...about, html_url: url, ...links, site_admin: false };
  }

  private viewer({ login, type }: TokenFacts): unknown {
    const none = { name: null, company: null, blog: null, location: null, email: null, hireable: null, bio: null };
    const numbers = { public_repos: 0, public_gists: 0, followers: 0, following: 0 };
    const times = { created_at: "2020-01-01T00:00:00Z", updated_at: "2020-01-01T00:00:00Z" };
    return { ...this.user(login, type), ...none, ...numbers, ...times };
  }
}

const NOT_FOR_APPS = "Resource not accessible by integration";
const LINKS = [
  ...["followers", "following", "gists", "starred", "subscriptions"],
  ...["organizations", "repos", "events", "received_events"],
] as const;
