/** The policy pack as one file of JavaScript below .ralex/policy, by the content of its sources. */
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const CHECKOUT = path.resolve(__dirname, "..");
const KEPT = path.join(CHECKOUT, ".ralex", "policy");
/** Folders that sources of the pack are in, the pack's own first. */
const SOURCES = ["policy", "components"];

/** What every start needs, and reads quicker from one file. All else is loaded where it is asked for, or by Pulumi's host. */
const BUNDLED = new Set(["zod", "json-canonicalize"]);

function* sources(folder) {
  for (const entry of fs.readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const full = path.join(folder, entry.name);
    if (entry.isDirectory() && entry.name !== "node_modules" && entry.name !== "config") yield* sources(full);
    else if (entry.isFile() && /\.(ts|js)$/.test(entry.name)) yield full;
  }
}

/** Changes whenever the bundle would: with a source, and with a package. */
function fingerprint() {
  const hash = createHash("sha256").update(process.version);
  for (const folder of SOURCES) {
    for (const file of sources(path.join(CHECKOUT, folder)))
      hash.update(file).update("\0").update(fs.readFileSync(file));
  }
  hash.update(fs.readFileSync(path.join(CHECKOUT, "package-lock.json")));
  return hash.digest("hex").slice(0, 16);
}

/** Makes the bundle where it is missing. @returns its file. */
function packBundle() {
  const file = path.join(KEPT, `${fingerprint()}.js`);
  if (fs.existsSync(file)) return file;
  const partial = `${file}.${process.pid}`;
  require("esbuild").buildSync({
    absWorkingDir: CHECKOUT,
    entryPoints: [path.join(__dirname, "adapter", "pack.ts")],
    outfile: partial,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    keepNames: true,
    logLevel: "error",
    external: [...Object.keys(require("../package.json").dependencies), "google-protobuf"].filter(
      (name) => !BUNDLED.has(name),
    ),
  });
  fs.renameSync(partial, file);
  // Of earlier sources.
  for (const name of fs.readdirSync(KEPT)) {
    if (/^[0-9a-f]{16}\.js$/.test(name) && path.join(KEPT, name) !== file)
      fs.rmSync(path.join(KEPT, name), { force: true });
  }
  return file;
}

module.exports = { packBundle };
