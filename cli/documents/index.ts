/** Every generated document of the checkout. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { pictureOf } from "../../components/app/picture";
import { loadSettings } from "../../components/settings/load";
import { projectConfig } from "../../components/settings/project-config";
import { testIndex } from "../../tests/support/test-index";
import { describedFor } from "../targets";
import { COMMENTS_FOLDER, commentFiles, resultSchema } from "./comments";
import { withBlock } from "./markdown";
import { policiesPage } from "./policies";
import { RENDERED_FOLDER, renderedFiles } from "./rendered";
import { dotenvExample, settingsPage } from "./settings";

interface Document {
  /** Relative to the checkout. */
  readonly file: string;
  /** The whole file, from what it says now: some are generated in part. */
  readonly render: (present: string) => string | Promise<string>;
}

/** Pulumi.yaml with the config block of the settings, and everything else as it is. */
function projectFile(present: string): string {
  const document = yaml.parseDocument(present);
  document.set("config", document.createNode(projectConfig()));
  return document.toString({ lineWidth: 0 });
}

/** The stack that `npm start` brings up, but for what Pulumi.dev.yaml adds to work on the bridge. */
async function readme(present: string): Promise<string> {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { operatorListeners: true } });
  return withBlock(
    present,
    "picture",
    `\`\`\`mermaid\n${pictureOf(await describedFor(settings, { grafana: false }))}\`\`\`\n`,
  );
}

const documents = async (): Promise<readonly Document[]> => [
  { file: "Pulumi.yaml", render: projectFile },
  { file: "README.md", render: readme },
  { file: ".env.example", render: dotenvExample },
  { file: "docs/settings.md", render: settingsPage },
  { file: "docs/policies.md", render: policiesPage },
  { file: "docs/preview-result.schema.json", render: resultSchema },
  { file: "tests/INDEX.md", render: testIndex },
  ...Object.entries(commentFiles()).map(([name, text]) => ({ file: `${COMMENTS_FOLDER}/${name}`, render: () => text })),
  ...Object.entries(await renderedFiles()).map(([name, text]) => ({
    file: `${RENDERED_FOLDER}/${name}`,
    render: () => text,
  })),
];

export interface Rendered {
  readonly file: string;
  /** What the checkout has; empty where the file is missing. */
  readonly present: string;
  readonly expected: string;
}

/** Each document as it is and as it should be. */
export async function renderDocuments(checkout: string): Promise<readonly Rendered[]> {
  const rendered = (await documents()).map(async ({ file, render }) => {
    const full = path.join(checkout, file);
    const present = fs.existsSync(full) ? fs.readFileSync(full, "utf8") : "";
    return { file, present, expected: await render(present) };
  });
  return Promise.all(rendered);
}
