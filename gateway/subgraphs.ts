/** The subgraphs as the engine asks them: each by its URL, through layers whose order stands here and nowhere else. */
import type { Config } from "./config.ts";
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
import type { SupergraphSettings } from "./supergraph/supergraph.ts";
import { stage, type Telemetry } from "./telemetry.ts";
import type { Effort } from "./turns.ts";

const maxConcurrentPerSubgraph = 128;

export type Subgraphs = Pick<SupergraphSettings, "callOf" | "isPartial" | "isCommon"> & {
  readonly generation: NonNullable<SupergraphSettings["generation"]>;
  readonly sources: Sources;
  readonly effort: Effort;
  close(): Promise<void>;
};

/** One fetch, outermost first: traced, kept, shared, resilient, signed and sent. The order is the design. */
export async function openSubgraphs(config: Config, telemetry: Telemetry): Promise<Subgraphs> {
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
  let asked = 0;
  return {
    sources,
    effort: { asked: () => asked, readBytes: transport.readBytes },
    isCommon,
    generation,
    isPartial: (subgraph) => traitsOf(subgraph).isPartial,
    callOf(subgraphs) {
      // All or none: a supergraph with one subgraph that cannot be asked is refused as it stands.
      const urls = new Map([...subgraphs].map(([name, url]) => [name, urlOf(name, url)]));
      for (const name of urls.keys()) if (keysOf(name) === undefined) refuseUnsigned(config, name);
      const executed: ExecutedCall = ({ origin, ...question }) => {
        asked += 1;
        const { subgraph } = question;
        const request = { ...question, url: urls.get(subgraph) ?? "", generation: generation([subgraph]) };
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
        if (answer.isJoined) telemetry.readShared(subgraph);
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
