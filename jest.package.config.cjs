/** Tests of the tarball that `npm publish` would send: packed, installed and compiled against. */
module.exports = {
  ...require("./jest.settings.cjs"),
  globalSetup: "<rootDir>/test/package/setup.ts",
  globalTeardown: "<rootDir>/test/package/teardown.ts",
  testEnvironment: "node",
  roots: ["<rootDir>/test/package"],
  transform: { "^.+\\.ts$": ["ts-jest", {}] },
}
