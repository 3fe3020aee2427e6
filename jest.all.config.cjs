/** The unit and integration tests in one run; `--selectProjects` takes some of them. */
const { maxWorkers, testTimeout, ...unit } = require("./jest.config.cjs")
const integration = require("./jest.integration.config.cjs")

module.exports = {
  ...integration,
  projects: [{ ...unit, displayName: "unit" }, ...integration.projects],
}
