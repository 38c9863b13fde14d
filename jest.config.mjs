if (Number(process.versions.node.split(".")[0]) < 24) {
  throw new Error(`the tests need Node 24 or newer; this is ${process.version}: run them through \`npm test\``);
}
process.env.APOLLO_TELEMETRY_DISABLED = "1";
// As `npm start` runs: else graphql-js looks for a second copy of itself at every value, a twentieth of all the work.
process.env.NODE_ENV = "production";

export default {
  testMatch: ["**/*.test.ts"],
  testPathIgnorePatterns: ["/node_modules/", "/.crosswalk/"],
  injectGlobals: false,
  // One more than there are cores to be counted on: many tests wait, for leases and for what is slow by intent.
  maxWorkers: 3,
  globalSetup: "<rootDir>/tests/one-postgres.cjs",
  globalTeardown: "<rootDir>/tests/one-postgres-end.cjs",
  setupFiles: ["<rootDir>/tests/short-traces.cjs"],
  testTimeout: 60_000,
  transform: {
    "\\.(ts|js|mjs)$": [
      "@swc/jest",
      { jsc: { parser: { syntax: "typescript" }, target: "es2024" }, module: { type: "commonjs" } },
    ],
  },
  transformIgnorePatterns: ["/node_modules/(?!jose/)"],
  reporters: ["default", "<rootDir>/tests/closing-line-reporter.cjs"],
};
