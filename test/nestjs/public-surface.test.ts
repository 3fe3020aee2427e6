import { expect, test } from "@jest/globals"

import * as surface from "../../src/nestjs"

test("the subpath for Nest exports these names and no others", () => {
  expect(Object.keys(surface).sort()).toEqual([
    "TenantInterceptor",
    "encryptedDataSource",
    "encryptionHealth",
    "tenantMiddleware",
  ])
})
