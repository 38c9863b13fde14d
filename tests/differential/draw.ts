/** Choices, all drawn from one seeded source, so that an operation can be had again. */
import type fc from "fast-check";

export type Draw = {
  below(limit: number): number;
  chance(percent: number): boolean;
  of<Value>(values: readonly Value[]): Value;
};

export function drawFrom(random: Pick<fc.Random, "nextInt">): Draw {
  return drawWith((limit) => random.nextInt(0, limit - 1));
}

/** From a number alone: a linear congruential generator, whose higher bits are used. */
export function drawSeeded(seed: number): Draw {
  let state = seed >>> 0;
  return drawWith((limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  });
}

function drawWith(below: Draw["below"]): Draw {
  return {
    below,
    chance: (percent) => below(100) < percent,
    of(values) {
      if (values.length === 0) throw new Error("nothing to choose from");
      return values[below(values.length)] as (typeof values)[number];
    },
  };
}
