/** The older TypeORM versions, each test file on one of the databases, and what starts the servers. */
const { projects, ...integration } = require("./jest.integration.config.cjs")

process.env.PAIRWISE = "1"

const taken = ["typeorm 0.3 newest", "typeorm 0.3.17", "test support"]

module.exports = {
  ...integration,
  projects: projects.filter(({ displayName }) => taken.includes(displayName)),
}
