/**
 * One function per thing that happens: its log line and its metric are written together, so they cannot drift.
 *
 * INVARIANT: lines are built from an allow-list. No value, token, variable, document or address of a person is in it.
 */
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import type { ErrorCode } from "./errors.ts";

export type AnsweredRequest = {
  readonly requestId: string;
  readonly status: number;
  readonly codes: readonly ErrorCode[];
  readonly durationMs: number;
  /** As the client named it; logged only when it is a plain name. */
  readonly operation?: string | null;
  /** Of the caller. */
  readonly agency?: string | null;
  readonly purpose?: string | null;
};

export type Telemetry = {
  requestAnswered(answered: AnsweredRequest): void;
  subgraphAsked(asked: {
    readonly subgraph: string;
    readonly outcome: "answered" | ErrorCode;
    readonly durationMs: number;
  }): void;
  supergraphReplaced(id: string): void;
  supergraphRefused(reason: unknown): void;
  protectionOff(name: string): void;
  /** A fault of ours: where it was thrown, never what it said. */
  faultCaught(error: unknown): void;
  /** In the Prometheus text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
};

export type WriteLine = (line: string) => void;

export function openTelemetry(write: WriteLine): Telemetry {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
    name: "crosswalk_requests_total",
    help: "Requests answered on /graphql, by HTTP status and the first error's code",
    labelNames: ["status", "code"],
    registers,
  });
  const durations = new Histogram({
    name: "crosswalk_operation_duration_seconds",
    help: "From the request's last header to the answer's last byte",
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const fetches = new Histogram({
    name: "crosswalk_subgraph_fetch_duration_seconds",
    help: "Requests to subgraphs, by outcome",
    labelNames: ["subgraph", "outcome"],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers,
  });
  const reloads = new Counter({
    name: "crosswalk_supergraph_reloads_total",
    help: "Supergraphs seen after the first one",
    labelNames: ["outcome"],
    registers,
  });
  const line = (event: string, members: Readonly<Record<string, unknown>>) =>
    write(JSON.stringify({ time: new Date().toISOString(), event, ...members }));

  return {
    requestAnswered({ requestId, status, codes, durationMs, operation, agency, purpose }) {
      requests.inc({ status: String(status), code: codes[0] ?? "none" });
      durations.observe(durationMs / 1000);
      line("request", {
        requestId,
        status,
        durationMs: Math.round(durationMs * 10) / 10,
        ...(codes.length > 0 ? { codes: [...new Set(codes)] } : {}),
        ...(operation && isPlainName(operation) ? { operation } : {}),
        ...(agency ? { agency } : {}),
        ...(purpose ? { purpose } : {}),
      });
    },
    subgraphAsked({ subgraph, outcome, durationMs }) {
      fetches.observe({ subgraph, outcome }, durationMs / 1000);
    },
    supergraphReplaced(id) {
      reloads.inc({ outcome: "replaced" });
      line("supergraph-replaced", { supergraph: id });
    },
    supergraphRefused(reason) {
      reloads.inc({ outcome: "refused" });
      line("supergraph-refused", { reason: firstLine(reason), remedy: "the last good supergraph stays in use" });
    },
    protectionOff(name) {
      line("protection-off", { protection: name, remedy: "take it out of GATEWAY_INSECURE" });
    },
    faultCaught(error) {
      line("fault", { at: framesOf(error) });
    },
    async metrics() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}

/** Letters, digits and underscores, as GraphQL names are; anything longer may be a value in disguise. */
function isPlainName(text: string): boolean {
  return /^[A-Za-z_]\w{0,63}$/.test(text) && !/\d{6}/.test(text);
}

/** A supergraph is configuration: what is wrong with it may be said, in one line. */
export function firstLine(reason: unknown): string {
  const { message } = (reason ?? {}) as { message?: unknown };
  return (
    String(message ?? reason)
      .split("\n")[0]
      ?.slice(0, 300) ?? ""
  );
}

function framesOf(error: unknown): readonly string[] {
  const { stack, cause } = (error ?? {}) as { stack?: unknown; cause?: unknown };
  const frames = String(stack ?? "")
    .split("\n")
    .filter((each) => /^\s+at /.test(each))
    .slice(0, 6)
    .map((each) => each.trim());
  return cause === undefined ? frames : [...frames, "caused by", ...framesOf(cause)];
}
