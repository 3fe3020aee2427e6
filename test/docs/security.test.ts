import { expect, test } from "@jest/globals"

import { exampleRegions, readText, snippets } from "./regions"

test("SECURITY.md keeps values out of traces as the compatibility test does", () => {
  const tested = exampleRegions("test/compatibility").get("without-values.ts withoutValues")

  expect(snippets(readText("SECURITY.md"), ["ts"])).toEqual([tested])
})
