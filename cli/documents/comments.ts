/** The gallery of comments on pull requests, and the schema of what they are made of. */
import { z } from "zod";
import { galleryComment, GALLERY } from "../../tests/support/previews/gallery";
import { RESULT } from "../ci/result";
import { table } from "./markdown";

export const COMMENTS_FOLDER = "docs/comments";

const INDEX = `# Comments on pull requests

Written by \`./ralex docs\`. Each is what \`./ralex ci comment\` makes of the recorded event stream of a real preview (Pulumi
3.259, the official Kubernetes provider, objects rendered without a cluster); release, commits and run are given beside it. How
they come about: [docs/pipeline.md](../pipeline.md).

`;

/** The texts of `docs/comments`, by the name of their file. */
export function commentFiles(): Readonly<Record<string, string>> {
  const rows = GALLERY.map(({ name, title }) => [title, `[${name}.md](${name}.md)`]);
  return {
    "README.md": INDEX + table(["what happens", "comment"], rows),
    ...Object.fromEntries(GALLERY.map((entry) => [`${entry.name}.md`, `${galleryComment(entry)}\n`])),
  };
}

/** docs/preview-result.schema.json: of the file that `./ralex ci preview` writes for each stack. */
export function resultSchema(): string {
  const schema = z.toJSONSchema(RESULT, { io: "input" });
  const described = { title: "What the preview of one stack has found (./ralex ci preview)", ...schema };
  return `${JSON.stringify(described, null, 2)}\n`;
}
