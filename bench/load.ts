/**
 * The load: a process of its own that keeps a number of connections busy, one request after the other on each, and
 * checks every answer while it counts. Raw sockets: what it costs itself is to be small beside any gateway.
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { isDeepStrictEqual } from "node:util";
import { contentLength, readChunks } from "./http-reader.ts";

export type LoadRequest = {
  /** The whole body. */
  readonly body: string;
  /** What the answer's `data` must be. */
  readonly expected: unknown;
};

export type LoadRun = {
  readonly port: number;
  readonly requests: readonly LoadRequest[];
  /** One good answer's bytes per request, where known: an answer with these bytes needs no second look. */
  readonly knownGood: readonly string[];
  readonly connections: number;
  /** Each connection asks for what no other one asks for: the nth for the nth request and every `connections`th after it. */
  readonly ownRequests: boolean;
  /** Sent with every request, beside those that all have; `{connection}` becomes the connection's number. */
  readonly headers: Readonly<Record<string, string>>;
  /** Not counted: connections open, and what was idle wakes. */
  readonly settleMs: number;
  readonly windowMs: number;
  readonly gatewayPid: number;
  readonly stubPid: number;
};

export type LoadResult = {
  readonly answers: number;
  /** Every answer of the run, outside the window too. */
  readonly requestsSeen: number;
  /** Not what was expected, or no answer at all. */
  readonly wrong: number;
  readonly firstWrong: string | null;
  readonly windowMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly gatewayCpuMs: number;
  readonly stubCpuMs: number;
  readonly loadCpuMs: number;
  /** Share of the window in which each core did anything at all, for anybody. */
  readonly coreBusy: readonly number[];
};

const host = "127.0.0.1";
const tickMs = 10;
const drainMs = 5000;

/** CPU time of a process with all its threads, dead ones included. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * tickMs;
}

function coreTimes(): readonly { readonly busy: number; readonly all: number }[] {
  return readFileSync("/proc/stat", "latin1")
    .split("\n")
    .filter((line) => /^cpu\d/.test(line))
    .map((line) => {
      const times = line.split(/\s+/).slice(1, 9).map(Number);
      const all = times.reduce((sum, each) => sum + each, 0);
      return { busy: all - (times[3] as number) - (times[4] as number), all };
    });
}

const takenAt = ({ gatewayPid, stubPid }: LoadRun) => {
  const { user, system } = process.cpuUsage();
  return {
    at: performance.now(),
    gateway: cpuMs(gatewayPid),
    stub: cpuMs(stubPid),
    load: (user + system) / 1000,
    cores: coreTimes(),
  };
};

/** What stands before `extensions`: how fresh the sources are may differ from one answer to the next. */
function toldIn(answer: Buffer): Buffer {
  const at = answer.lastIndexOf(',"extensions":');
  return at === -1 ? answer : answer.subarray(0, at);
}

/** Says whether an answer is right; remembers the bytes of right ones. */
function judge({ requests, knownGood }: Pick<LoadRun, "requests" | "knownGood">) {
  const good = requests.map((_, index) => (knownGood[index] === undefined ? [] : [Buffer.from(knownGood[index])]));
  return {
    candidate: (index: number, length: number) => good[index]?.find((each) => each.length === length) ?? null,
    /** For bytes that are not a candidate's: another known answer, or one that says the same in another order. */
    isRight(index: number, body: Buffer): boolean {
      const known = good[index] as Buffer[];
      const told = toldIn(body);
      if (known.some((each) => toldIn(each).equals(told))) return true;
      try {
        const { data, errors } = JSON.parse(body.toString()) as { data?: unknown; errors?: unknown };
        if (errors !== undefined || !isDeepStrictEqual(data, requests[index]?.expected)) return false;
      } catch {
        return false;
      }
      if (known.length < 8) known.push(Buffer.from(body));
      return true;
    },
  };
}

type OnAnswer = (index: number, isRight: boolean, startedAt: number, body: () => string) => void;

type Connection = {
  readonly port: number;
  /** A request as it goes over the wire. */
  readonly written: (index: number) => Buffer;
  readonly judged: ReturnType<typeof judge>;
  readonly next: () => number | null;
  readonly onAnswer: OnAnswer;
};

type Open = { readonly idle: Promise<void>; close(): void };

/** One connection, kept busy with whatever request is next until `next` gives none. */
function openConnection({ port, written, judged, next, onAnswer }: Connection): Open {
  const { candidate, isRight } = judged;
  let index = 0;
  let startedAt = 0;
  let isWaiting = false;
  // Of the answer that is coming in: what is still to come, which good answer it has equalled so far, and how far.
  let remaining = -1;
  let equal: Buffer | null = null;
  let offset = 0;
  let collected: Buffer[] = [];
  let status = "";
  let socket: Socket;
  let reopening: NodeJS.Timeout | undefined;
  let becomeIdle = () => {};
  const idle = new Promise<void>((resolve) => {
    becomeIdle = resolve;
  });

  const ask = () => {
    const following = next();
    isWaiting = following !== null;
    if (following === null) {
      socket.destroy();
      return becomeIdle();
    }
    index = following;
    startedAt = performance.now();
    socket.write(written(index));
  };

  const finish = (right: boolean, body: () => string) => {
    remaining = -1;
    collected = [];
    onAnswer(index, right && status === "200", startedAt, body);
    ask();
  };

  const takeBody = (bytes: Buffer) => {
    remaining -= bytes.length;
    if (equal !== null) {
      if (equal.compare(bytes, 0, bytes.length, offset, offset + bytes.length) === 0) {
        offset += bytes.length;
        if (remaining === 0) finish(true, () => "");
        return;
      }
      collected = [Buffer.from(equal.subarray(0, offset))];
      equal = null;
    }
    collected.push(Buffer.from(bytes));
    if (remaining > 0) return;
    const body = Buffer.concat(collected);
    finish(isRight(index, body), () => body.toString());
  };

  /** Until its head is whole, and for a chunked one to its end, an answer is kept as it comes. */
  const takeWhole = (bytes: Buffer) => {
    const all = collected.length === 0 ? bytes : Buffer.concat([...collected, bytes]);
    const headTo = all.indexOf("\r\n\r\n", 0, "latin1");
    const head = headTo === -1 ? "" : all.toString("latin1", 0, headTo);
    status = head.slice(9, 12);
    const length = headTo === -1 ? null : contentLength(head);
    if (length === null) {
      const chunked = headTo === -1 ? null : readChunks(all, headTo + 4);
      if (chunked === null) collected.push(Buffer.from(bytes));
      else finish(isRight(index, chunked.body), () => chunked.body.toString());
      return;
    }
    collected = [];
    remaining = length;
    equal = candidate(index, length);
    offset = 0;
    if (all.length > headTo + 4 || length === 0) takeBody(all.subarray(headTo + 4));
  };

  const onread = {
    buffer: Buffer.allocUnsafe(256 * 1024),
    callback: (size: number, bytes: Uint8Array) => {
      const chunk = (bytes as Buffer).subarray(0, size);
      if (remaining === -1) takeWhole(chunk);
      else takeBody(chunk);
      return true;
    },
  };
  const open = () => {
    socket = connect({ port, host, onread, noDelay: true }, ask);
    let failure = "closed";
    socket.on("error", (error) => {
      failure = error.message;
    });
    socket.on("close", () => {
      if (!isWaiting) return;
      remaining = -1;
      collected = [];
      onAnswer(index, false, startedAt, () => `(no answer: ${failure})`);
      reopening = setTimeout(open, 20);
    });
  };
  open();
  const close = () => {
    isWaiting = false;
    clearTimeout(reopening);
    socket.destroy();
    becomeIdle();
  };
  return { idle, close };
}

const percentile = (sorted: Float64Array, share: number): number =>
  sorted.length === 0 ? Number.NaN : (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] as number);

/** Drives one run; what was asked is waited for before it resolves. */
export async function load(run: LoadRun): Promise<LoadResult> {
  const bodies = run.requests.map(({ body }) => Buffer.from(body));
  /** Made when first asked: not every connection asks for everything. */
  const written = (connection: number): ((index: number) => Buffer) => {
    const made: Buffer[] = [];
    const make = (bytes: Buffer): Buffer => {
      const own = Object.entries(run.headers)
        .map(([name, value]) => `${name}: ${value.replace("{connection}", String(connection))}\r\n`)
        .join("");
      const head = `POST /graphql HTTP/1.1\r\nhost: ${host}:${run.port}\r\ncontent-type: application/json\r\naccept: application/json\r\n${own}content-length: ${bytes.length}\r\n\r\n`;
      return Buffer.concat([Buffer.from(head), bytes]);
    };
    return (index) => {
      made[index] ??= make(bodies[index] as Buffer);
      return made[index];
    };
  };
  const latenciesMs: number[] = [];
  let [isCounting, isOver, seen, wrong] = [false, false, 0, 0];
  let firstWrong: string | null = null;
  let together = 0;
  const nextOf = (connection: number) => {
    if (!run.ownRequests) return () => (isOver ? null : together++ % run.requests.length);
    let own = connection;
    return () => {
      const index = own;
      own = own + run.connections < run.requests.length ? own + run.connections : connection;
      return isOver ? null : index;
    };
  };
  if (run.ownRequests && run.requests.length < run.connections) throw new Error("fewer requests than connections");
  const onAnswer: OnAnswer = (index, isRight, startedAt, body) => {
    seen += 1;
    if (!isRight) {
      wrong += 1;
      firstWrong ??= `${run.requests[index]?.body.slice(0, 300)} → ${body().slice(0, 500)}`;
    } else if (isCounting) latenciesMs.push(performance.now() - startedAt);
  };
  const judged = judge(run);
  const opened = Array.from({ length: run.connections }, (_, connection) =>
    openConnection({ port: run.port, written: written(connection), judged, next: nextOf(connection), onAnswer }),
  );
  await new Promise((resolve) => setTimeout(resolve, run.settleMs));
  const before = takenAt(run);
  isCounting = true;
  await new Promise((resolve) => setTimeout(resolve, run.windowMs));
  isCounting = false;
  const after = takenAt(run);
  isOver = true;
  // What was asked is waited for: nobody's unfinished work may fall into the next one's window.
  const patience = setTimeout(() => {
    for (const { close } of opened) close();
  }, drainMs);
  await Promise.all(opened.map(({ idle }) => idle));
  clearTimeout(patience);
  const sorted = Float64Array.from(latenciesMs).sort();
  return {
    answers: sorted.length,
    requestsSeen: seen,
    wrong,
    firstWrong,
    windowMs: after.at - before.at,
    p50Ms: percentile(sorted, 0.5),
    p99Ms: percentile(sorted, 0.99),
    gatewayCpuMs: after.gateway - before.gateway,
    stubCpuMs: after.stub - before.stub,
    loadCpuMs: after.load - before.load,
    coreBusy: after.cores.map(({ busy, all }, core) => {
      const was = before.cores[core] ?? { busy: 0, all: 0 };
      return (busy - was.busy) / Math.max(1, all - was.all);
    }),
  };
}

if (import.meta.main) {
  process.on("message", (run: LoadRun) => {
    load(run).then(
      (result) => process.send?.(result),
      (error: unknown) => {
        console.error(`load: ${String(error)}`);
        process.exit(1);
      },
    );
  });
  process.once("disconnect", () => process.exit(0));
  process.on("SIGINT", () => undefined);
}
