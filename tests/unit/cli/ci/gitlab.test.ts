/** The comment as a note of a merge request, against a stand-in that keeps notes as GitLab's API does. */
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import { gitLab } from "../../../../cli/ci/forge/gitlab";
import { publishComment } from "../../../../cli/ci/forge/publish";
import { renderComment } from "../../../../cli/ci/render/comment";
import { recordedResult, RUN } from "../../../support/previews/gallery";

const NOTES = "/projects/example%2Fralex/merge_requests/3/notes";
const ROBOT = 41;

interface Note {
  readonly id: number;
  body: string;
  readonly system: boolean;
  readonly author: { readonly id: number };
}

let notes: Note[];
let mayWrite: boolean;
const calls: string[] = [];

/** What is used of https://docs.gitlab.com/api/notes/: pages, the token's header, and who wrote what. */
function answer(request: http.IncomingMessage, text: string): readonly [number, unknown?] {
  const url = new URL(request.url ?? "/", "http://gitlab");
  calls.push(`${request.method} ${url.pathname}`);
  if (request.headers["private-token"] !== "glpat-test") return [401, { message: "401 Unauthorized" }];
  if (url.pathname === "/user") return [200, { id: ROBOT, username: "project_1_bot" }];
  if (!url.pathname.startsWith(NOTES)) return [404, { message: "404 Not found" }];
  if (request.method === "GET") {
    const [size, page] = ["per_page", "page"].map((name) => Number(url.searchParams.get(name)));
    return [200, notes.slice(((page ?? 1) - 1) * (size ?? 20), (page ?? 1) * (size ?? 20))];
  }
  if (!mayWrite) return [403, { message: "403 Forbidden" }];
  const body = text === "" ? "" : (JSON.parse(text) as { body: string }).body;
  if (request.method === "POST") {
    const note = { id: 1000 + notes.length, body, system: false, author: { id: ROBOT } };
    notes.push(note);
    return [201, note];
  }
  const note = notes.find(({ id }) => url.pathname === `${NOTES}/${id}`);
  if (note === undefined) return [404, { message: "404 Note Not Found" }];
  if (request.method === "DELETE") notes = notes.filter((one) => one !== note);
  else note.body = body;
  return request.method === "DELETE" ? [204] : [200, note];
}

const server = http.createServer((request, response) => {
  const parts: Buffer[] = [];
  request.on("data", (part: Buffer) => parts.push(part));
  request.on("end", () => {
    const [status, body] = answer(request, Buffer.concat(parts).toString("utf8"));
    response.writeHead(status, { "content-type": "application/json" }).end(body && JSON.stringify(body));
  });
});

beforeAll(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
afterAll(() => {
  server.closeAllConnections();
  server.close();
});
beforeEach(() => {
  mayWrite = true;
  calls.splice(0);
  notes = [{ id: 1, body: "assigned to @ada", system: true, author: { id: 7 } }];
});

const forge = () =>
  gitLab({
    api: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    project: "example/ralex",
    mergeRequest: 3,
    token: "glpat-test",
  });
const textOf = (run: number, stream: "nothing-changed" | "release-changed") =>
  renderComment([recordedResult(stream, "prod")], { ...RUN, run }).text;

test("a note is made once and edited in place, behind 130 others, and one of somebody else is left alone", async () => {
  for (let id = 2; id < 132; id += 1)
    notes.push({ id, body: textOf(1, "nothing-changed"), system: false, author: { id: 7 } });
  expect(await publishComment(forge(), textOf(1, "nothing-changed"), 1)).toBe("created");
  expect(await publishComment(forge(), textOf(2, "release-changed"), 2)).toBe("edited");
  expect(await publishComment(forge(), textOf(3, "release-changed"), 3)).toBe("left as it is");
  expect(notes.map(({ body }) => body).slice(131)).toEqual([textOf(2, "release-changed")]);
  expect(calls.filter((call) => !call.startsWith("GET"))).toEqual([`POST ${NOTES}`, `PUT ${NOTES}/1131`]);
});

test("a token that may not write notes is told what it needs", async () => {
  mayWrite = false;
  await expect(publishComment(forge(), textOf(1, "nothing-changed"), 1)).rejects.toMatchObject({
    isNotPermitted: true,
    message: expect.stringContaining("403 Forbidden; it needs a project access token with the scope api") as string,
  });
});
