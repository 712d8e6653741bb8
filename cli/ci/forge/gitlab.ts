/** Notes of a merge request on GitLab, by its REST API. */
import { z } from "zod";
import { ForgeError, type Forge } from "./forge";
import { MOST_CHARACTERS } from "../render/comment";
import { JsonClient, type HttpOptions } from "./http";

const NOTE = z.looseObject({
  id: z.int(),
  body: z.string(),
  system: z.boolean().optional(),
  author: z.looseObject({ id: z.int() }),
});

const PAGE = 100;

export interface GitLabOptions extends Partial<Pick<HttpOptions, "patience" | "sleep" | "now">> {
  /** `https://gitlab.com/api/v4`, or what `CI_API_V4_URL` says. */
  readonly api: string;
  /** Number of the project, or its path. */
  readonly project: string;
  /** Number of the merge request in its project (`iid`). */
  readonly mergeRequest: number;
  /** Of a project access token: the token of a job may not write notes. */
  readonly token: string;
}

/** @throws ForgeError where an answer is not as GitLab describes it. */
export function gitLab({ api, project, mergeRequest, token, ...rest }: GitLabOptions): Forge {
  const permission = "a project access token with the scope api and the role Developer";
  const client = new JsonClient(api.replace(/\/$/, ""), {
    ...rest,
    permission,
    headers: { accept: "application/json", "private-token": token },
  });
  const notes = `/projects/${encodeURIComponent(project)}/merge_requests/${mergeRequest}/notes`;
  let user: Promise<number> | undefined;
  const own = () =>
    (user ??= client.call("GET", "/user").then(({ body }) => read(z.looseObject({ id: z.int() }), body).id));
  return {
    name: `GitLab, ${project}!${mergeRequest}`,
    // GitLab takes a million; a reader does not.
    mostCharacters: MOST_CHARACTERS,
    comments: async () => {
      const found: z.infer<typeof NOTE>[] = [];
      for (let page = 1; ; page += 1) {
        const query = `?per_page=${PAGE}&page=${page}&order_by=created_at&sort=asc`;
        const answered = read(z.array(NOTE), (await client.call("GET", `${notes}${query}`)).body);
        found.push(...answered);
        if (answered.length < PAGE) break;
      }
      const id = await own();
      return found
        .filter(({ system }) => system !== true)
        .sort((a, b) => a.id - b.id)
        .map((note) => ({ id: note.id, text: note.body, isOwn: note.author.id === id }));
    },
    create: async (text) => {
      const note = read(NOTE, (await client.call("POST", notes, { body: text })).body);
      return { id: note.id, text: note.body, isOwn: true };
    },
    edit: async (id, text) => (await client.call("PUT", `${notes}/${id}`, { body: text }, true)).status !== 404,
    remove: async (id) => void (await client.call("DELETE", `${notes}/${id}`, undefined, true)),
  };
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body);
  if (error === undefined) return data as T;
  throw new ForgeError(`GitLab's answer is not as its API describes it: ${error.issues[0]?.path.join(".")}`);
}
