/** What kills mutants: the pack's tests, but for those that read SDKs or record whole stacks, which no mutant needs. */
"use strict";
const { projects } = require("../../jest.config");

const policy = projects.find(({ displayName }) => displayName === "policy");

module.exports = {
  ...policy,
  rootDir: "../..",
  testPathIgnorePatterns: ["/node_modules/", "own-stacks\\.test\\.ts$", "tables\\.test\\.ts$"],
};
