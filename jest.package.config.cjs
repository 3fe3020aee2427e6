/** Tests of the tarball that `npm publish` would send: packed, installed and compiled against. */
module.exports = {
  ...require("./jest.settings.cjs"),
  testEnvironment: "node",
  roots: ["<rootDir>/test/package"],
  transform: { "^.+\\.ts$": ["ts-jest", {}] },
}
