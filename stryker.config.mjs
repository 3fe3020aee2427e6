/** Files to change in place of all, as tools/mutation/run.mjs chooses them. */
const sample = process.env.MUTATE?.split(",")

/**
 * Changes src/fernet in one spot at a time and runs its tests: a change that no test notices is a
 * decision that nothing holds in place. (A change under which the tests do not even load is listed as
 * an error rather than killed.) The threshold leaves room for a few
 * that change nothing but the wording of a message.
 */
export default {
  testRunner: "jest",
  jest: {
    config: {
      testEnvironment: "node",
      roots: ["<rootDir>/test/fernet"],
      testMatch: ["**/test/fernet/all.ts"],
      transform: { "^.+\\.ts$": ["ts-jest", {}] },
      // Nobody reads the stack of a test that fails here; mapping it to the source takes time.
      noStackTrace: true,
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: "perTest",
  // Changes to what is computed while modules load (offsets, tables of messages) need every test and
  // four fifths of the time; offsets that are off by one fail all tests anyway.
  ignoreStatic: true,
  // The batch engine is not among them yet: nearly all of it runs once, when its program is generated.
  mutate: sample ?? ["src/fernet/*.ts"],
  ignorePatterns: [
    "coverage",
    "dist",
    "docs",
    "examples",
    "reports",
    "tools",
    "/bench",
    "/test/integration",
  ],
  concurrency: 2,
  reporters: ["clear-text", "progress"],
  clearTextReporter: { allowColor: false, reportTests: false, reportMutants: true },
  // In a sample, one that lives weighs more
  thresholds: { high: 100, low: 99, break: sample ? 95 : 98 },
}
