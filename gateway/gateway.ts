/** The composition root: everything is built and wired here, and ended here. Nothing else sees all the parts. */
import { admission } from "./admission.ts";
import { authenticator, openIssuerKeys } from "./authorization/authenticate.ts";
import { breakGlass } from "./authorization/break-glass.ts";
import type { Policies, PolicyTexts } from "./authorization/policies.ts";
import { pushAnswer, type Revocations, revocations } from "./authorization/revocations.ts";
import type { Config } from "./config.ts";
import { QueryPlanningTimeout } from "./execution/plan.ts";
import { openPlanner } from "./execution/planner.ts";
import { operationHandler } from "./handle.ts";
import { openInternalListener } from "./http/internal.ts";
import type { Listener } from "./http/listener.ts";
import { openPublicListener } from "./http/public.ts";
import { openDocuments } from "./operation/documents.ts";
import { openSources, type Sources } from "./sources.ts";
import { urlRefusal } from "./subgraph/addresses.ts";
import { type ExecutedCall, type Layer, type SubgraphCall, SubgraphFailure } from "./subgraph/call.ts";
import { callerHeader, type Origin } from "./subgraph/caller.ts";
import { deduped } from "./subgraph/dedupe.ts";
import { type ResilienceEvent, resilient } from "./subgraph/resilience.ts";
import { requestSigner } from "./subgraph/signature.ts";
import { readSigningKeys } from "./subgraph/signing-keys.ts";
import { readSubgraphsFile, type TraitsOf } from "./subgraph/subgraphs-file.ts";
import { openTransport } from "./subgraph/transport.ts";
import { openWatch } from "./subgraph/watch.ts";
import { type AlertFeeds, openSubscriptions, type SubscriptionsSettings } from "./subscriptions/subscriptions.ts";
import { keepCurrent, type Look, policiesAt, supergraphAt, together } from "./supergraph/source.ts";
import { readSupergraph, type Supergraph, type SupergraphSettings } from "./supergraph/supergraph.ts";
import { lineWriter, openTelemetry, stage, type Telemetry, type WriteLine } from "./telemetry.ts";

export type Gateway = {
  /** Where operations go. */
  readonly url: string;
  readonly internalUrl: string;
  /** Finishes what was accepted, then ends everything. */
  close(): Promise<void>;
};

export type Overrides = {
  /** Where log lines go; standard output by default. */
  readonly writeLine?: WriteLine;
  /** Where the supergraph comes from. */
  readonly look?: Look;
  /** Where the policies come from. */
  readonly lookAtPolicies?: Look<PolicyTexts>;
  /** What is announced of changes, in place of what its sources announce. */
  readonly feeds?: AlertFeeds;
  readonly subscriptions?: SubscriptionsSettings["limits"];
};

/** Of one planning thread. */
const plannerHeapMb = 512;
const maxConcurrentPerSubgraph = 128;
/** Plans that are made for a new supergraph before it takes over, of those used most with the last one. */
const warmedPlans = 100;

/** Throws when the first supergraph is no good or a port cannot be had; nothing is left open then. */
export async function startGateway(config: Config, overrides: Overrides = {}): Promise<Gateway> {
  const {
    writeLine = lineWriter((text) => void process.stdout.write(text)),
    look = supergraphAt(config.supergraph),
    lookAtPolicies = policiesAt(config.policies),
  } = overrides;
  const telemetry = openTelemetry(writeLine);
  for (const name of config.insecure) telemetry.protectionOff(name);
  const ends: (() => Promise<void> | void)[] = [];
  const endAll = async () => {
    for (const end of ends.splice(0).reverse()) await end();
  };
  try {
    const documents = openDocuments({ path: config.documents, mode: config.documentsMode });
    const planner = openPlanner({ softMs: config.planSoftMs, hardMs: config.planHardMs, heapMb: plannerHeapMb });
    ends.push(planner.close);
    const subgraphs = await openSubgraphs(config, telemetry);
    ends.push(subgraphs.close);
    const settings: Omit<SupergraphSettings, "authorization" | "id"> = {
      planner,
      introspection: config.mode === "development" || config.insecure.has("introspection"),
      maxCost: config.maxCost,
      isPartial: subgraphs.isPartial,
      isCommon: subgraphs.isCommon,
      generation: subgraphs.generation,
      onPlan: timed(telemetry),
      callOf: subgraphs.callOf,
    };
    const policiesOf = policiesReader(telemetry);
    let inUse: Supergraph | null = null;
    const kept = await keepCurrent<Supergraph>({
      look: together(look, lookAtPolicies),
      intervalMs: config.supergraphPollMs,
      read: async ({ id, supergraph: sdl, policies }) => {
        const authorization = { policies: () => policiesOf(policies), denyByDefault: config.denyByDefault };
        const supergraph = await readSupergraph(sdl, { ...settings, id, authorization });
        if (supergraph.servesNothing) telemetry.supergraphUnlabelled(supergraph.id);
        // The first one is there at once: its plans come with the first who ask.
        if (inUse) await supergraph.warm(inUse.plannedTexts().slice(0, warmedPlans));
        return supergraph;
      },
      onOutcome(outcome, reason) {
        if (outcome === "refused") return telemetry.supergraphRefused(reason);
        inUse?.retire();
        inUse = kept.current();
        telemetry.supergraphReplaced(inUse.id);
      },
    });
    inUse = kept.current();
    ends.push(kept.close);
    telemetry.watchPlanCache(() => kept.current().planCache());
    // Trusted documents are known beforehand: so are their plans.
    kept.current().warmDocuments(documents.texts).catch(telemetry.faultCaught);
    const { sources } = subgraphs;
    const { feeds = sources.feeds, subscriptions = {} } = overrides;
    const wired = { telemetry, documents, supergraph: kept, sources, feeds, subscriptions };
    return await openListeners(config, wired, ends, endAll);
  } catch (error) {
    await endAll();
    throw error;
  }
}

/** Texts that have not changed are not read again. Rejects for those that are no good. */
function policiesReader({ decisionFailed }: Telemetry): (texts: PolicyTexts) => Promise<Policies> {
  let last: { readonly texts: PolicyTexts; readonly policies: Policies } | null = null;
  return async (texts) => {
    // Cedar takes a tenth of a second to load: who serves a supergraph without policies starts without it.
    const { readPolicies } = await import("./authorization/policies.ts");
    if (last?.texts !== texts) last = { texts, policies: readPolicies(texts, { onFault: decisionFailed }) };
    return last.policies;
  };
}

type Wired = {
  readonly telemetry: Telemetry;
  readonly documents: ReturnType<typeof openDocuments>;
  readonly supergraph: Awaited<ReturnType<typeof keepCurrent<Supergraph>>>;
  readonly sources: Sources;
  readonly feeds: AlertFeeds;
  readonly subscriptions: NonNullable<SubscriptionsSettings["limits"]>;
};

async function openListeners(
  config: Config,
  { telemetry, documents, supergraph, sources, feeds, subscriptions: limits }: Wired,
  ends: (() => Promise<void> | void)[],
  endAll: () => Promise<void>,
): Promise<Gateway> {
  let isEnding = false;
  const gate = admission({ maxRequests: config.maxRequests });
  ends.push(gate.close);
  const { authenticate, revoked } = authentication(config, telemetry, sources.passOn);
  sources.listen((set) => void revoked.receive(set, "stream"));
  const subscriptions = openSubscriptions({
    current: supergraph.current,
    feeds,
    onRevoked: revoked.onRevoked,
    events: telemetry,
    limits,
  });
  const handle = operationHandler({
    mode: config.mode,
    authenticate,
    subscribe: subscriptions.subscribe,
    requirePurpose: !config.insecure.has("purpose"),
    authorizationMode: config.authorizationMode,
    breakGlass: breakGlass({
      windowMs: config.breakGlassWindowMs,
      acrValues: config.breakGlassAcr,
      onUse: telemetry.glassBroken,
    }),
    admission: gate,
    documents,
    requestTimeoutMs: config.requestTimeoutMs,
    current: supergraph.current,
    sources: sources.standing,
    telemetry,
  });
  // The internal listener goes last: until then it says that this gateway is not ready.
  const internal = await openInternalListener({
    port: config.internalPort,
    supergraph: () => supergraph.current().id,
    isEnding: () => isEnding,
    metrics: telemetry.metrics,
    reload: supergraph.reload,
    changes: sources.changes,
    receiveSet: async (set) => pushAnswer(await revoked.receive(set, "push")),
  });
  ends.push(() => internal.close(0));
  const open: Listener = await openPublicListener({
    ...config,
    graphiql: config.mode === "development",
    handle,
    telemetry,
    authenticate,
  });
  ends.push(() => open.close(config.drainMs));
  // Whoever is being told something is sent elsewhere first: no stream ends by itself.
  ends.push(subscriptions.close);
  const close = () => {
    isEnding = true;
    return endAll();
  };
  return { url: `${open.url}/graphql`, internalUrl: internal.url, close };
}

/** Who asks, by the keys that issuers publish, and whom they have taken back. */
function authentication(config: Config, telemetry: Telemetry, pass: (set: string) => void) {
  const settings = { ...config, events: telemetry };
  const keys = openIssuerKeys(settings);
  const revoked: Revocations = revocations({
    keys,
    audience: config.audience,
    pass,
    onOutcome: (outcome, from) => telemetry.setReceived(typeof outcome === "string" ? outcome : outcome.refused, from),
  });
  const { isRevoked } = revoked;
  const isOff = config.insecure.has("authentication");
  return { revoked, authenticate: isOff ? null : authenticator({ ...settings, keys, isRevoked }) };
}

function timed({ planned }: Telemetry): SupergraphSettings["onPlan"] {
  return (make) =>
    stage("plan", null, async () => {
      const startedAt = performance.now();
      const end = (outcome: "planned" | "failed" | "timeout") =>
        planned({ outcome, durationMs: performance.now() - startedAt });
      try {
        const plan = await make();
        end("planned");
        return plan;
      } catch (error) {
        end(error instanceof QueryPlanningTimeout ? "timeout" : "failed");
        throw error;
      }
    });
}

type Subgraphs = Pick<SupergraphSettings, "callOf" | "isPartial" | "isCommon"> & {
  readonly generation: NonNullable<SupergraphSettings["generation"]>;
  readonly sources: Sources;
  close(): Promise<void>;
};

/** One fetch, outermost first: traced, kept, shared, resilient, signed and sent. The order is the design. */
async function openSubgraphs(config: Config, telemetry: Telemetry): Promise<Subgraphs> {
  const traitsOf: TraitsOf = readSubgraphsFile(config.subgraphsFile, {
    timeoutMs: config.subgraphTimeoutMs,
    maxConcurrent: maxConcurrentPerSubgraph,
  });
  const keysOf = readSigningKeys({ keys: config.subgraphKeys, file: config.subgraphKeysFile }, settingName);
  const watch = openWatch();
  const transport = openTransport({
    maxBytes: config.subgraphMaxBytes,
    connectionsPerOrigin: maxConcurrentPerSubgraph,
    sign: requestSigner((subgraph) => keysOf(subgraph)?.[0]),
    watch,
  });
  const isCommon = (subgraph: string) => traitsOf(subgraph).fetches === "common";
  const sources = await openSources(config, telemetry, { keysOf, traitsOf, watch });
  const layers: readonly Layer[] = [
    traced(telemetry),
    sources.layer,
    deduped({ isCommon, watch }),
    resilient({ limitsOf: traitsOf, watch, onEvent: toTelemetry(telemetry) }),
  ];
  const call = layers.reduceRight<SubgraphCall>((next, layer) => layer(next), transport.call);
  const urlOf = subgraphUrl(config);
  const generation = (subgraphs: readonly string[]) =>
    sources.feeds.generation(subgraphs.flatMap((each) => traitsOf(each).systems));
  return {
    sources,
    isCommon,
    generation,
    isPartial: (subgraph) => traitsOf(subgraph).isPartial,
    callOf(subgraphs) {
      // All or none: a supergraph with one subgraph that cannot be asked is refused as it stands.
      const urls = new Map([...subgraphs].map(([name, url]) => [name, urlOf(name, url)]));
      for (const name of urls.keys()) if (keysOf(name) === undefined) refuseUnsigned(config, name);
      const executed: ExecutedCall = ({ origin, ...asked }) => {
        const { subgraph } = asked;
        const request = { ...asked, url: urls.get(subgraph) ?? "", generation: generation([subgraph]) };
        if (origin === undefined) return call(request);
        const { requestId } = origin;
        if (isCommon(subgraph)) return call({ ...request, requestId });
        const caller = callerOf(origin);
        // Who cannot be told in full is not told in part.
        if (caller === null) return Promise.reject(new SubgraphFailure("SUBREQUEST_NOT_SENT"));
        return call({ ...request, requestId, caller });
      };
      // Neither who asks nor where the subgraph is makes a difference to what is kept: common subgraphs alone are.
      return Object.assign(executed, { atHand: sources.layer.atHand });
    },
    async close() {
      sources.close();
      await transport.close();
      watch.close();
    },
  };
}

/** Worked out once an operation. */
function callerOf(origin: Origin): string | null {
  let known = callerHeaders.get(origin);
  if (known === undefined) {
    known = callerHeader(origin.caller);
    callerHeaders.set(origin, known);
  }
  return known;
}

const callerHeaders = new WeakMap<Origin, string | null>();

function refuseUnsigned({ mode, insecure }: Config, subgraph: string): void {
  if (mode === "production" && !insecure.has("subgraph-signature"))
    throw new Error(
      `subgraph ${subgraph} has no key: set SUBGRAPH_KEY_${settingName(subgraph)}, or set GATEWAY_INSECURE to contain subgraph-signature`,
    );
}

function toTelemetry({ breakerChanged, subgraphAskedAgain }: Telemetry): (event: ResilienceEvent) => void {
  return (event) => {
    if (event.kind === "breaker") breakerChanged(event);
    else if (event.kind === "retried") subgraphAskedAgain(event.subgraph);
  };
}

function traced(telemetry: Telemetry): Layer {
  return (next) => (request) =>
    stage("fetch", { subgraph: request.subgraph, kind: request.kind }, async () => {
      const { subgraph } = request;
      const startedAt = performance.now();
      const asked = (outcome: Parameters<Telemetry["subgraphAsked"]>[0]["outcome"]) =>
        telemetry.subgraphAsked({ subgraph, outcome, durationMs: performance.now() - startedAt });
      try {
        const answer = await next(request);
        // From Redis alone, or from memory after all: the subgraph was not asked.
        if (answer.isKept) return answer;
        asked("answered");
        if (answer.isShared) telemetry.readShared(subgraph);
        return answer;
      } catch (error) {
        asked(error instanceof SubgraphFailure ? error.code : "INTERNAL_SERVER_ERROR");
        if (error instanceof SubgraphFailure && error.status === 401) telemetry.signatureRefused(subgraph);
        throw error;
      }
    });
}

/** SUBGRAPH_URL_<NAME> wins over the supergraph's routing URL. Throws where there is no usable one. */
function subgraphUrl({ subgraphUrls, mode, insecure }: Config) {
  return (subgraph: string, routingUrl: string): string => {
    const setting = `SUBGRAPH_URL_${settingName(subgraph)}`;
    const url = subgraphUrls[settingName(subgraph)] ?? routingUrl;
    if (!/^https?:\/\//i.test(url) || !URL.canParse(url))
      throw new Error(`subgraph ${subgraph} has no http(s) URL: give it one in the supergraph, or set ${setting}`);
    if (mode === "production" && !insecure.has("plaintext") && !/^https:/i.test(url))
      throw new Error(
        `subgraph ${subgraph} is reached in plain text: use https, or set GATEWAY_INSECURE to contain plaintext`,
      );
    const refusal = urlRefusal(url);
    if (refusal !== null) throw new Error(`subgraph ${subgraph} cannot be asked: ${refusal}`);
    return url;
  };
}

function settingName(subgraph: string): string {
  return subgraph.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}
