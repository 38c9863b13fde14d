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
import { keptRunsShare, type Sources } from "./sources.ts";
import { openSubgraphs } from "./subgraphs.ts";
import { type AlertFeeds, openSubscriptions, type SubscriptionsSettings } from "./subscriptions/subscriptions.ts";
import { keepCurrent, type Look, policiesAt, supergraphAt, together } from "./supergraph/source.ts";
import { readSupergraph, type Supergraph, type SupergraphSettings } from "./supergraph/supergraph.ts";
import { lineWriter, openTelemetry, stage, type Telemetry, type WriteLine } from "./telemetry.ts";
import type { Effort } from "./turns.ts";

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
/** How often it is looked whether an issuer has fallen silent. */
const silenceCheckMs = 1000;
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
      overrides: config.overrides,
      isPartial: subgraphs.isPartial,
      isCommon: subgraphs.isCommon,
      generation: subgraphs.generation,
      keptMaxBytes: config.cacheMaxBytes * keptRunsShare,
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
        if (supergraph.unknownOverrides.length > 0) telemetry.overridesUnknown(supergraph.unknownOverrides);
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
    const { sources, effort } = subgraphs;
    const { feeds = sources.feeds, subscriptions = {} } = overrides;
    const wired = { telemetry, documents, supergraph: kept, sources, effort, feeds, subscriptions };
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
  readonly effort: Effort;
  readonly feeds: AlertFeeds;
  readonly subscriptions: NonNullable<SubscriptionsSettings["limits"]>;
};

async function openListeners(
  config: Config,
  { telemetry, documents, supergraph, sources, effort, feeds, subscriptions: limits }: Wired,
  ends: (() => Promise<void> | void)[],
  endAll: () => Promise<void>,
): Promise<Gateway> {
  let isEnding = false;
  const gate = admission({ maxRequests: config.maxRequests });
  ends.push(gate.close);
  const { authenticate, revoked } = authentication(config, telemetry, sources.passOn);
  sources.listen((set) => void revoked.receive(set, "stream"));
  const watching = setInterval(revoked.tick, silenceCheckMs).unref();
  ends.push(() => clearInterval(watching));
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
    effort,
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
    heardEverySeconds: new Map(
      config.issuers.flatMap(({ issuer, heardEverySeconds }) =>
        heardEverySeconds === undefined ? [] : [[issuer, heardEverySeconds] as const],
      ),
    ),
    onSilence: telemetry.issuerSilent,
    onOutcome: (outcome, from) => telemetry.setReceived(typeof outcome === "string" ? outcome : outcome.refused, from),
  });
  const { isRevoked, isOutlived } = revoked;
  const isOff = config.insecure.has("authentication");
  return { revoked, authenticate: isOff ? null : authenticator({ ...settings, keys, isRevoked, isOutlived }) };
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
