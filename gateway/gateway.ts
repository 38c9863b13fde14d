/** The composition root: everything is built and wired here, and ended here. Nothing else sees all the parts. */
import { authenticator } from "./authorization/authenticate.ts";
import { type Config, disableVendorTelemetry } from "./config.ts";
import { openApolloExecution } from "./execution/apollo.ts";
import { operationHandler } from "./handle.ts";
import { openInternalListener } from "./http/internal.ts";
import type { Listener } from "./http/listener.ts";
import { openPublicListener } from "./http/public.ts";
import { openSubgraphHttp, type SubgraphCall, SubgraphFailure } from "./subgraph/http.ts";
import { keepCurrent, type Look, supergraphAt } from "./supergraph/source.ts";
import { readSupergraph, type Supergraph } from "./supergraph/supergraph.ts";
import { openTelemetry, type Telemetry, type WriteLine } from "./telemetry.ts";

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
};

/** Throws when the first supergraph is no good or a port cannot be had; nothing is left open then. */
export async function startGateway(config: Config, overrides: Overrides = {}): Promise<Gateway> {
  disableVendorTelemetry();
  const { writeLine = (line: string) => process.stdout.write(`${line}\n`), look = supergraphAt(config.supergraph) } =
    overrides;
  const telemetry = openTelemetry(writeLine);
  for (const name of config.insecure) telemetry.protectionOff(name);

  const subgraphs = openSubgraphHttp({ timeoutMs: config.subgraphTimeoutMs, maxBytes: config.subgraphMaxBytes });
  const supergraph = await keepCurrent<Supergraph>({
    look,
    intervalMs: config.supergraphPollMs,
    read: (sdl) =>
      readSupergraph(sdl, {
        introspection: config.mode === "development" || config.insecure.has("introspection"),
        open: (text) =>
          openApolloExecution({ sdl: text, call: measured(subgraphs.call, telemetry), urlOf: subgraphUrl(config) }),
      }),
    onOutcome: (outcome, reason) =>
      outcome === "replaced"
        ? telemetry.supergraphReplaced(supergraph.current().id)
        : telemetry.supergraphRefused(reason),
  });

  let isEnding = false;
  const handle = operationHandler({
    mode: config.mode,
    authenticate: config.insecure.has("authentication") ? null : authenticator(config),
    requirePurpose: !config.insecure.has("purpose"),
    current: supergraph.current,
  });
  const opened: Listener[] = [];
  const closeAll = async () => {
    isEnding = true;
    supergraph.close();
    const [internal, ...others] = opened;
    // The internal listener goes last: until then it says that this gateway is not ready.
    await Promise.all(others.map((listener) => listener.close(config.drainMs)));
    await internal?.close(0);
    await subgraphs.close();
  };
  try {
    const internal = await openInternalListener({
      port: config.internalPort,
      supergraph: () => supergraph.current().id,
      isEnding: () => isEnding,
      metrics: telemetry.metrics,
      reload: supergraph.reload,
    });
    opened.push(internal);
    const open = await openPublicListener({ ...config, graphiql: config.mode === "development", handle, telemetry });
    opened.push(open);
    return { url: `${open.url}/graphql`, internalUrl: internal.url, close: closeAll };
  } catch (error) {
    await closeAll();
    throw error;
  }
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
    return url;
  };
}

function settingName(subgraph: string): string {
  return subgraph.toUpperCase().replace(/[^A-Z0-9]/g, "_");
}

function measured(call: SubgraphCall, telemetry: Telemetry): SubgraphCall {
  return async (request) => {
    const startedAt = performance.now();
    const asked = (outcome: Parameters<Telemetry["subgraphAsked"]>[0]["outcome"]) =>
      telemetry.subgraphAsked({ subgraph: request.subgraph, outcome, durationMs: performance.now() - startedAt });
    try {
      const answer = await call(request);
      asked("answered");
      return answer;
    } catch (error) {
      asked(error instanceof SubgraphFailure ? error.code : "INTERNAL_SERVER_ERROR");
      throw error;
    }
  };
}
