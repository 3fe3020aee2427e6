/**
 * Returns how many characters the token of a plaintext has: Base64 of version, timestamp, IV, whole
 * blocks of ciphertext, always with padding, and HMAC.
 *
 * @param bytes - length of the plaintext in bytes
 */
export function tokenLength(bytes: number): number {
  const ciphertext = 16 * (Math.floor(bytes / 16) + 1)
  return 4 * Math.ceil((1 + 8 + 16 + ciphertext + 32) / 3)
}
