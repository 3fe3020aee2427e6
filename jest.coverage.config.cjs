/** Coverage of the unit and integration tests together, the latter on every database and one TypeORM. */
const unit = require("./jest.config.cjs")
const { projects, ...integration } = require("./jest.integration.config.cjs")

module.exports = {
  ...integration,
  projects: [{ ...unit, displayName: "unit" }, projects[0]],
  collectCoverage: true,
  coverageDirectory: "coverage",
  coverageReporters: ["text-summary", "json-summary", "html"],
  collectCoverageFrom: ["src/**/*.ts"],
  coverageThreshold: { global: { statements: 96, branches: 92, functions: 95, lines: 96 } },
}
