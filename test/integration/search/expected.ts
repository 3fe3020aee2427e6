import { digestOf } from "../../search/digest-of"
import { keys } from "../../support/keys"

/** What the companion of a member's e-mail address holds. */
export function emailDigest(email: string, key: string = keys.first): string {
  return digestOf("member/email/email_bidx", email.trim().toLowerCase(), { key })
}

/** What the companion of a member's phone number holds. */
export function phoneDigest(phone: string): string {
  return digestOf("member/contactPhone/contactPhone_bidx", phone.replaceAll(/\D/g, ""))
}
