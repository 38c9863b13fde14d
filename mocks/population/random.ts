/** A stream of numbers that depends on its seeds alone: the same on every machine, for ever (32-bit integer steps only). */
export type Random = {
  /** 0 … count - 1. */
  int(count: number): number;
  /** Both ends included. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
  weighted<T>(choices: readonly (readonly [weight: number, value: T])[]): T;
};

/** `streams` tell apart what is drawn for different purposes under one seed (block, person, scenario). */
export function createRandom(seed: number, ...streams: readonly number[]): Random {
  let a = mix(seed ^ 0x9e3779b9);
  let b = mix(a ^ 0x85ebca6b);
  let c = mix(b ^ 0xc2b2ae35);
  for (const stream of streams) {
    a = mix(a ^ stream);
    b = mix(b + a);
    c = mix(c ^ b);
  }
  let counter = 1;
  // sfc32: small, fast, and passes the usual batteries of tests.
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 8; round += 1) next();
  const int = (count: number) => Math.floor((next() / 4294967296) * count);
  return {
    int,
    between: (low, high) => low + int(high - low + 1),
    chance: (probability) => next() < probability * 4294967296,
    pick: (list) => list[int(list.length)]!,
    weighted: (choices) => {
      let total = 0;
      for (const [weight] of choices) total += weight;
      let rest = (next() / 4294967296) * total;
      for (const [weight, value] of choices) {
        rest -= weight;
        if (rest < 0) return value;
      }
      return choices[choices.length - 1]![1];
    },
  };
}

function mix(value: number): number {
  let x = value | 0;
  x = Math.imul(x ^ (x >>> 16), 0x21f0aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a2d97);
  return x ^ (x >>> 15);
}
