/** Comments of a pull request on GitHub, by its REST API; of GitHub Enterprise Server as well. */
import { z } from "zod";
import { ForgeError, type Forge, type ForgeComment } from "./forge";
import { MOST_CHARACTERS } from "../render/comment";
import { JsonClient, type HttpOptions } from "./http";

const COMMENT = z.looseObject({
  id: z.int(),
  body: z.string().nullish(),
  user: z.looseObject({ login: z.string(), type: z.string() }).nullish(),
});

type GitHubComment = z.infer<typeof COMMENT>;

/** Version of the API that this is written for. */
const VERSION = "2022-11-28";
const PAGE = 100;

export interface GitHubOptions extends Partial<Pick<HttpOptions, "patience" | "sleep" | "now">> {
  /** `https://api.github.com`, or what `GITHUB_API_URL` says. */
  readonly api: string;
  /** `owner/name`. */
  readonly repository: string;
  readonly pullRequest: number;
  readonly token: string;
}

/** @throws ForgeError where an answer is not as GitHub describes it. */
export function gitHub({ api, repository, pullRequest, token, ...rest }: GitHubOptions): Forge {
  const permission = "a token with the permission pull-requests: write";
  const client = new JsonClient(api.replace(/\/$/, ""), {
    ...rest,
    permission,
    headers: {
      accept: "application/vnd.github+json",
      authorization: `Bearer ${token}`,
      "user-agent": "ralex",
      "x-github-api-version": VERSION,
    },
  });
  const issues = `/repos/${repository}/issues`;
  let login: Promise<string | undefined> | undefined;
  /** The token's user; undefined for an App and for `GITHUB_TOKEN`, which may not ask. */
  const own = () =>
    (login ??= client.call("GET", "/user").then(
      ({ body }) => z.looseObject({ login: z.string() }).safeParse(body).data?.login,
      (error: unknown) => {
        if (error instanceof ForgeError && error.isNotPermitted) return undefined;
        throw error;
      },
    ));
  const shown = async (comment: GitHubComment): Promise<ForgeComment> => {
    const name = await own();
    const isOwn = name === undefined ? comment.user?.type === "Bot" : comment.user?.login === name;
    return { id: comment.id, text: comment.body ?? "", isOwn };
  };
  return {
    name: `GitHub, ${repository}#${pullRequest}`,
    mostCharacters: MOST_CHARACTERS,
    comments: async () => {
      const found: GitHubComment[] = [];
      for (let page = 1; ; page += 1) {
        const { body } = await client.call("GET", `${issues}/${pullRequest}/comments?per_page=${PAGE}&page=${page}`);
        const comments = read(z.array(COMMENT), body);
        found.push(...comments);
        if (comments.length < PAGE) break;
      }
      return Promise.all(found.sort((a, b) => a.id - b.id).map(shown));
    },
    create: async (text) => {
      const { body } = await client.call("POST", `${issues}/${pullRequest}/comments`, { body: text });
      return { ...(await shown(read(COMMENT, body))), isOwn: true };
    },
    edit: async (id, text) => {
      const { status } = await client.call("PATCH", `${issues}/comments/${id}`, { body: text }, true);
      return status !== 404;
    },
    remove: async (id) => void (await client.call("DELETE", `${issues}/comments/${id}`, undefined, true)),
  };
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body);
  if (error === undefined) return data as T;
  throw new ForgeError(`GitHub's answer is not as its API describes it: ${error.issues[0]?.path.join(".")}`);
}
