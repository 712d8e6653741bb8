import * as fs from "node:fs";
import * as path from "node:path";
import type { Command } from "commander";
import { Failure } from "./failure";

/** `./ralex docs`: writes every generated document of the checkout. */
export function registerDocs(program: Command, checkout: string): void {
  program
    .command("docs")
    .description(
      "write every generated document: settings, .env.example, Pulumi.yaml's config, picture, policies, comments, test index, texts",
    )
    .option("--check", "write nothing; exit code 1 when a document is out of date")
    .action(async ({ check }: { check?: true }) => {
      const { renderDocuments } = await import("./documents");
      const outdated = (await renderDocuments(checkout)).filter(({ present, expected }) => present !== expected);
      if (check === true && outdated.length > 0) {
        throw new Failure(`out of date: ${outdated.map(({ file }) => file).join(", ")}; run ./ralex docs`);
      }
      for (const { file, expected } of outdated) {
        const full = path.join(checkout, file);
        fs.mkdirSync(path.dirname(full), { recursive: true });
        fs.writeFileSync(full, expected);
        console.log(`wrote ${file}`);
      }
      if (outdated.length === 0) console.log("every document is up to date");
    });
}
