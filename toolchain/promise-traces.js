/**
 * Pulumi's SDK takes a stack trace of every promise, to tell which one leaks (PULUMI_DEBUG_PROMISE_LEAKS). Working them out
 * through source maps was a third of an update's time, and three quarters of that of a component's test.
 */
"use strict";

/** Whether a trace is one of those, and nobody asked for them. */
exports.isOfPromise = (frames) =>
  process.env.PULUMI_DEBUG_PROMISE_LEAKS === undefined && frames[0]?.getFunctionName() === "debuggablePromise";
