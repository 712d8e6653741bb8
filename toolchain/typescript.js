/**
 * Lets node load TypeScript: `node --require ./toolchain/typescript.js program.ts`. Types are not looked at (`npx tsc` does
 * that); what was translated once is kept in .ralex/typescript by content, so that a program which did not change starts
 * as quickly as JavaScript. Commands, programs and the provider all start through this file.
 */
"use strict";
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { isOfPromise } = require("./promise-traces");

const checkout = path.resolve(__dirname, "..");
const cache = path.join(checkout, ".ralex", "typescript");
const fromPulumi = Module.createRequire(require.resolve("@pulumi/pulumi/package.json"));
/** Translated texts by file, for stack traces. */
const translated = new Map();
let esbuild;

function translate(file, source) {
  esbuild ??= require("esbuild");
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

// Pulumi's SDK loads what turns functions into text, for dynamic resources: TypeScript's compiler and npm's arborist, half
// of its start. Nothing here is such a resource; those functions load their module when somebody calls them.
const onDemand = new Set(["./closure/serializeClosure", "./closure/codePaths"]);
const loadModule = Module._load;
Module._load = function (request, ...rest) {
  const loaded = () => loadModule.call(this, request, ...rest);
  if (!onDemand.has(request)) return loaded();
  return new Proxy(
    {},
    {
      get:
        (_, name) =>
        (...args) =>
          loaded()[name](...args),
    },
  );
};

const maps = fromPulumi("source-map-support");
maps.install({
  environment: "node",
  handleUncaughtExceptions: false,
  retrieveFile: (file) => translated.get(file) ?? null,
});

/** Where a frame was written, by the place where it runs; of translated files only. */
const written = new Map();

function frameText(frame) {
  const file = frame.getFileName();
  if (!translated.has(file)) return String(frame);
  const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
  const place = `${file}:${line}:${column}`;
  if (!written.has(place)) {
    const position = maps.mapSourcePosition({ source: file, line, column: column - 1 });
    written.set(place, `${position.source}:${position.line}:${position.column + 1}`);
  }
  return String(frame).replace(place, written.get(place));
}

// Pulumi asks for a stack trace for every resource and for each of its promises. source-map-support, which it registers
// itself after this file, copies and looks up every frame of its SDK too: that was a third of an update's time.
Object.defineProperty(Error, "prepareStackTrace", {
  get: () => (error, frames) =>
    isOfPromise(frames) ? "" : [String(error), ...frames.map(frameText)].join("\n    at "),
  set: () => undefined,
});

// For this process and whatever it starts: a bare pulumi hands programs and the provider the user's proxies.
Object.assign(process.env, require("../components/loopback.ts").loopbackExemptions(process.env));
