/** Coverage of the unit and integration tests together, the latter on every database and one TypeORM. */
const { projects, ...all } = require("./jest.all.config.cjs")

module.exports = {
  ...all,
  projects: projects.slice(0, 2),
  collectCoverage: true,
  coverageDirectory: "coverage",
  coverageReporters: ["text-summary", "json-summary", "html"],
  collectCoverageFrom: ["src/**/*.ts"],
  coverageThreshold: { global: { statements: 96, branches: 91, functions: 95, lines: 96 } },
}
