import { expect, test } from "@jest/globals"

import * as surface from "../src"

test("the package exports these names and no others", () => {
  expect(Object.keys(surface).sort()).toEqual([
    "BlindEqual",
    "BlindIn",
    "ColumnMisuseError",
    "DecryptionError",
    "EncryptedColumn",
    "EncryptionError",
    "Fernet",
    "InvalidTokenError",
    "KeyError",
    "Keyring",
    "StatementError",
    "TenantKeys",
    "UnsupportedQueryError",
    "assertEncryption",
    "checkEncryption",
    "decryptColumns",
    "decryptRaw",
    "describeCheck",
    "encryptColumns",
    "encryptFor",
    "encryptedColumn",
    "generateKey",
    "indexColumns",
    "inspectColumns",
    "isToken",
    "readPrefixedTokens",
    "readQuotedTokens",
    "readTypeormEncrypted",
    "reloadKeys",
    "rotateColumns",
    "searchFor",
    "withEncryption",
  ])
})
