/** Everything that happens by chance in a schedule, out of one seed: the same seed is the same schedule. */

export type Chance = {
  /** From 0 to 1. */
  number(): number;
  /** Both ends included. */
  between(least: number, most: number): number;
  is(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
};

export function chanceOf(seed: number): Chance {
  let state = seed >>> 0;
  // mulberry32
  const number = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (least: number, most: number) => least + Math.floor(number() * (most - least + 1));
  return {
    number,
    between,
    is: (probability) => number() < probability,
    pick: (list) => list[between(0, list.length - 1)] as never,
  };
}
