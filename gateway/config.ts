/**
 * The gateway's settings, in three moves: read the strings, decide (defaults and refusals), and print what was refused
 * all at once. The only file that touches `process.env`.
 */
import { fileURLToPath } from "node:url";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Protections that can be switched off by name, in production too. The list is closed. */
export const protections = [
  "authentication",
  "purpose",
  "audit",
  "subgraph-signature",
  "deny-by-default",
  "plaintext",
  "introspection",
] as const;
export type Protection = (typeof protections)[number];

const authorizationModes = ["filter", "reject", "dry-run"] as const;

export type Issuer = {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** For which it speaks; empty: for all. */
  readonly agencies?: readonly string[];
  /** In how many seconds at most it proves that what it takes back reaches us; undefined: it promises nothing. */
  readonly heardEverySeconds?: number;
};

export type Config = {
  readonly mode: "development" | "production";
  readonly host: string;
  readonly port: number;
  readonly internalPort: number;
  /** A file's path, or an http(s) URL. */
  readonly supergraph: string;
  readonly supergraphPollMs: number;
  /** A folder of *.cedar files and their policies.cedarschema, looked at together with the supergraph. */
  readonly policies: string;
  readonly insecure: ReadonlySet<Protection>;
  /** What becomes of an operation of which a part is refused. */
  readonly authorizationMode: (typeof authorizationModes)[number];
  /** Fields that nothing is said about are not served. */
  readonly denyByDefault: boolean;
  readonly issuers: readonly Issuer[];
  readonly audience: string;
  /** Clients (`client_id`) through which callers may come; empty: any. */
  readonly clients: readonly string[];
  /** Since an issuer was last seen to publish a key. */
  readonly keysMaxAgeMs: number;
  /** From the first request for the purpose BREAK_GLASS to the last. */
  readonly breakGlassWindowMs: number;
  /** Authentication contexts (`acr`) that break-glass takes. */
  readonly breakGlassAcr: readonly string[];
  /** By SUBGRAPH_URL_<NAME>'s name: stands in for the routing URL in the supergraph. */
  readonly subgraphUrls: Readonly<Record<string, string>>;
  /** By SUBGRAPH_KEY_<NAME>'s name: what requests to the subgraph are signed with. Secret. */
  readonly subgraphKeys: Readonly<Record<string, string>>;
  /** A JSON file of such keys by subgraph; empty: none. */
  readonly subgraphKeysFile: string;
  /** A JSON file with what is known of each subgraph beside its schema (schema/subgraphs.json). */
  readonly subgraphsFile: string;
  /** For a subgraph that the file gives no time of its own. */
  readonly subgraphTimeoutMs: number;
  readonly subgraphMaxBytes: number;
  readonly maxBodyBytes: number;
  /** From a request's arrival to its answer, whatever it asks. */
  readonly requestTimeoutMs: number;
  /** Requests under way at once; what comes beyond them is shed. */
  readonly maxRequests: number;
  /** Operations in one request; 0: batches are not taken. */
  readonly maxBatch: number;
  /** Estimated cost of an operation; 0: not bounded. */
  readonly maxCost: number;
  /** Labels of `@override` in force, besides those that say a share of the requests. */
  readonly overrides: ReadonlySet<string>;
  /** Trusted documents: a folder of .graphql files or a manifest; empty: none. */
  readonly documents: string;
  /** `require`: nothing else is taken. */
  readonly documentsMode: "off" | "prefer" | "require";
  /** A plan that takes longer no longer holds up others. */
  readonly planSoftMs: number;
  /** A plan that takes longer is given up, and its operation is remembered. */
  readonly planHardMs: number;
  readonly drainMs: number;
  /** Of answers kept in memory; 0: none are. */
  readonly cacheMaxBytes: number;
  /** Where they are kept beyond this process, and where changes come from. All empty: nowhere, and they are posted. */
  readonly redis: { readonly url: string; readonly sentinels: string; readonly masterName: string };
  /** `id:key`, and others behind commas: what is kept in Redis is sealed with the first. Secret. */
  readonly cacheKeys: string;
  /** A file of such keys; empty: none. */
  readonly cacheKeysFile: string;
};

export type ConfigOutcome = { readonly config: Config } | { readonly refusals: readonly string[] };

/** Every problem at once; each line says what to set. */
export function readConfig(env: Environment): ConfigOutcome {
  const refusals: string[] = [];
  const reader = settingReader(env, refusals);
  const mode = reader.oneOf("CROSSWALK_ENV", ["development", "production"], "development");
  const supergraph = env.GATEWAY_SUPERGRAPH || ours("supergraph.graphql");
  const insecure = reader.protections("GATEWAY_INSECURE");
  const config: Config = {
    mode,
    host: env.HOST || "127.0.0.1",
    port: reader.wholeNumber("PORT", 4000, 65_535),
    internalPort: reader.wholeNumber("INTERNAL_PORT", 4001, 65_535),
    supergraph,
    supergraphPollMs: reader.wholeNumber("GATEWAY_SUPERGRAPH_POLL_MS", isUrl(supergraph) ? 10_000 : 500),
    policies: env.GATEWAY_POLICIES || ours("policies"),
    insecure,
    authorizationMode: reader.oneOf("AUTHORIZATION_MODE", authorizationModes, "filter"),
    denyByDefault: !insecure.has("deny-by-default"),
    issuers: reader.issuers(
      "GATEWAY_ISSUERS",
      { agencies: "GATEWAY_ISSUER_AGENCIES", events: "GATEWAY_ISSUER_EVENTS" },
      mode === "development" ? developmentIssuers : [],
    ),
    audience: env.GATEWAY_AUDIENCE || "crosswalk",
    clients: reader.names("GATEWAY_CLIENTS", []),
    keysMaxAgeMs: reader.wholeNumber("GATEWAY_KEYS_MAX_AGE_MS", 600_000, 600_000),
    breakGlassWindowMs: reader.wholeNumber("BREAK_GLASS_WINDOW_MS", 30 * 60_000, 8 * 3600_000),
    breakGlassAcr: reader.names("BREAK_GLASS_ACR", ["phr", "phrh"]),
    subgraphUrls: reader.subgraphUrls("SUBGRAPH_URL_"),
    subgraphKeys: reader.beginningWith("SUBGRAPH_KEY_"),
    subgraphKeysFile: env.SUBGRAPH_KEYS_FILE || "",
    subgraphsFile: env.GATEWAY_SUBGRAPHS || ours("subgraphs.json"),
    subgraphTimeoutMs: reader.wholeNumber("SUBGRAPH_TIMEOUT_MS", 3000),
    subgraphMaxBytes: reader.wholeNumber("SUBGRAPH_MAX_BYTES", 16 * 1024 * 1024),
    maxBodyBytes: reader.wholeNumber("MAX_BODY_BYTES", 100 * 1024),
    requestTimeoutMs: reader.wholeNumber("REQUEST_TIMEOUT_MS", 10_000),
    maxRequests: reader.wholeNumber("MAX_REQUESTS", 1000),
    maxBatch: reader.wholeNumber("MAX_BATCH", 0, 100),
    maxCost: reader.wholeNumber("MAX_COST", 0),
    overrides: new Set(reader.names("GATEWAY_OVERRIDES", [])),
    documents: env.GATEWAY_DOCUMENTS || "",
    documentsMode: reader.documentsMode("GATEWAY_DOCUMENTS_MODE", env.GATEWAY_DOCUMENTS || ""),
    planSoftMs: reader.wholeNumber("PLAN_SOFT_MS", 250),
    planHardMs: reader.wholeNumber("PLAN_HARD_MS", 1000),
    drainMs: reader.wholeNumber("DRAIN_MS", 4000),
    cacheMaxBytes: reader.wholeNumber("CACHE_MAX_BYTES", 256 * 1024 * 1024),
    redis: {
      url: env.REDIS_URL || "",
      sentinels: env.REDIS_SENTINELS || "",
      masterName: env.REDIS_MASTER_NAME || "",
    },
    cacheKeys: env.CACHE_KEYS || "",
    cacheKeysFile: env.CACHE_KEYS_FILE || "",
  };
  if (config.port === config.internalPort && config.port !== 0 && takesLoopback.has(config.host))
    refusals.push("PORT and INTERNAL_PORT name the same port: each listener takes one of its own");
  if ([...config.overrides].some((label) => label.startsWith("percent(")))
    refusals.push("GATEWAY_OVERRIDES takes labels that say no share: percent(n) is in force for that share by itself");
  if (mode === "production") refusals.push(...insecureSettings(config));
  return refusals.length > 0 ? { refusals } : { config };
}

/** The process's own environment. */
export const readProcessConfig = (): ConfigOutcome => readConfig(process.env);

/** Hosts that stand for 127.0.0.1, where the internal listener is, too. */
const takesLoopback: ReadonlySet<string> = new Set(["127.0.0.1", "localhost", "0.0.0.0", "::"]);

/** A file of this project, wherever the gateway is started from. */
const ours = (file: string): string => fileURLToPath(new URL(`../schema/${file}`, import.meta.url));

const developmentIssuers: readonly Issuer[] = [
  { issuer: "https://issuer.crosswalk.example", jwksUrl: "http://127.0.0.1:4300/jwks.json" },
];

/** What production does not start with, each by the name that switches it off. */
function insecureSettings(config: Config): readonly string[] {
  const { insecure, issuers } = config;
  const refusals: string[] = [];
  const require = (name: Protection, why: string) => {
    if (!insecure.has(name)) refusals.push(`production: ${why}, or set GATEWAY_INSECURE to contain ${name}`);
  };
  const notYet = "is not built yet: wait for it";
  if (config.authorizationMode === "dry-run")
    require("deny-by-default", "deny-by-default: set AUTHORIZATION_MODE to filter or reject: dry-run refuses nothing");
  require("audit", `audit (a durable record before every answer) ${notYet}`);
  if (Object.keys(config.subgraphKeys).length === 0 && config.subgraphKeysFile === "")
    require("subgraph-signature", "subgraph-signature: set SUBGRAPH_KEY_<NAME> for every subgraph, or SUBGRAPH_KEYS_FILE");
  const { redis, cacheKeys, cacheKeysFile } = config;
  const isThereRedis = redis.url !== "" || redis.sentinels !== "";
  if (isThereRedis && cacheKeys === "" && cacheKeysFile === "")
    refusals.push("production: Redis needs CACHE_KEYS or CACHE_KEYS_FILE: what is kept there is sealed with them");
  if (isThereRedis && !/^rediss:/i.test(redis.url))
    require("plaintext", "plaintext: reach Redis by a rediss: REDIS_URL");
  require("plaintext", "plaintext: the public listener speaks plain HTTP: put TLS in front of it");
  for (const url of [
    ...issuers.map(({ jwksUrl }) => jwksUrl),
    ...Object.values(config.subgraphUrls),
    config.supergraph,
  ])
    if (/^http:/i.test(url))
      require("plaintext", "plaintext: use https in GATEWAY_ISSUERS, SUBGRAPH_URL_*, GATEWAY_SUPERGRAPH");
  if (issuers.length === 0)
    require("authentication", "authentication: set GATEWAY_ISSUERS to iss=jwksUrl pairs, separated by commas");
  return [...new Set(refusals)];
}

export function isUrl(text: string): boolean {
  return /^https?:\/\//i.test(text) && URL.canParse(text);
}

function settingReader(env: Environment, refusals: string[]) {
  const list = (name: string) =>
    (env[name] ?? "")
      .split(",")
      .map((each) => each.trim())
      .filter((each) => each !== "");
  const oneOf = <Choice extends string>(name: string, choices: readonly Choice[], fallback: Choice): Choice => {
    const value = env[name] || fallback;
    const choice = choices.find((each) => each === value);
    if (choice === undefined) refusals.push(`${name} must be one of ${choices.join(", ")}`);
    return choice ?? fallback;
  };
  /** By what stands behind the prefix; what is empty is not set. */
  const beginningWith = (prefix: string): Readonly<Record<string, string>> => {
    const named = Object.entries(env).filter(([name, value]) => name.startsWith(prefix) && value);
    return Object.fromEntries(named.map(([name, value]) => [name.slice(prefix.length), value ?? ""]));
  };
  /** What is said of issuers, by issuer; `read`: null for what cannot be. */
  const byIssuer = <Said>(name: string, form: string, read: (text: string) => Said | null): ReadonlyMap<string, Said> =>
    new Map(
      list(name).flatMap((pair): [string, Said][] => {
        // An issuer's name may contain the sign itself: the last one counts.
        const at = pair.lastIndexOf("=");
        const said = at > 0 ? read(pair.slice(at + 1)) : null;
        if (said !== null) return [[pair.slice(0, at), said]];
        refusals.push(`${name} takes ${form}`);
        return [];
      }),
    );
  const agenciesOfIssuers = (name: string) =>
    byIssuer(
      name,
      "iss=AGENCY|AGENCY pairs separated by commas, such as https://idp.example=POLICE",
      (text): readonly string[] | null => {
        const agencies = text.split("|");
        return agencies.every((each) => /^[\w .:/-]{1,64}$/.test(each)) ? agencies : null;
      },
    );
  const eventsOfIssuers = (name: string) =>
    byIssuer(
      name,
      "iss=seconds pairs separated by commas, from 1 to 3600, such as https://idp.example=60",
      (text): number | null => (/^[1-9]\d{0,3}$/.test(text) && Number(text) <= 3600 ? Number(text) : null),
    );
  return {
    oneOf,
    documentsMode(name: string, documents: string): Config["documentsMode"] {
      // Whoever names documents wants them known.
      const mode = oneOf(name, ["off", "prefer", "require"], documents === "" ? "off" : "prefer");
      if (mode !== "off" && documents === "")
        refusals.push(`${name} is ${mode}: set GATEWAY_DOCUMENTS to a folder of .graphql files or a manifest`);
      return mode;
    },
    wholeNumber(name: string, fallback: number, max = 2 ** 31 - 1): number {
      const value = env[name] || String(fallback);
      if (/^\d{1,10}$/.test(value) && Number(value) <= max) return Number(value);
      refusals.push(`${name} must be a whole number from 0 to ${max}`);
      return fallback;
    },
    names(name: string, fallback: readonly string[]): readonly string[] {
      const named = list(name);
      // They may stand in a header between quotes.
      const isNone = Boolean(env[name]) && named.length === 0;
      if (isNone || named.some((each) => !/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/.test(each)))
        refusals.push(`${name} takes names separated by commas, without spaces, quotes and backslashes`);
      return env[name] ? named : fallback;
    },
    protections(name: string): ReadonlySet<Protection> {
      const named = list(name);
      const known = protections.filter((each) => named.includes(each));
      if (known.length < new Set(named).size) refusals.push(`${name} may contain only ${protections.join(", ")}`);
      return new Set(known);
    },
    issuers(
      name: string,
      said: { readonly agencies: string; readonly events: string },
      fallback: readonly Issuer[],
    ): readonly Issuer[] {
      const agenciesOf = agenciesOfIssuers(said.agencies);
      const eventsOf = eventsOfIssuers(said.events);
      const named = list(name).flatMap((pair) => {
        const at = pair.indexOf("=");
        const [issuer, jwksUrl] = [pair.slice(0, at), pair.slice(at + 1)];
        if (at > 0 && isUrl(jwksUrl)) return [{ issuer, jwksUrl }];
        refusals.push(
          `${name} takes iss=jwksUrl pairs separated by commas, such as https://idp.example=https://idp.example/jwks.json`,
        );
        return [];
      });
      const issuers = env[name] ? named : fallback;
      for (const [other, of] of [
        [said.agencies, agenciesOf],
        [said.events, eventsOf],
      ] as const)
        for (const issuer of of.keys())
          if (!issuers.some((each) => each.issuer === issuer))
            refusals.push(`${other} names an issuer that is not in ${name}`);
      if (new Set(issuers.map(({ issuer }) => issuer)).size < issuers.length)
        refusals.push(`${name} names an issuer twice`);
      return issuers.map((each) => {
        const heardEverySeconds = eventsOf.get(each.issuer);
        return {
          ...each,
          agencies: agenciesOf.get(each.issuer) ?? [],
          ...(heardEverySeconds === undefined ? {} : { heardEverySeconds }),
        };
      });
    },
    beginningWith,
    subgraphUrls(prefix: string): Readonly<Record<string, string>> {
      const urls = beginningWith(prefix);
      for (const [name, value] of Object.entries(urls))
        if (!isUrl(value)) refusals.push(`${prefix}${name} must be an http(s) URL`);
      return urls;
    },
  };
}
