/** What kills mutants: the pack's tests, but for those that read SDKs, record whole stacks or look for exceptions alone. */
"use strict";
const { projects } = require("../../jest.config");

const policy = projects.find(({ displayName }) => displayName === "policy");

module.exports = {
  ...policy,
  rootDir: "../..",
  testPathIgnorePatterns: ["/node_modules/", "/(own-stacks|tables|bad-input|scanners)\\.test\\.ts$"],
};
