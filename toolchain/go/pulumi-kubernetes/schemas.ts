/**
 * The two files that the provider embeds. Its publisher generates them, so its Go module lacks them; what they are made
 * of is in it.
 */
import * as fs from "node:fs";
import * as path from "node:path";

const MODULE = "github.com/pulumi/pulumi-kubernetes/provider/v4";
/** The SDK package whose resource types the module's schema has, one for one. */
const VERSION = "4.25.0";

/** Writes them beside main.go. */
export async function writeSchemas(folder: string, moduleFolder: (module: string) => Promise<string>): Promise<void> {
  const source = path.join(await moduleFolder(MODULE), "cmd", "pulumi-resource-kubernetes");
  const write = (name: string, added: Readonly<Record<string, string>>): void => {
    const content = JSON.parse(fs.readFileSync(path.join(source, name), "utf8")) as Record<string, unknown>;
    fs.writeFileSync(path.join(folder, name), JSON.stringify({ ...content, ...added }));
  };
  write("schema.json", { version: VERSION });
  write("terraform-mapping.json", {});
}
