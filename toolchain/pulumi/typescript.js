/**
 * Lets node load TypeScript: `node --require ./toolchain/pulumi/typescript.js program.ts`. Types are not looked at
 * (`npx tsc` does that); what was translated once is kept in .ralex/typescript by content, so that a program which did
 * not change starts as quickly as JavaScript.
 */
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");

const checkout = path.resolve(__dirname, "..", "..");
const cache = path.join(checkout, ".ralex", "typescript");
const fromPulumi = Module.createRequire(require.resolve("@pulumi/pulumi/package.json"));
/** Translated texts by file, for stack traces. */
const translated = new Map();
let esbuild;

function translate(file, source) {
  // esbuild comes with tsx, which is a dependency of its own.
  esbuild ??= Module.createRequire(require.resolve("tsx/package.json"))("esbuild");
  return esbuild.transformSync(source, {
    loader: "ts",
    format: "cjs",
    target: "node20",
    // import() becomes require(): node's own would not look for .ts files.
    supported: { "dynamic-import": false },
    sourcemap: "inline",
    sourcefile: file,
  }).code;
}

function load(file) {
  const source = fs.readFileSync(file, "utf8");
  const key = createHash("sha256").update(`2\0${file}\0${source}`).digest("hex");
  const kept = path.join(cache, `${key}.js`);
  try {
    return fs.readFileSync(kept, "utf8");
  } catch {
    const code = translate(file, source);
    fs.mkdirSync(cache, { recursive: true });
    const partial = `${kept}.${process.pid}`;
    fs.writeFileSync(partial, code);
    fs.renameSync(partial, kept);
    return code;
  }
}

Module._extensions[".ts"] = (module, file) => {
  const code = load(file);
  translated.set(file, code);
  module._compile(code, file);
};

fromPulumi("source-map-support").install({
  environment: "node",
  handleUncaughtExceptions: false,
  retrieveFile: (file) => translated.get(file) ?? null,
});
