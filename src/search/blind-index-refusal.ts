/**
 * Why a value cannot be indexed, worded to follow `Entity.property: `. Neither the message nor a
 * cause quotes the value.
 */
export class BlindIndexRefusal extends Error {
  static {
    this.prototype.name = "BlindIndexRefusal"
  }
}
