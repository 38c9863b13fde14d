/** At reduced size: `npm run prove subscribers`. */
import { expect, test } from "@jest/globals";
import { manySubscribers } from "../bench/subscribers.ts";

test("500 subscribers of one gateway are told what is theirs, each for little memory", async () => {
  const { subscribers, bytesEach, toldEach, toldOthers } = await manySubscribers(500);
  expect({ subscribers, toldEach, toldOthers }).toEqual({ subscribers: 500, toldEach: 5, toldOthers: 0 });
  expect(bytesEach).toBeLessThan(256 * 1024);
}, 120_000);
