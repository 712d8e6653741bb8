/**
 * Pulumi's SDK takes a stack trace of every promise, to tell which one leaks. Jest looks each frame up in source maps, which
 * was three quarters of the time of a test of a component. Told with PULUMI_DEBUG_PROMISE_LEAKS alone.
 */
"use strict";
const isOfPromise = (frames) => frames[0]?.getFunctionName() === "debuggablePromise";

if (process.env.PULUMI_DEBUG_PROMISE_LEAKS === undefined) {
  let prepare = (error, frames) => [String(error), ...frames].join("\n    at ");
  Object.defineProperty(Error, "prepareStackTrace", {
    get: () => (error, frames) => (isOfPromise(frames) ? "" : prepare(error, frames)),
    // Jest's own, which comes after this file.
    set: (other) => (prepare = other ?? prepare),
  });
}
