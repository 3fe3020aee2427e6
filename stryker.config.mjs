import { join } from "node:path"

/**
 * What is mutated, by room: files, or patterns of files, and what of their mutants the tests of
 * `test/<room>/all.ts` notice at the least, in percent. A sample is of one room and so many lines,
 * for which ten minutes on two processors are enough: each change of `bulk` has TypeORM loaded anew.
 */
export const rooms = {
  fernet: { mutate: ["src/fernet/*.ts"], lines: 900, floor: 98 },
  "fernet/batch-engine": {
    mutate: [
      "src/fernet/batch-engine/*.ts",
      "src/fernet/batch-engine/assembler/*.ts",
      "src/fernet/batch-engine/program/*.ts",
    ],
    // Its instructions are put together once, and laid out when modules load
    static: true,
    lines: 800,
    floor: 89,
  },
  // Documents are not among them yet: their tests run on databases
  bulk: {
    mutate: [
      "src/bulk/cell-state.ts",
      "src/bulk/joined-tenants.ts",
      "src/bulk/part.ts",
      "src/bulk/report.ts",
      "src/bulk/under-lock.ts",
      "src/bulk/pass/cells.ts",
      "src/bulk/pass/companions.ts",
      "src/bulk/pass/decision.ts",
      "src/bulk/pass/fitting.ts",
      "src/bulk/pass/foreign-marks.ts",
      "src/bulk/pass/inspection.ts",
      "src/bulk/pass/left-rows.ts",
      "src/bulk/pass/outcome.ts",
      "src/bulk/pass/pass.ts",
      "src/bulk/pass/raced-rows.ts",
      "src/bulk/pass/reader.ts",
      "src/bulk/pass/writer.ts",
    ],
    lines: 300,
    floor: 85,
  },
  search: { mutate: ["src/search/*.ts"], lines: 400, floor: 98 },
  "binding/columns": {
    mutate: [
      "src/binding/columns/compared-value.ts",
      "src/binding/columns/comparison-operand.ts",
      "src/binding/columns/read-ahead.ts",
      "src/binding/columns/sought-plaintext.ts",
    ],
    lines: 200,
    floor: 85,
  },
  "binding/queries": {
    mutate: [
      "src/binding/queries/builder-guard.ts",
      "src/binding/queries/conditions.ts",
      "src/binding/queries/matches.ts",
      "src/binding/queries/query-rules.ts",
      "src/binding/queries/sql-comparisons.ts",
      "src/binding/queries/sql-tokens.ts",
      "src/binding/queries/statement-rules.ts",
      "src/binding/queries/string-mentions.ts",
      "src/binding/queries/unanswered-strings.ts",
    ],
    lines: 200,
    floor: 76,
  },
  "binding/indexes": {
    mutate: [
      "src/binding/indexes/companion.ts",
      "src/binding/indexes/index-completeness.ts",
      "src/binding/indexes/unique-scope.ts",
      "src/binding/indexes/written-companions.ts",
    ],
    lines: 200,
    floor: 82,
  },
}

const { MUTATE, MUTATED_ROOM = "fernet" } = process.env
const { mutate, floor, static: isStatic = false } = rooms[MUTATED_ROOM]

/**
 * Changes one room in one spot at a time and runs its tests: a change that no test notices is a
 * decision that nothing holds in place. (A change under which the tests do not even load is listed as
 * an error rather than killed.) The floor leaves room for what changes nothing but the wording of a
 * message, and for what cannot be told apart. tools/mutation/run.mjs chooses room and files.
 */
export default {
  testRunner: "jest",
  jest: {
    config: {
      testEnvironment: join(import.meta.dirname, "tools/mutation/first-failure.cjs"),
      roots: [`<rootDir>/test/${MUTATED_ROOM}`],
      testMatch: [`**/test/${MUTATED_ROOM}/all.ts`],
      transform: { "^.+\\.ts$": ["ts-jest", {}] },
      // Nobody reads the stack of a test that fails here; mapping it to the source takes time.
      noStackTrace: true,
    },
    enableFindRelatedTests: false,
  },
  coverageAnalysis: "perTest",
  // Changes to what is computed while modules load (offsets, tables of messages) need every test and
  // four fifths of the time; offsets that are off by one fail all tests anyway. Of the engine's, they
  // are nearly all there is.
  ignoreStatic: !isStatic,
  mutate: MUTATE?.split(",") ?? mutate,
  ignorePatterns: [
    "coverage",
    "dist",
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
  thresholds: { high: 100, low: 99, break: MUTATE ? floor - 3 : floor },
}
