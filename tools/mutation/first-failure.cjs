const { TestEnvironment } = require("jest-environment-node")

/** Skips what is left of a test file once one of its tests has failed: that is all there is to know. */
module.exports = class extends TestEnvironment {
  #hasFailed = false

  handleTestEvent({ name, test }) {
    if (name === "test_start" && this.#hasFailed) test.mode = "skip"
    if (name === "test_done" && test.errors.length > 0) this.#hasFailed = true
  }
}
