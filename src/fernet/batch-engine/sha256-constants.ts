const WORD = 2n ** 32n

/** The constants of the 64 rounds: cube roots of primes (FIPS 180-4, section 4.2.2). */
export function roundConstants(): readonly number[] {
  return primes(64).map((prime) => fractionOfRoot(prime, 3n))
}

/** What a hash begins with: square roots of primes (FIPS 180-4, section 5.3.3). */
export function initialState(): readonly number[] {
  return primes(8).map((prime) => fractionOfRoot(prime, 2n))
}

/** Returns the first 32 bits of the fractional part of a root. */
function fractionOfRoot(value: bigint, degree: bigint): number {
  const scaled = value * WORD ** degree
  let root = 0n
  // The integer part of these roots has fewer than 5 bits
  for (let bit = 2n ** 36n; bit > 0n; bit >>= 1n) {
    if ((root + bit) ** degree <= scaled) root += bit
  }
  return Number(root % WORD)
}

function primes(count: number): readonly bigint[] {
  const found: bigint[] = []
  for (let candidate = 2n; found.length < count; candidate++) {
    if (found.every((prime) => candidate % prime !== 0n)) found.push(candidate)
  }
  return found
}
