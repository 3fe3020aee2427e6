import { isSealed } from "../../column/sealed"
import { SEALED_TEXT } from "../../column/sealed-text"
import { isFindOperator } from "../queries/query-rules"
import { invalidValue, unsealed } from "./cell-codec"

/**
 * Returns the value to store, of what a property was given.
 *
 * @param property - as `Entity.property`
 * @param sealed - whether its values are sealed
 * @throws {@link EncryptionError} `ERR_INVALID_VALUE` for what was given by mistake
 */
export function valueToStore(property: string, given: unknown, sealed: boolean): unknown {
  if (isFindOperator(given)) throw invalidValue(property, "a find operator is not a value")
  if (isSealed(given) && !sealed) {
    throw invalidValue(
      property,
      "a sealed value belongs to a property that is sealed; assign what its reveal() returns",
    )
  }
  if (sealed && isLeftOfSealed(given)) {
    throw invalidValue(
      property,
      "this is what a sealed value is shown as, and the value itself would be lost; if it is meant, " +
        "assign Sealed.of() it",
    )
  }
  return unsealed(property, given)
}

/**
 * Whether a plain value is what is left of a sealed one in JSON or in a copy: the property was shown to
 * someone who sent it back.
 */
function isLeftOfSealed(value: unknown): boolean {
  if (value === SEALED_TEXT) return true
  if (typeof value !== "object" || value === null) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return (prototype === Object.prototype || prototype === null) && Object.keys(value).length === 0
}
