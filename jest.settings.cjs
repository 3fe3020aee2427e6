/** What all test runs have in common. */
const { availableParallelism } = require("node:os")

module.exports = {
  // One processor would be idle while the other waits for a server, and a server has 100 connections
  maxWorkers: Math.min(4, Math.max(2, availableParallelism())),
  // Ends what hangs; no test, under whatever load, comes near it
  testTimeout: 600_000,
}
