import { describe, expect, test } from "@jest/globals"

import { ANY, type JsonPath, leafPaths, pathsMisuse } from "../../../src/column/documents/json-path"

describe("a path in a document", () => {
  test.each<[path: JsonPath, steps: unknown[], label: string]>([
    ["token", ["token"], "token"],
    ["headers.Authorization", ["headers", "Authorization"], "headers.Authorization"],
    ["actions.*.token", ["actions", ANY, "token"], "actions.*.token"],
    ["*", [ANY], "*"],
    ["actions.0", ["actions", "0"], "actions.0"],
    [String.raw`x\.y.\*.\\`, ["x.y", "*", "\\"], String.raw`x\.y.\*.\\`],
    [["x.y", "*", ""], ["x.y", ANY, ""], String.raw`x\.y.*.`],
    [["a[0]", "$"], ["a[0]", "$"], "a[0].$"],
    ["$ref.value", ["$ref", "value"], "$ref.value"],
  ])("%j has the steps %p", (path, steps, label) => {
    expect(pathsMisuse([path])).toEqual([])
    expect(leafPaths([path])).toEqual([{ steps, label }])
  })

  test.each<[path: unknown, problem: string]>([
    ["", "has a path that is empty; to encrypt the whole document, leave paths out"],
    ["a..b", "has the path a..b, which says nothing between two dots, or before or after one"],
    [".a", "before or after one"],
    ["a.", "before or after one"],
    ["/a/b", "is a JSON pointer; put dots between its keys"],
    ["$.a", "begins with $; paths begin below the document"],
    ["$", "begins with $"],
    ["$[0]", "begins with $"],
    ["a[*].b", "has brackets; write a.*.b or a.0.b, or the path as a list of keys"],
    ["a*", "has a * beside other characters"],
    ["a.**", "has a * beside other characters"],
    ["*b", "has a * beside other characters"],
    [String.raw`a\b`, String.raw`has a \ that is not before a dot`],
    ["a\\", String.raw`has a \ that is not before a dot`],
    [[], "has a path that is a list, and no list of keys"],
    [["a", 0], "has a path that is a list, and no list of keys"],
    [7, "has a path that is neither a text nor a list of keys"],
  ])("%j is refused", (path, problem) => {
    expect(pathsMisuse([path])).toEqual([expect.stringContaining(problem)])
  })

  test.each([undefined, null, [], "a.b", {}])("no list of them is %j", (paths) => {
    expect(pathsMisuse(paths)).toEqual([expect.stringContaining("has paths that are no list")])
  })

  test.each<[paths: JsonPath[], problem: string]>([
    [["a.b", "a.b"], "has the path a.b twice"],
    [["a.b", ["a", "b"]], "has the path a.b twice"],
    [["a", "a.b"], "has the path a.b, which lies inside of what a encrypts"],
    [["a.b.c", "*.b"], "has the path a.b.c, which lies inside of what *.b encrypts"],
    [["a.*", "a.b"], "has the paths a.* and a.b, which name the same"],
  ])("%j is refused beside others", (paths, problem) => {
    expect(pathsMisuse(paths)).toEqual([problem])
  })

  test("may have its first steps in common with others", () => {
    expect(pathsMisuse(["a.*.b", "a.x.c", "d", String.raw`a\.x`])).toEqual([])
  })
})
