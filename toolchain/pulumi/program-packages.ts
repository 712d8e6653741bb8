/** What a program's package.json and node_modules say. */
import * as fs from "node:fs";
import { createRequire } from "node:module";
import * as path from "node:path";

interface Manifest {
  readonly name?: string;
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly pulumi?: {
    readonly resource?: boolean;
    readonly name?: string;
    readonly version?: string;
    readonly server?: string;
  };
}

export interface Installed {
  readonly name: string;
  readonly version: string;
  readonly server: string;
}

const read = (file: string): Manifest | undefined => {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Manifest;
  } catch {
    return undefined;
  }
};

/** The nearest package.json at or above a folder, and its folder. */
function projectOf(folder: string): { folder: string; manifest: Manifest } | undefined {
  for (let at = folder; ; at = path.dirname(at)) {
    const manifest = read(path.join(at, "package.json"));
    if (manifest !== undefined) return { folder: at, manifest };
    if (path.dirname(at) === at) return undefined;
  }
}

const manifests = (folder: string): Manifest[] => {
  const project = projectOf(folder);
  if (project === undefined) return [];
  const searched = createRequire(path.join(project.folder, "index.js")).resolve.paths("x") ?? [];
  const names = Object.keys({ ...project.manifest.devDependencies, ...project.manifest.dependencies });
  return names.flatMap((name) => {
    const found = searched.map((at) => read(path.join(at, name, "package.json"))).find((item) => item !== undefined);
    return found === undefined ? [] : [found];
  });
};

/** The program's dependencies as they are installed. */
export const directDependencies = (folder: string): Pick<Installed, "name" | "version">[] =>
  manifests(folder).map(({ name, version }) => ({ name: name ?? "", version: version ?? "" }));

/** The plugins that the program's Pulumi packages need: what their package.json says under `pulumi`. */
export function pulumiPackages(folder: string): Installed[] {
  return manifests(folder).flatMap(({ name = "", version = "", pulumi }) => {
    if (pulumi?.resource !== true) return [];
    return [
      {
        name: pulumi.name ?? name.replace(/^@pulumi\//, ""),
        version: (pulumi.version ?? version).replace(/^v/, ""),
        server: pulumi.server ?? "",
      },
    ];
  });
}
