/** Every generated document of the checkout. */
import * as fs from "node:fs";
import * as path from "node:path";
import * as yaml from "yaml";
import { pictureOf } from "../../components/app/picture";
import { describeRalex } from "../../components/app/ralex";
import { loadSettings } from "../../components/settings/load";
import { projectConfig } from "../../components/settings/project-config";
import { testIndex } from "../../tests/support/test-index";
import { withBlock } from "./markdown";
import { RENDERED_FOLDER, renderedFiles } from "./rendered";
import { dotenvExample, settingsPage } from "./settings";

interface Document {
  /** Relative to the checkout. */
  readonly file: string;
  /** The whole file, from what it says now: some are generated in part. */
  readonly render: (present: string) => string;
}

/** Pulumi.yaml with the config block of the settings, and everything else as it is. */
function projectFile(present: string): string {
  const document = yaml.parseDocument(present);
  document.set("config", document.createNode(projectConfig()));
  return document.toString({ lineWidth: 0 });
}

/** The stack that `npm start` brings up, but for what Pulumi.dev.yaml adds to work on the bridge. */
function readme(present: string): string {
  const settings = loadSettings({ environment: {}, dotenv: {}, stack: { operatorListeners: true } });
  return withBlock(present, "picture", `\`\`\`mermaid\n${pictureOf(describeRalex(settings))}\`\`\`\n`);
}

const DOCUMENTS: readonly Document[] = [
  { file: "Pulumi.yaml", render: projectFile },
  { file: "README.md", render: readme },
  { file: ".env.example", render: dotenvExample },
  { file: "docs/settings.md", render: settingsPage },
  { file: "tests/INDEX.md", render: testIndex },
  ...Object.entries(renderedFiles()).map(([name, text]) => ({
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
export function renderDocuments(checkout: string): readonly Rendered[] {
  return DOCUMENTS.map(({ file, render }) => {
    const full = path.join(checkout, file);
    const present = fs.existsSync(full) ? fs.readFileSync(full, "utf8") : "";
    return { file, present, expected: render(present) };
  });
}
