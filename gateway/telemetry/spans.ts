/**
 * Spans of what happens to an operation, through OpenTelemetry's API alone. Where no SDK is registered when the gateway
 * starts (`node --import`), a stage is its function called, and nothing else.
 *
 * INVARIANT: attributes come from an allow-list. No value, variable, document or text of a subgraph is in a span; an
 * error is its code, or that there was one.
 */
import {
  context,
  isSpanContextValid,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { type ErrorCode, errorTable } from "../errors.ts";
import { isPlainName } from "./names.ts";

export type StageName = "operation" | "prepare" | "plan" | "execute" | "project" | "fetch";

/** What a span may say of its stage; anything else does not get in. */
export type StageFacts = {
  /** As the client named it; shown only when it is a plain name. */
  readonly operation?: string | null;
  readonly kind?: "query" | "mutation" | "subscription";
  readonly subgraph?: string;
  readonly code?: ErrorCode | null;
  readonly purpose?: string | null;
  readonly cache?: "hit" | "miss";
  readonly entities?: number;
  readonly fetches?: number;
  readonly errors?: number;
  readonly bytes?: number;
};

let tracer: ReturnType<typeof trace.getTracer> | null = null;

/** Looks whether an SDK is registered. Called when the gateway starts; what is registered later is not seen. */
export function detectTracing(): boolean {
  const candidate = trace.getTracer("crosswalk-gateway");
  // Without an SDK every span has the same, invalid, context. This one is never ended and so never leaves.
  const probe = candidate.startSpan("probe", { root: true });
  tracer = isSpanContextValid(probe.spanContext()) ? candidate : null;
  return tracer !== null;
}

/** Runs a stage that gives its value at once. Whatever it throws passes through. */
export function stageNow<Value>(name: StageName, facts: StageFacts | null, run: () => Value): Value {
  if (tracer === null) return run();
  return tracer.startActiveSpan(name, { kind: kindOf(name) }, (span) => {
    try {
      if (facts) describe(span, facts);
      return run();
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Runs a stage that gives its value later. Whatever it rejects with passes through. */
export function stage<Value>(name: StageName, facts: StageFacts | null, run: () => Promise<Value>): Promise<Value> {
  if (tracer === null) return run();
  return tracer.startActiveSpan(name, { kind: kindOf(name) }, async (span) => {
    try {
      if (facts) describe(span, facts);
      return await run();
    } catch (error) {
      failed(span, error);
      throw error;
    } finally {
      span.end();
    }
  });
}

/** Says more of the stage that is running. */
export function describeStage(facts: StageFacts): void {
  if (tracer === null) return;
  const span = trace.getActiveSpan();
  if (span) describe(span, facts);
}

/** The header that ties a subgraph's spans to the fetch that is running; null where nothing is traced. */
export function traceParent(): string | null {
  if (tracer === null) return null;
  const carrier: { traceparent?: unknown } = {};
  propagation.inject(context.active(), carrier);
  const { traceparent } = carrier;
  return typeof traceparent === "string" && /^[0-9a-f-]{55}$/.test(traceparent) ? traceparent : null;
}

function kindOf(name: StageName): SpanKind {
  if (name === "fetch") return SpanKind.CLIENT;
  return name === "operation" ? SpanKind.SERVER : SpanKind.INTERNAL;
}

function describe(span: Span, facts: StageFacts): void {
  const { operation, kind, subgraph, code, purpose, cache } = facts;
  if (operation && isPlainName(operation)) span.setAttribute("graphql.operation.name", operation);
  if (kind === "query" || kind === "mutation") span.setAttribute("graphql.operation.type", kind);
  if (subgraph && /^[\w.-]{1,64}$/.test(subgraph)) span.setAttribute("crosswalk.subgraph", subgraph);
  if (purpose && /^[A-Z0-9_]{1,40}$/.test(purpose)) span.setAttribute("crosswalk.purpose", purpose);
  if (cache === "hit" || cache === "miss") span.setAttribute("crosswalk.cache", cache);
  if (code && Object.hasOwn(errorTable, code)) {
    span.setAttribute("crosswalk.code", code);
    span.setStatus({ code: SpanStatusCode.ERROR });
  }
  for (const name of ["entities", "fetches", "errors", "bytes"] as const) {
    const count = facts[name];
    if (typeof count === "number" && Number.isFinite(count)) span.setAttribute(`crosswalk.${name}`, count);
  }
}

function failed(span: Span, error: unknown): void {
  const { code } = (error ?? {}) as { code?: unknown };
  if (typeof code === "string" && Object.hasOwn(errorTable, code)) span.setAttribute("crosswalk.code", code);
  span.setStatus({ code: SpanStatusCode.ERROR });
}
