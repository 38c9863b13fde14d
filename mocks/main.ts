/**
 * All the simulated systems in one process: each on its own port behind a proxy that can make it fail, with one
 * population, one clock, the development issuer and the control listener.
 */

import { adis } from "./cbp/adis.ts";
import { e3 } from "./cbp/e3.ts";
import { i94 } from "./cbp/i94.ts";
import { type ControlledSystem, listenControl } from "./control.ts";
import { isDay } from "./days.ts";
import { caseSystem } from "./eoir/case.ts";
import { type Fault, faultyProxy } from "./faults.ts";
import { eid } from "./ice/eid.ts";
import { startIssuer } from "./issuer/issuer.ts";
import { ident } from "./obim/ident.ts";
import { createClock, createWorld, DEFAULT_WORLD_NOW } from "./population/world.ts";
import { elis } from "./uscis/elis.ts";
import { global } from "./uscis/global.ts";
import {
  type Act,
  BadAct,
  type Clock,
  type Simulator,
  type SimulatorContext,
  type SystemName,
  UnknownAct,
  type World,
} from "./world.ts";

export const defaultPorts: Readonly<Record<SystemName | "issuer" | "control", number>> = {
  control: 4002,
  ident: 4201,
  adis: 4202,
  i94: 4203,
  e3: 4204,
  eid: 4205,
  global: 4206,
  elis: 4207,
  case: 4208,
  issuer: 4300,
};

export type MocksSettings = {
  readonly worldNow: string;
  readonly population: number;
  readonly seed: number;
  /** Ports by part; "free" takes free ones (tests). */
  readonly ports: Readonly<Record<SystemName | "issuer" | "control", number>> | "free";
  readonly host: string;
  /** Calls a second that Global and ELIS each take before they answer 429; null: no limit. */
  readonly uscisRateLimit?: number | null;
  /** URLs by name of the other parts that run beside these, for whoever asks the control listener. */
  readonly otherParts?: Readonly<Record<string, string>>;
  /** One line for each part as it comes up, and for long work in progress. */
  readonly progress: (line: string) => void;
};

export type Mocks = {
  readonly urls: Readonly<Record<SystemName | "issuer" | "control", string>>;
  readonly world: World;
  readonly clock: Clock;
  setFault(system: SystemName, fault: Fault): Promise<void>;
  act(system: SystemName, act: Act): Promise<unknown>;
  close(): Promise<void>;
};

function simulatorsOf({
  uscisRateLimit = null,
}: MocksSettings): Readonly<Record<SystemName, (context: SimulatorContext) => Simulator>> {
  const limit = uscisRateLimit === null ? {} : { rateLimitPerSecond: uscisRateLimit };
  return {
    ident,
    adis,
    i94,
    e3,
    eid,
    global: (context) => global(context, limit),
    elis: (context) => elis(context, limit),
    case: caseSystem,
  };
}

/** Starts everything; what had started is closed again when one part fails. */
export async function startMocks(settings: MocksSettings): Promise<Mocks> {
  const { population, seed, worldNow, host, progress } = settings;
  const world = createWorld({ size: population, seed, worldNow });
  const clock = createClock(worldNow);
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  const portOf = (part: keyof typeof defaultPorts) => (settings.ports === "free" ? 0 : settings.ports[part]);
  try {
    const starts = Object.entries(simulatorsOf(settings)).map(async ([name, simulator]) => {
      const system = name as SystemName;
      const running = await startSystem(simulator, { world, clock, progress, host, port: portOf(system) });
      closers.push(running.close);
      progress(`${system.padEnd(8)} ${running.url}`);
      return running;
    });
    const settled = await Promise.allSettled(starts);
    const failed = settled.find(({ status }) => status === "rejected");
    if (failed?.status === "rejected") throw failed.reason;
    const systems = await Promise.all(starts);
    const issuer = await startIssuer({ port: portOf("issuer"), host });
    closers.push(issuer.close);
    const issuerPart = { name: "issuer", url: `http://127.0.0.1:${issuer.port}`, port: issuer.port };
    const others = Object.entries(settings.otherParts ?? {}).map(([name, url]) => ({
      name,
      url,
      port: Number(new URL(url).port),
    }));
    const control = await listenControl({
      systems,
      parts: [issuerPart, ...others],
      clock,
      port: portOf("control"),
      host,
    });
    closers.push(control.close);
    const named = (system: SystemName) => systems.find((each) => each.system === system) as RunningSystem;
    return {
      urls: {
        ...(Object.fromEntries(systems.map(({ system, url }) => [system, url])) as Record<SystemName, string>),
        issuer: issuerPart.url,
        control: `http://127.0.0.1:${control.port}`,
      },
      world,
      clock,
      setFault: (system, fault) => named(system).setFault(fault),
      act: (system, act) => named(system).act(act),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

type RunningSystem = ControlledSystem & { close(): Promise<void> };

type SystemSettings = {
  readonly world: World;
  readonly clock: Clock;
  readonly progress: (line: string) => void;
  readonly host: string;
  readonly port: number;
};

async function startSystem(
  simulator: (context: SimulatorContext) => Simulator,
  { world, clock, progress, host, port }: SystemSettings,
): Promise<RunningSystem> {
  const view = freezableClock(clock);
  const { system, agency, protocol, acts, ...simulated } = simulator({ world, clock: view, progress });
  const upstream = await simulated.start();
  const proxy = await faultyProxy({ protocol, upstreamPort: upstream.port, port, host }).catch(async (error) => {
    await upstream.close();
    throw error;
  });
  let fault: Fault = { kind: "none" };
  // Acts on a stopped system wait, and happen when it moves on again.
  const waiting: Act[] = [];
  return {
    system,
    agency,
    protocol,
    acts,
    port: proxy.port,
    url: atPort(upstream.url ?? `${protocol}://127.0.0.1`, proxy.port),
    fault: () => fault,
    async setFault(next) {
      fault = next;
      proxy.set(next);
      view.freeze(next.kind === "stale");
      if (next.kind === "stale") return;
      for (const act of waiting.splice(0))
        await simulated.act(act).catch((error: unknown) => {
          if (!(error instanceof BadAct || error instanceof UnknownAct)) throw error;
          // Who asked was told that it waits; the others that wait must still happen.
          progress(`${system.padEnd(8)} ${act.act}, which waited, could not be done: ${error.message}`);
        });
    },
    async act(act) {
      if (fault.kind !== "stale") return simulated.act(act);
      waiting.push(act);
      return { waiting: "until the system moves on again" };
    },
    async close() {
      await proxy.close();
      await upstream.close();
    },
  };
}

function atPort(url: string, port: number): string {
  const { protocol, username, password, hostname, pathname, search } = new URL(url);
  const credentials = username === "" ? "" : `${username}:${password}@`;
  return `${protocol}//${credentials}${hostname}:${port}${pathname === "/" ? "" : pathname}${search}`;
}

/** A system's own view of the clock, which stops while the system does. */
function freezableClock(clock: Clock): SimulatorContext["clock"] & { freeze(frozen: boolean): void } {
  let frozenAt: string | null = null;
  const listeners: (() => void)[] = [];
  clock.onChange(() => {
    if (frozenAt === null) for (const listener of listeners) listener();
  });
  return {
    now: () => frozenAt ?? clock.now(),
    onChange: (listener) => void listeners.push(listener),
    freeze(frozen) {
      if (frozen === (frozenAt !== null)) return;
      frozenAt = frozen ? clock.now() : null;
      if (!frozen) for (const listener of listeners) listener();
    },
  };
}

/** Settings from the environment; throws a line that says what to set. */
export function readMocksSettings(env: Readonly<Record<string, string | undefined>>): MocksSettings {
  if (env.CROSSWALK_ENV === "production")
    throw new Error("the simulated systems are for development; unset CROSSWALK_ENV=production to run them");
  const wholeNumber = (name: string, fallback: number, from: number, to: number): number => {
    const value = Number(env[name] ?? fallback);
    if (Number.isInteger(value) && value >= from && value <= to) return value;
    throw new Error(`${name} must be a whole number from ${from} to ${to}`);
  };
  const worldNow = env.WORLD_NOW ?? DEFAULT_WORLD_NOW;
  const isInstant = /^.{10}T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ$/.test(worldNow) && isDay(worldNow.slice(0, 10));
  if (!isInstant) throw new Error(`WORLD_NOW must be an instant such as ${DEFAULT_WORLD_NOW}`);
  const ports = Object.entries(defaultPorts).map(([part, port]) => [
    part,
    wholeNumber(`${part.toUpperCase()}_PORT`, port, 0, 65_535),
  ]);
  return {
    worldNow,
    population: wholeNumber("POPULATION", 2_000, 64, 10_000_000),
    seed: wholeNumber("POPULATION_SEED", 1, 0, 2 ** 31),
    ports: Object.fromEntries(ports),
    host: env.HOST ?? "127.0.0.1",
    uscisRateLimit: env.USCIS_RATE_LIMIT === undefined ? null : wholeNumber("USCIS_RATE_LIMIT", 5, 1, 10_000),
    otherParts: JSON.parse(env.CROSSWALK_PARTS ?? "{}"),
    progress: (line) => console.log(line),
  };
}

async function main(): Promise<void> {
  let mocks: Mocks | null = null;
  let stopping = false;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    // Half started, there is nothing to finish; what was spawned ends with this process.
    if (mocks === null) process.exit(0);
    mocks.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on("SIGTERM", stop);
  // Ctrl-C reaches a whole group of processes; whoever started this one says when it is its turn.
  process.on("SIGINT", () => process.connected || stop());
  process.on("disconnect", stop);
  let ports: MocksSettings["ports"] = defaultPorts;
  try {
    const settings = readMocksSettings(process.env);
    ports = settings.ports;
    mocks = await startMocks(settings);
    console.log(`issuer   ${mocks.urls.issuer}`);
    console.log(`control  ${mocks.urls.control}`);
    console.log("ready    the simulated systems");
  } catch (error) {
    const { code, port, message } = error as { code?: string; port?: number; message: string };
    const part = Object.entries(ports).find(([, each]) => each === port)?.[0] ?? "";
    console.error(
      code === "EADDRINUSE"
        ? `port ${port} is in use; free it, or set ${part.toUpperCase()}_PORT to another`
        : `the simulated systems could not start: ${message}`,
    );
    process.exit(1);
  }
}

if (import.meta.main) void main();
