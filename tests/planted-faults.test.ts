/** Faults are planted by text: code that has moved leaves them planted nowhere, and then nobody knows what tests see. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "@jest/globals";
import { authorizationMutants } from "./authorization-mutants.ts";
import { faults } from "./cache-schedules/faults.ts";
import { mutants } from "./differential/mutants.ts";
import { mutants as referenceMutants } from "./reference/mutants.ts";

type Planted = readonly [file: string, find: string, replace: string];

const root = new URL("..", import.meta.url).pathname;
const textOf = (file: string): string => readFileSync(join(root, file), "utf8");
const timesIn = (text: string, find: string): number => text.split(find).length - 1;

/** Where run-mutants.ts looks: the file itself, or the one beside it that has the text. */
function holderOf(file: string, find: string): string {
  if (timesIn(textOf(file), find) === 1) return file;
  const beside = readdirSync(join(root, dirname(file))).filter((each) => /(?<!\.test)\.ts$/.test(each));
  const holders = beside.map((each) => join(dirname(file), each)).filter((each) => timesIn(textOf(each), find) === 1);
  return holders.length === 1 ? (holders[0] as string) : file;
}

const all: readonly (readonly [fault: string, edits: readonly Planted[]])[] = [
  ...[...mutants, ...authorizationMutants].map(({ fault, file, edits }): [string, readonly Planted[]] => [
    fault,
    edits.map(([find, replace]): Planted => [holderOf(file, find), find, replace]),
  ]),
  ...referenceMutants.map(({ fault, edits }): [string, readonly Planted[]] => [`${fault} (reference)`, edits]),
  ...faults.map(({ fault, edits }): [string, readonly Planted[]] => [
    `${fault} (schedules)`,
    edits.map(({ file, find, replace }): Planted => [file, find, replace]),
  ]),
];

test.each(all)("can be planted: %s", (_fault, edits) => {
  const texts = new Map<string, string>();
  for (const [file, find, replace] of edits) {
    const text = texts.get(file) ?? textOf(file);
    expect([file, find, timesIn(text, find)]).toEqual([file, find, 1]);
    texts.set(
      file,
      text.replace(find, () => replace),
    );
  }
});
