/** Keeps Jest from looking up in source maps what nobody reads. */
"use strict";
const { isOfPromise } = require("../../toolchain/promise-traces");

let prepare = (error, frames) => [String(error), ...frames].join("\n    at ");
Object.defineProperty(Error, "prepareStackTrace", {
  get: () => (error, frames) => (isOfPromise(frames) ? "" : prepare(error, frames)),
  // Jest's own, which comes after this file.
  set: (other) => (prepare = other ?? prepare),
});
