/** The supergraph and the policies are read as one, and replaced as one or not at all. */
import { mkdirSync, mkdtempSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { type Generation, type Kept, keepCurrent, policiesAt, supergraphAt, together } from "./source.ts";

let place: string;
let folder: string;
let file: string;
let kept: Kept<Generation> | null = null;
const outcomes: string[] = [];

beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "generation-"));
  [folder, file] = [join(place, "policies"), join(place, "supergraph.graphql")];
  mkdirSync(folder);
  writeFileSync(file, "supergraph 1");
  writeFileSync(join(folder, "policies.cedarschema"), "schema 1");
  writeFileSync(join(folder, "a.cedar"), "a 1");
  outcomes.splice(0);
});
afterEach(() => {
  kept?.close();
  kept = null;
  rmSync(place, { recursive: true });
});

const lookAtBoth = () => together(supergraphAt(file), policiesAt(folder));

/** Texts with the word "bad" in them are no good. */
async function keep(): Promise<Kept<Generation>> {
  kept = await keepCurrent<Generation>({
    look: lookAtBoth(),
    intervalMs: 1_000_000,
    read: async (generation) => {
      const texts = [generation.supergraph, ...generation.policies.policies.values()];
      for (const text of texts) if (text.includes("bad")) throw new Error(`${text} is refused`);
      return generation;
    },
    onOutcome: (outcome, reason) => outcomes.push(reason instanceof Error ? `${outcome}: ${reason.message}` : outcome),
  });
  return kept;
}

const shown = ({ supergraph, policies }: Generation) =>
  [supergraph, policies.schema, ...[...policies.policies].map(([name, text]) => `${name}: ${text}`)].join(", ");

test("a look gives both, and nothing as long as neither has changed", async () => {
  const look = lookAtBoth();
  const first = await look();
  expect(first && shown(first)).toBe("supergraph 1, schema 1, a.cedar: a 1");
  expect(await look()).toBeNull();
  writeFileSync(join(folder, "notes.txt"), "no policy");
  expect(await look()).toBeNull();
});

const changes: readonly (readonly [string, () => void, string])[] = [
  ["the supergraph", () => writeFileSync(file, "supergraph 2"), "supergraph 2, schema 1, a.cedar: a 1"],
  [
    "a file of policies",
    () => writeFileSync(join(folder, "a.cedar"), "a two"),
    "supergraph 1, schema 1, a.cedar: a two",
  ],
  [
    "a file more",
    () => writeFileSync(join(folder, "b.cedar"), "b"),
    "supergraph 1, schema 1, a.cedar: a 1, b.cedar: b",
  ],
  ["a file less", () => unlinkSync(join(folder, "a.cedar")), "supergraph 1, schema 1"],
  [
    "the schema of the policies",
    () => writeFileSync(join(folder, "policies.cedarschema"), "schema two"),
    "supergraph 1, schema two, a.cedar: a 1",
  ],
];
test.each(changes)("a change of %s is a new generation with an id of its own", async (_, change, expected) => {
  const look = lookAtBoth();
  const first = await look();
  change();
  const second = await look();
  expect(second && shown(second)).toBe(expected);
  expect(second?.id).not.toBe(first?.id);
  expect(await look()).toBeNull();
});

test("what is written one after the other is read together", async () => {
  const look = lookAtBoth();
  await look();
  writeFileSync(file, "supergraph 2");
  const looking = look();
  setTimeout(() => writeFileSync(join(folder, "a.cedar"), "a two"), 10);
  const next = await looking;
  expect(next && shown(next)).toBe("supergraph 2, schema 1, a.cedar: a two");
});

describe("both are replaced, or neither", () => {
  test("bad policies keep the supergraph back that came with them", async () => {
    const { current, reload } = await keep();
    writeFileSync(file, "supergraph 2");
    writeFileSync(join(folder, "a.cedar"), "a bad rule");
    expect(await reload()).toBe("refused");
    expect(shown(current())).toBe("supergraph 1, schema 1, a.cedar: a 1");
    // The same bad texts are told of once.
    expect(await reload()).toBe("refused");
    expect(outcomes).toEqual(["refused: a bad rule is refused"]);
    writeFileSync(join(folder, "a.cedar"), "a mended rule");
    expect(await reload()).toBe("replaced");
    expect(shown(current())).toBe("supergraph 2, schema 1, a.cedar: a mended rule");
  });

  test("a bad supergraph keeps the policies back that came with it", async () => {
    const { current, reload } = await keep();
    writeFileSync(file, "a bad supergraph");
    writeFileSync(join(folder, "a.cedar"), "a two");
    expect(await reload()).toBe("refused");
    expect(shown(current())).toBe("supergraph 1, schema 1, a.cedar: a 1");
    writeFileSync(file, "supergraph 1");
    expect(await reload()).toBe("replaced");
    expect(shown(current())).toBe("supergraph 1, schema 1, a.cedar: a two");
  });

  test("a folder that is gone changes nothing, and is told of by its name", async () => {
    const { current, reload } = await keep();
    writeFileSync(file, "supergraph 2");
    rmSync(folder, { recursive: true });
    expect(await reload()).toBe("refused");
    expect(outcomes).toEqual([`refused: ${folder}: cannot be read (ENOENT)`]);
    expect(shown(current())).toBe("supergraph 1, schema 1, a.cedar: a 1");
    mkdirSync(folder);
    writeFileSync(join(folder, "policies.cedarschema"), "schema 1");
    writeFileSync(join(folder, "a.cedar"), "a two");
    expect(await reload()).toBe("replaced");
    expect(shown(current())).toBe("supergraph 2, schema 1, a.cedar: a two");
  });

  test("without policies, or without a supergraph, there is no first generation", async () => {
    unlinkSync(join(folder, "policies.cedarschema"));
    await expect(keep()).rejects.toThrow(`${folder}: cannot be read (ENOENT)`);
    rmSync(file);
    await expect(keep()).rejects.toMatchObject({ code: "ENOENT" });
  });
});
