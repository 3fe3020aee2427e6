/**
 * The differential test: random cases on an encrypted model and the same in plaintext, on every
 * database and TypeORM version. DIFFERENTIAL_CASES and DIFFERENTIAL_SEED say how many and which.
 */
const { projects, ...integration } = require("./jest.integration.config.cjs")

module.exports = {
  ...integration,
  projects: projects
    .filter(({ moduleNameMapper }) => moduleNameMapper)
    .map((project) => ({ ...project, roots: ["<rootDir>/test/differential"] })),
}
