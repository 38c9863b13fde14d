/**
 * Whether an RSA modulus has the shape of those made by the library behind CVE-2017-15361 ("ROCA"), which can be factored.
 * Its primes are k·M + (65537^a mod M), where M is a product of the first primes; so their product is a power of 65537
 * modulo every one of those. An honest modulus is so with a probability below 2^-27.
 * Source: Nemec, Sys, Svenda, Klinec, Matyas, "The Return of Coppersmith's Attack", ACM CCS 2017, section 2.1.
 */

/** Those of M for the shortest keys; M of longer keys contains them all. */
const smallPrimes = [
  3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
  127, 131, 137, 139, 149, 151, 157, 163, 167,
];

/** By prime: all that powers of 65537 leave when divided by it. */
const powersOf65537 = new Map(smallPrimes.map((prime) => [prime, powers(65537 % prime, prime)]));

export function isRocaShaped(modulus: bigint): boolean {
  return smallPrimes.every((prime) => powersOf65537.get(prime)?.has(Number(modulus % BigInt(prime))));
}

/** Whether a small prime divides it: then it is no product of two large ones. */
export function hasSmallFactor(modulus: bigint): boolean {
  return modulus % 2n === 0n || smallPrimes.some((prime) => modulus % BigInt(prime) === 0n);
}

function powers(of: number, prime: number): ReadonlySet<number> {
  const found = new Set<number>();
  for (let power = 1; !found.has(power); power = (power * of) % prime) found.add(power);
  return found;
}
