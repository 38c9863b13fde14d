/**
 * The control listener, for development and tests only: which systems there are, making one fail, making a change
 * happen in one, and setting the world's clock.
 */
import { isDay } from "./days.ts";
import { type Fault, faultKinds } from "./faults.ts";
import { type HttpAnswer, type HttpListener, type HttpRequest, json, listenHttp } from "./http.ts";
import { type Act, type AgencyName, BadAct, type Clock, type SystemName, UnknownAct } from "./world.ts";

/** One running system as the control listener sees it. */
export type ControlledSystem = {
  readonly system: SystemName;
  readonly agency: AgencyName;
  readonly protocol: string;
  readonly url: string;
  readonly port: number;
  readonly acts: readonly string[];
  fault(): Fault;
  setFault(fault: Fault): Promise<void>;
  act(act: Act): Promise<unknown>;
};

export type ControlSettings = {
  readonly systems: readonly ControlledSystem[];
  /** Every other part of what runs here: issuer, subgraphs, gateway. */
  readonly parts: readonly { readonly name: string; readonly url: string; readonly port: number }[];
  readonly clock: Clock;
  readonly port: number;
  readonly host: string;
};

class Refusal extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const usage = {
  "GET /systems": "every part, its port and its fault",
  "PUT /systems/<system or agency>/fault": { kind: faultKinds.join(" | "), ms: "for slow", rate: "share, 0 to 1" },
  "POST /systems/<system or agency>/do": { act: "see GET /systems", aNumber: "whose record" },
  "PUT /clock": { now: "2026-10-20T09:00:00Z" },
};

/** Listens until closed. Every refusal is JSON `{ error }` that says what is accepted. */
export function listenControl(settings: ControlSettings): Promise<HttpListener> {
  return listenHttp(
    async (request) => {
      try {
        return await answer(settings, request);
      } catch (error) {
        if (error instanceof Refusal) return json(error.status, { error: error.message });
        if (error instanceof UnknownAct || error instanceof BadAct) return json(400, { error: error.message });
        throw error;
      }
    },
    { port: settings.port, host: settings.host },
  );
}

async function answer({ systems, parts, clock }: ControlSettings, request: HttpRequest): Promise<HttpAnswer> {
  const [, resource, name, action] = request.path.split("/");
  const route = `${request.method} /${[resource, name && "*", action].filter(Boolean).join("/")}`;
  switch (route) {
    case "GET /":
      return json(200, usage);
    case "GET /systems":
      return json(200, { now: clock.now(), systems: systems.map(describe), parts });
    case "GET /clock":
      return json(200, { now: clock.now() });
    case "PUT /clock":
      clock.set(parseNow(readBody(request)));
      return json(200, { now: clock.now() });
    case "PUT /systems/*/fault": {
      const fault = parseFault(readBody(request));
      const named = find(systems, name as string);
      for (const system of named) await system.setFault(fault);
      return json(200, named.map(describe));
    }
    case "POST /systems/*/do": {
      const body = readBody(request);
      const named = find(systems, name as string);
      const able = named.find(({ acts }) => acts.includes(String(body.act)));
      if (able === undefined)
        throw new UnknownAct(
          name as SystemName,
          named.flatMap(({ acts }) => acts),
        );
      return json(200, { system: able.system, done: await able.act(parseAct(body)) });
    }
    default:
      throw new Refusal(404, `no such thing here; there is ${Object.keys(usage).join(", ")}`);
  }
}

function describe(system: ControlledSystem) {
  const { system: name, agency, protocol, url, port, acts } = system;
  return { system: name, agency, protocol, url, port, fault: system.fault(), acts };
}

function find(systems: readonly ControlledSystem[], name: string): readonly ControlledSystem[] {
  const asked = name.toLowerCase();
  const named = systems.filter(({ system, agency }) => system === asked || agency === asked);
  if (named.length > 0) return named;
  throw new Refusal(404, `no such system; there are ${systems.map(({ system }) => system).join(", ")}`);
}

function readBody({ body }: HttpRequest): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(body.toString("utf8"));
  } catch {
    throw new Refusal(400, "the body must be JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Refusal(400, "the body must be a JSON object");
  return value as Record<string, unknown>;
}

function parseFault({ kind, ms, rate }: Record<string, unknown>): Fault {
  const known = faultKinds.find((each) => each === kind);
  if (known === undefined) throw new Refusal(400, `kind must be one of ${faultKinds.join(", ")}`);
  if (ms !== undefined && !(typeof ms === "number" && ms >= 0 && ms <= 600_000))
    throw new Refusal(400, "ms must be a number of milliseconds from 0 to 600000");
  if (rate !== undefined && !(typeof rate === "number" && rate > 0 && rate <= 1))
    throw new Refusal(400, "rate must be a share above 0 and up to 1");
  return { kind: known, ...(ms === undefined ? {} : { ms }), ...(rate === undefined ? {} : { rate }) };
}

function parseAct({ act, aNumber, ...rest }: Record<string, unknown>): Act {
  const digits = typeof aNumber === "string" ? /^A?(\d{7,9})$/.exec(aNumber.replace(/[\s-]/g, ""))?.[1] : undefined;
  if (digits === undefined) throw new Refusal(400, "aNumber must be a string of 7 to 9 digits");
  return { ...rest, act: String(act), aNumber: digits.padStart(9, "0") };
}

function parseNow({ now }: Record<string, unknown>): string {
  const isInstant = typeof now === "string" && isDay(now.slice(0, 10)) && /^.{10}(T[\d:.]+Z)?$/.test(now);
  const at = isInstant ? Date.parse(now) : Number.NaN;
  if (Number.isNaN(at)) throw new Refusal(400, "now must be an instant such as 2026-10-20T09:00:00Z");
  return new Date(at).toISOString().replace(/\.\d{3}Z$/, "Z");
}
