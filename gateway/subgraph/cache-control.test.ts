import { expect, test } from "@jest/globals";
import { sharedLifetimeMs } from "./cache-control.ts";

test.each<[string, string | string[] | undefined, string | undefined, number | null]>([
  ["nothing", undefined, undefined, null],
  ["what is not about time", "public", undefined, null],
  ["what nobody knows", "must-understand, x=1", undefined, null],
  ["no-store", "no-store", undefined, 0],
  ["no-store, whatever else", "max-age=60, No-Store", undefined, 0],
  ["no-cache of some headers", 'no-cache="Set-Cookie"', undefined, 0],
  ["private", "private, max-age=60", undefined, 0],
  ["max-age", "max-age=60", undefined, 60_000],
  ["max-age between quotes", 'max-age="60"', undefined, 60_000],
  ["max-age in capitals, with spaces around", " MAX-AGE=5 , public", undefined, 5_000],
  ["s-maxage before max-age", "max-age=600, s-maxage=5", undefined, 5_000],
  ["max-age, some of it over", "max-age=60", "45", 15_000],
  ["max-age, all of it over", "max-age=60", "61", 0],
  ["an age that is none", "max-age=60", "-1", 0],
  ["max-age of nothing", "max-age", undefined, 0],
  ["max-age below nothing", "max-age=-1", undefined, 0],
  ["a part of a second", "max-age=1.5", undefined, 0],
  ["two that differ", "max-age=60, max-age=5", undefined, 0],
  ["two lines", ["max-age=60", "no-store"], undefined, 0],
  ["what cannot be read", "max-age=60, =", undefined, 0],
])("%s", (_title, cacheControl, age, lifetimeMs) => {
  expect(sharedLifetimeMs(cacheControl, age)).toBe(lifetimeMs);
});
