import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { type ControlledSystem, listenControl } from "./control.ts";
import type { Fault } from "./faults.ts";
import type { HttpListener } from "./http.ts";
import { createClock } from "./population/world.ts";
import type { Act } from "./world.ts";

let control: HttpListener;
const done: Act[] = [];
const clock = createClock("2026-10-19T14:00:00Z");

beforeAll(async () => {
  const system = (name: ControlledSystem["system"], acts: readonly string[]): ControlledSystem => {
    let fault: Fault = { kind: "none" };
    return {
      system: name,
      agency: "cbp",
      protocol: "http",
      url: "http://127.0.0.1:1",
      port: 1,
      acts,
      fault: () => fault,
      setFault: async (next) => {
        fault = next;
      },
      act: async (act) => done.push(act),
    };
  };
  const systems = [system("adis", ["record-departure"]), system("e3", ["new-apprehension"])];
  control = await listenControl({ systems, parts: [], clock, port: 0, host: "127.0.0.1" });
});
afterAll(() => control.close());

async function send(method: string, path: string, body?: unknown) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  const init = { method, ...(text === undefined ? {} : { body: text }) };
  const response = await fetch(`http://127.0.0.1:${control.port}${path}`, init);
  return { status: response.status, body: (await response.json()) as { error?: string } & Record<string, unknown> };
}

test("a fault of an agency is that of all its systems, in capitals or not", async () => {
  expect((await send("PUT", "/systems/CBP/fault", { kind: "slow", ms: 5 })).status).toBe(200);
  const { systems } = (await send("GET", "/systems")).body as unknown as { systems: { fault: Fault }[] };
  expect(systems.map(({ fault }) => fault)).toEqual([
    { kind: "slow", ms: 5 },
    { kind: "slow", ms: 5 },
  ]);
});

test("an act asked of an agency goes to the system that knows it, with the A-number as nine digits", async () => {
  const act = { act: "new-apprehension", aNumber: "A12-345-678", sector: "El Paso" };
  expect(await send("POST", "/systems/cbp/do", act)).toMatchObject({ status: 200, body: { system: "e3" } });
  expect(done).toEqual([{ act: "new-apprehension", aNumber: "012345678", sector: "El Paso" }]);
});

test.each<[string, string, unknown, number, string]>([
  ["PUT", "/systems/adis/fault", { kind: "gone" }, 400, "kind must be one of down"],
  ["PUT", "/systems/adis/fault", { kind: "slow", ms: -1 }, 400, "ms must be"],
  ["PUT", "/systems/adis/fault", { kind: "down", rate: 0 }, 400, "rate must be"],
  ["PUT", "/systems/adis/fault", "nonsense", 400, "must be JSON"],
  ["PUT", "/systems/adis/fault", [], 400, "JSON object"],
  ["PUT", "/systems/nobody/fault", { kind: "down" }, 404, "there are adis, e3"],
  ["POST", "/systems/adis/do", { act: "decide" }, 400, "knows these acts: record-departure"],
  ["POST", "/systems/adis/do", {}, 400, "knows these acts: record-departure"],
  ["POST", "/systems/adis/do", { act: "record-departure", aNumber: "12" }, 400, "7 to 9 digits"],
  ["PUT", "/clock", { now: "yesterday" }, 400, "now must be an instant"],
  ["PUT", "/clock", { now: "2026-02-31" }, 400, "now must be an instant"],
  ["DELETE", "/systems", undefined, 404, "GET /systems"],
])("%s %s with %j is refused with what is accepted", async (method, path, body, status, says) => {
  const answer = await send(method, path, body);
  expect([answer.status, answer.body.error]).toEqual([status, expect.stringContaining(says)]);
});

test("the clock is where it was set", async () => {
  expect((await send("PUT", "/clock", { now: "2026-10-20" })).body).toEqual({ now: "2026-10-20T00:00:00Z" });
  expect(clock.now()).toBe("2026-10-20T00:00:00Z");
});
