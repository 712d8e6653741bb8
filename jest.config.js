/** Tiers are folders: a test's place says what it needs. */
const tier = (name) => ({
  displayName: name,
  testEnvironment: "node",
  setupFiles: ["<rootDir>/tests/support/promise-traces.js"],
  testMatch: [`<rootDir>/tests/${name}/**/*.test.ts`],
  transform: {
    "^.+\\.ts$": [
      "@swc/jest",
      { jsc: { target: "es2022", parser: { syntax: "typescript" } }, module: { type: "commonjs" } },
    ],
  },
});

module.exports = {
  projects: [
    "unit",
    "policy",
    "database",
    "engine",
    "docker",
    "promotion",
    "kubernetes",
    "kubernetes-nightly",
    "browser",
  ].map(tier),
};
