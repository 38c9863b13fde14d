/** The metrics, and nothing of what they mean: telemetry.ts says when each is counted. Labels are from closed lists. */
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

const durationBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const overheadBuckets = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];

/** What only a look can tell, taken when somebody asks for the metrics. */
export type PlanCacheSize = { readonly entries: number; readonly bytes: number };

type Found = Readonly<Record<"memory" | "redis" | "nowhere", number>>;

/** Counted many times in every operation: handed over when somebody asks for the metrics. */
function cacheLookups(registers: Registry[]) {
  const pending = new Map<string, { -readonly [Where in keyof Found]: number }>();
  new Counter({
    name: "crosswalk_cache_lookups_total",
    help: "Parts of subgraphs' answers looked up, by where they were found",
    labelNames: ["subgraph", "found"],
    registers,
    collect() {
      for (const [subgraph, found] of pending)
        for (const each of ["memory", "redis", "nowhere"] as const)
          if (found[each] > 0) this.inc({ subgraph, found: each }, found[each]);
      pending.clear();
    },
  });
  return (subgraph: string, { memory, redis, nowhere }: Found): void => {
    const counts = pending.get(subgraph);
    if (counts === undefined) pending.set(subgraph, { memory, redis, nowhere });
    else {
      counts.memory += memory;
      counts.redis += redis;
      counts.nowhere += nowhere;
    }
  };
}

export function openMetrics() {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name: `crosswalk_${name}`, help, labelNames, registers });
  const histogram = <Label extends string>(name: string, help: string, buckets: number[], ...labelNames: Label[]) =>
    new Histogram({ name: `crosswalk_${name}`, help, buckets, labelNames, registers });

  let planCacheSize = (): PlanCacheSize => ({ entries: 0, bytes: 0 });
  const planCache = (member: keyof PlanCacheSize, help: string) =>
    new Gauge({
      name: `crosswalk_plan_cache_${member}`,
      help,
      registers,
      collect() {
        this.set(planCacheSize()[member]);
      },
    });
  planCache("entries", "Plans held");
  planCache("bytes", "Their rough size in memory");
  let liveSources = (): ReadonlyMap<string, boolean> => new Map();
  new Gauge({
    name: "crosswalk_source_live",
    help: "1 while a source is known to be watched: what is kept of it is served",
    labelNames: ["source"],
    registers,
    collect() {
      this.reset();
      for (const [source, isLive] of liveSources()) this.set({ source }, isLive ? 1 : 0);
    },
  });

  return {
    requests: counter(
      "requests_total",
      "Operations answered on /graphql, by HTTP status and the first error's code",
      "status",
      "code",
    ),
    durations: histogram(
      "operation_duration_seconds",
      "From the request's last header to the answer's last byte; the first plain names, then other",
      durationBuckets,
      "operation",
    ),
    overheads: histogram(
      "gateway_overhead_seconds",
      "Of an operation's duration, what was not spent waiting for subgraphs",
      overheadBuckets,
      "operation",
    ),
    fetches: histogram(
      "subgraph_fetch_duration_seconds",
      "Requests to subgraphs, by outcome",
      durationBuckets,
      "subgraph",
      "outcome",
    ),
    retries: counter("subgraph_retries_total", "Requests to subgraphs that were sent once more", "subgraph"),
    sharedReads: counter("subgraph_shared_reads_total", "Reads answered by one that was already under way", "subgraph"),
    signaturesRefused: counter(
      "subgraph_signatures_refused_total",
      "Requests that a subgraph answered with 401",
      "subgraph",
    ),
    breakerChanges: counter(
      "subgraph_breaker_changes_total",
      "Changes of a subgraph's breaker, by the state it came to",
      "subgraph",
      "state",
    ),
    plans: histogram("plan_duration_seconds", "Plans asked of the planner, by outcome", durationBuckets, "outcome"),
    planLookups: counter("plan_cache_lookups_total", "Looks into the cache of plans", "outcome"),
    dryRuns: counter("dry_run_refusals_total", "Operations of which a dry run refused nothing, where it would have"),
    shed: counter("shed_requests_total", "Requests refused because there was too much to do", "priority"),
    tokensRefused: counter("tokens_refused_total", "Tokens not accepted", "reason"),
    keyFetches: counter("issuer_key_fetches_total", "Key sets asked of issuers, by outcome", "issuer", "outcome"),
    keysRefused: counter("issuer_keys_refused_total", "Keys of issuers that are not used", "issuer", "fault"),
    failedDecisions: counter(
      "failed_decisions_total",
      "Tables of decisions that a rule, or Cedar, failed at",
      "policy",
    ),
    glassBroken: counter("break_glass_total", "Requests to break the glass, by what became of them", "outcome"),
    cacheLookedUp: cacheLookups(registers),
    announcements: counter("announcements_total", "Messages of sources, by what became of them", "outcome"),
    farStates: counter(
      "redis_state_changes_total",
      "Changes of each connection to Redis, by what it came to",
      "link",
      "state",
    ),
    farTampered: counter("redis_entries_distrusted_total", "Entries in Redis that were not as they were sealed"),
    clientsGone: counter("clients_gone_total", "Requests whose client went before the whole answer"),
    streams: new Gauge({ name: "crosswalk_streams", help: "Streams of events that are open", registers }),
    streamsEnded: counter(
      "streams_ended_total",
      "Streams of events that ended, by code, or left by the client",
      "code",
    ),
    alerts: counter(
      "alerts_total",
      "Alerts, for all who are told alike: told, withheld, to be tried again, given up",
      "outcome",
    ),
    securityEvents: counter(
      "security_events_total",
      "What issuers announce of sessions, by outcome, pushed or passed on by another gateway",
      "outcome",
      "from",
    ),
    silentIssuers: new Gauge({
      name: "crosswalk_issuer_silent",
      help: "Whether nobody can say what an issuer has taken back",
      labelNames: ["issuer"],
      registers,
    }),
    reloads: counter("supergraph_reloads_total", "Supergraphs seen after the first one", "outcome"),
    watchPlanCache(size: () => PlanCacheSize) {
      planCacheSize = size;
    },
    watchSources(live: () => ReadonlyMap<string, boolean>) {
      liveSources = live;
    },
    /** In the Prometheus text format. */
    async text() {
      return { contentType: registry.contentType, text: await registry.metrics() };
    },
  };
}
