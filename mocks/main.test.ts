import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type Mocks, readMocksSettings, startMocks } from "./main.ts";
import { scenarios } from "./population/scenarios.ts";
import { DEFAULT_WORLD_NOW } from "./population/world.ts";

let mocks: Mocks;
const said: string[] = [];
beforeAll(async () => {
  const settings = readMocksSettings({ POPULATION: "64", WORLD_NOW: DEFAULT_WORLD_NOW });
  mocks = await startMocks({ ...settings, ports: "free", progress: (line) => said.push(line) });
}, 60_000);
afterAll(() => mocks.close());

async function control(method: string, path: string, body: unknown) {
  const answer = await fetch(`${mocks.urls.control}${path}`, { method, body: JSON.stringify(body) });
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
}

test("of the acts that waited for a stopped system, one that cannot be done does not take the others with it", async () => {
  const aNumber = scenarios.find(({ id }) => id === "S4")?.identifiers.aNumber as string;
  await control("PUT", "/systems/case/fault", { kind: "stale" });
  const act = (name: string) => control("POST", "/systems/case/do", { act: name, aNumber });
  for (const name of ["decide-motion", "schedule-hearing"])
    expect((await act(name)).body.done).toEqual({ waiting: "until the system moves on again" });
  expect(await control("PUT", "/systems/case/fault", { kind: "none" })).toMatchObject({ status: 200 });
  const [person] = mocks.world.find("aNumber", aNumber);
  expect(person?.cases[0]?.proceedings.at(-1)?.schedule.at(-1)?.date).toBe("2026-11-02");
  expect(said).toContainEqual(expect.stringContaining("decide-motion, which waited, could not be done"));
});

test("a start at an instant that the calendar lacks is refused", () =>
  expect(() => readMocksSettings({ WORLD_NOW: "2026-02-31T00:00:00Z" })).toThrow("WORLD_NOW must be an instant"));

test.each([
  ["PUT", "/clock", { now: "2026-02-31" }],
  ["PUT", "/clock", { now: "2026-02-30T09:00:00Z" }],
  ["POST", "/systems/case/do", { act: "schedule-hearing", aNumber: "037182818", date: "2026-02-31" }],
  ["POST", "/systems/eid/do", { act: "schedule-removal", aNumber: "037182818", at: "2026-02-31" }],
  ["POST", "/systems/eid/do", { act: "schedule-removal", aNumber: "037182818", at: "2026-02-28T25:00:00Z" }],
])("a day that the calendar lacks is refused: %s %s %j", async (method, path, body) => {
  expect(await control(method, path, body)).toMatchObject({ status: 400, body: { error: expect.any(String) } });
});
