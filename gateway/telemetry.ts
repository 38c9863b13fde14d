/**
 * One function per thing that happens: its log line and its metric are written together, so they cannot drift. Spans
 * are in telemetry/spans.ts: they stand around what happens.
 */
import type { ErrorCode } from "./errors.ts";
import { eventLine, firstLine, framesOf, requestLine, type WriteLine } from "./telemetry/log.ts";
import { openMetrics, type PlanCacheSize } from "./telemetry/metrics.ts";
import { isPlainName, operationLabels } from "./telemetry/names.ts";
import { detectTracing } from "./telemetry/spans.ts";

export { firstLine, lineWriter, type WriteLine } from "./telemetry/log.ts";
export { describeStage, type StageFacts, stage, stageNow, traceParent } from "./telemetry/spans.ts";
export { type WaitingClock, waitingClock } from "./telemetry/waiting.ts";

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
  /** Of `durationMs`, in which a subgraph was being waited for. Absent where nothing was executed. */
  readonly waitedMs?: number;
};

export type CacheFound = "memory" | "redis" | "nowhere";

export type Telemetry = {
  requestAnswered(answered: AnsweredRequest): void;
  /** A client went before it had its whole answer. */
  clientGone(): void;
  /** A request was refused because there was too much to do. */
  requestShed(priority: "urgent" | "ordinary" | "deferrable" | "unknown"): void;
  subgraphAsked(asked: {
    readonly subgraph: string;
    readonly outcome: "answered" | ErrorCode;
    readonly durationMs: number;
  }): void;
  subgraphAskedAgain(subgraph: string): void;
  /** It answered 401: it does not take requests for the gateway's. Told once, until it answers again. */
  signatureRefused(subgraph: string): void;
  /** A read was answered by one that was already under way. */
  readShared(subgraph: string): void;
  breakerChanged(changed: { readonly subgraph: string; readonly state: "closed" | "open" | "half-open" }): void;
  planned(planned: { readonly outcome: "planned" | "failed" | "timeout"; readonly durationMs: number }): void;
  planLookedUp(outcome: "hit" | "miss"): void;
  /** Where the size of the plan cache is to be had, when somebody asks for the metrics. */
  watchPlanCache(size: () => PlanCacheSize): void;
  supergraphReplaced(id: string): void;
  supergraphRefused(reason: unknown): void;
  /** A supergraph was read of which nothing is served: no label says who may see what. */
  supergraphUnlabelled(id: string): void;
  /** Labels of GATEWAY_OVERRIDES that this supergraph lacks. */
  overridesUnknown(labels: readonly string[]): void;
  protectionOff(name: string): void;
  /** Parts of an operation that would have been refused were it not for a dry run. Names of the schema alone. */
  partsRefused(refused: { readonly operation: string | null; readonly elements: readonly string[] }): void;
  /** A fault of ours: where it was thrown, never what it said. */
  faultCaught(error: unknown): void;
  /** A token was not accepted. The client is told nothing of the reason. */
  tokenRefused(reason: string): void;
  issuerKeysFetched(fetched: { readonly issuer: string; readonly outcome: string }): void;
  /** A key that an issuer publishes is not used. */
  issuerKeyRefused(refused: { readonly issuer: string; readonly kid: string | null; readonly fault: string }): void;
  /** Rules of a policy, or Cedar itself, failed; all that depended on it was refused. Somebody should look. */
  decisionFailed(fault: {
    readonly policy: string;
    readonly failed: readonly string[];
    readonly combinations: number;
  }): void;
  /** Somebody asked to break the glass, and got in or did not. Somebody should look. */
  glassBroken(use: {
    readonly outcome: string;
    readonly agency: string | null;
    /** The caller's own reference of its case. */
    readonly caseReference: string | null;
    readonly hasReason: boolean;
  }): void;
  /** `found`: of parts looked up, how many in memory, in Redis, and nowhere. */
  cacheLookedUp(looked: { readonly subgraph: string; readonly found: Readonly<Record<CacheFound, number>> }): void;
  /** A source's message was taken. */
  announced(outcome: "applied" | "duplicate" | "flushed"): void;
  /** A message was not taken: forged, or not this subgraph's to say. Somebody should look. */
  announcementRefused(refused: { readonly subgraph: string | null; readonly reason: string }): void;
  /** Which sources are watched, when somebody asks for the metrics. */
  watchSources(live: () => ReadonlyMap<string, boolean>): void;
  redisChanged(link: string, state: "well" | "ill"): void;
  /** What other gateways must know could not be handed on. Somebody should look. */
  relayLost(): void;
  /** What was found in Redis is not what was put there. Somebody should look. */
  entryDistrusted(): void;
  /** Streams of events, by how they end: a code, or `left` by the client. */
  streamOpened(): void;
  streamEnded(code: string): void;
  /** One alert, for those who are told alike. */
  alertSettled(outcome: "told" | "withheld" | "unavailable" | "given-up"): void;
  /** An issuer took a session back, or somebody tried to. */
  setReceived(outcome: string, from: "push" | "stream"): void;
  /** Nobody can say what it has taken back, or it is heard again. */
  issuerSilent(issuer: string, isSilent: boolean): void;
  /** In the Prometheus text format. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
};

const maxElementsTold = 100;
/** What others can make happen as often as they like is told once in so long; it is counted each time. */
const toldAgainAfterMs = 60_000;

function onceInAWhile(): (what: string) => boolean {
  const toldAt = new Map<string, number>();
  return (what) => {
    const now = performance.now();
    if (now - (toldAt.get(what) ?? -Infinity) < toldAgainAfterMs) return false;
    toldAt.set(what, now);
    return true;
  };
}

export function openTelemetry(write: WriteLine): Telemetry {
  const metrics = openMetrics();
  const labelOf = operationLabels();
  const line = (event: string, members: Readonly<Record<string, unknown>>) => write(eventLine(event, members));
  /** Subgraphs that take no request for ours. */
  const refusing = new Set<string>();
  const mayTell = onceInAWhile();
  detectTracing();

  return {
    requestAnswered(answered) {
      const { status, codes, durationMs, waitedMs, operation } = answered;
      metrics.requests.inc({ status: String(status), code: codes[0] ?? "none" });
      const label = { operation: labelOf(operation) };
      metrics.durations.observe(label, durationMs / 1000);
      if (waitedMs !== undefined) metrics.overheads.observe(label, Math.max(0, durationMs - waitedMs) / 1000);
      write(requestLine(answered));
    },
    clientGone() {
      metrics.clientsGone.inc();
    },
    requestShed(priority) {
      metrics.shed.inc({ priority });
    },
    subgraphAsked({ subgraph, outcome, durationMs }) {
      if (outcome === "answered") refusing.delete(subgraph);
      metrics.fetches.observe({ subgraph, outcome }, durationMs / 1000);
    },
    signatureRefused(subgraph) {
      metrics.signaturesRefused.inc({ subgraph });
      if (refusing.has(subgraph)) return;
      refusing.add(subgraph);
      line("signature-refused", { subgraph, remedy: "compare its key with the gateway's, and both clocks" });
    },
    subgraphAskedAgain(subgraph) {
      metrics.retries.inc({ subgraph });
    },
    readShared(subgraph) {
      metrics.sharedReads.inc({ subgraph });
    },
    breakerChanged({ subgraph, state }) {
      metrics.breakerChanges.inc({ subgraph, state });
      line("breaker", { subgraph, state });
    },
    planned({ outcome, durationMs }) {
      metrics.plans.observe({ outcome }, durationMs / 1000);
    },
    planLookedUp(outcome) {
      metrics.planLookups.inc({ outcome });
    },
    watchPlanCache: metrics.watchPlanCache,
    supergraphReplaced(id) {
      metrics.reloads.inc({ outcome: "replaced" });
      line("supergraph-replaced", { supergraph: id });
    },
    supergraphRefused(reason) {
      metrics.reloads.inc({ outcome: "refused" });
      line("supergraph-refused", { reason: firstLine(reason), remedy: "the last good supergraph stays in use" });
    },
    supergraphUnlabelled(id) {
      line("supergraph-unlabelled", { supergraph: id, remedy: "label what may be seen: everything is refused" });
    },
    overridesUnknown(labels) {
      line("overrides-unknown", { labels, remedy: "GATEWAY_OVERRIDES takes labels of @override in the supergraph" });
    },
    protectionOff(name) {
      line("protection-off", { protection: name, remedy: "take it out of GATEWAY_INSECURE" });
    },
    partsRefused({ operation, elements }) {
      metrics.dryRuns.inc();
      const named = operation !== null && isPlainName(operation) ? { operation } : {};
      line("dry-run", {
        ...named,
        refused: elements.slice(0, maxElementsTold),
        remedy: "set AUTHORIZATION_MODE to filter",
      });
    },
    faultCaught(error) {
      line("fault", { at: framesOf(error) });
    },
    tokenRefused(reason) {
      metrics.tokensRefused.inc({ reason });
      if (reason === "early") line("token-early", { remedy: "compare the issuer's clock with this machine's" });
    },
    issuerKeysFetched({ issuer, outcome }) {
      metrics.keyFetches.inc({ issuer, outcome });
      if (outcome === "fetched") return;
      line("issuer-keys-missing", { issuer, outcome, remedy: "keys at hand serve until they are too old" });
    },
    issuerKeyRefused({ issuer, kid, fault }) {
      metrics.keysRefused.inc({ issuer, fault });
      line("issuer-key-refused", { issuer, kid, fault, remedy: "have the issuer replace this key" });
    },
    decisionFailed({ policy, failed, combinations }) {
      metrics.failedDecisions.inc({ policy });
      line("decision-failed", {
        alert: true,
        policy,
        rules: failed.join(" "),
        combinations,
        remedy: "mend the rule: all it decides is refused",
      });
    },
    glassBroken({ outcome, agency, caseReference, hasReason }) {
      metrics.glassBroken.inc({ outcome });
      line("break-glass", { alert: true, outcome, agency, case: caseReference, hasReason });
    },
    cacheLookedUp({ subgraph, found }) {
      metrics.cacheLookedUp(subgraph, found);
    },
    announced(outcome) {
      metrics.announcements.inc({ outcome });
    },
    announcementRefused({ subgraph, reason }) {
      metrics.announcements.inc({ outcome: reason });
      if (mayTell(`announcement ${subgraph} ${reason}`))
        line("announcement-refused", {
          alert: true,
          subgraph,
          reason,
          remedy: "see who reaches the change feed, and with which key",
        });
    },
    watchSources: metrics.watchSources,
    redisChanged(link, state) {
      metrics.farStates.inc({ link, state });
      line("redis", { link, state });
    },
    relayLost() {
      line("relay-lost", { alert: true, remedy: "take the session back again at every gateway, or restart them" });
    },
    entryDistrusted() {
      metrics.farTampered.inc();
      if (mayTell("entry"))
        line("redis-entry-distrusted", { alert: true, remedy: "see who writes to this Redis, or compare CACHE_KEYS" });
    },
    streamOpened() {
      metrics.streams.inc();
    },
    streamEnded(code) {
      metrics.streams.dec();
      metrics.streamsEnded.inc({ code });
    },
    alertSettled(outcome) {
      metrics.alerts.inc({ outcome });
    },
    setReceived(outcome, from) {
      metrics.securityEvents.inc({ outcome, from });
      const isOurs = from === "stream" || ["revoked", "verified", "known"].includes(outcome);
      if (!isOurs)
        line("security-event-refused", { alert: true, reason: outcome, remedy: "ask the issuer who sent it" });
    },
    issuerSilent(issuer, isSilent) {
      metrics.silentIssuers.set({ issuer }, isSilent ? 1 : 0);
      if (!isSilent) return line("issuer-heard", { issuer });
      line("issuer-silent", {
        alert: true,
        issuer,
        remedy: "let it push verification events; until then only tokens of the last five minutes are accepted",
      });
    },
    metrics: metrics.text,
  };
}
