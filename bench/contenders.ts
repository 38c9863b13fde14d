/** Who is measured, and how each is started. Every one is a process of its own on the first core. */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { About } from "../subgraphs/kit/envelope.ts";
import { announce } from "./announce.ts";
import type { LoadRequest } from "./load.ts";
import { type Child, freePort, sleep, startChild } from "./processes.ts";

export type Contender = {
  readonly name: string;
  readonly title: string;
  readonly kind: "ours" | "peer" | "ceiling";
  /** Asked by a caller, over a stage that has callers. */
  readonly isAuthorized?: true;
  /** It is told of all sources, and that so much of the persons changes in a second. */
  readonly changing?: number;
  start(place: Place): { readonly args: readonly string[]; readonly env?: Readonly<Record<string, string>> };
};

/** What a contender is started with. */
export type Place = {
  readonly folder: string;
  readonly port: number;
  readonly internalPort: number;
  readonly supergraph: string;
  readonly subgraphs: readonly string[];
  /** Where rules are: the supergraph with them, who vouches for callers, and what one of those sends along. */
  readonly authorized?: Authorized;
  /** Our gateway's main module. */
  readonly gatewayMain: string;
  /** Where our gateway's CPU profile goes; undefined: none is taken. */
  readonly profileFolder: string | undefined;
};

export type Authorized = {
  readonly supergraph: string;
  readonly issuers: string;
  /** Files: what each subgraph is to the gateway, as the product has it; and the keys to sign with. */
  readonly traits: string;
  readonly keys: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Who changes, by what identifies each of them. */
  readonly persons: readonly (readonly About[])[];
};

export const gatewayCore = 0;
export const loadCore = 1;

const program = (name: string) => fileURLToPath(new URL(`gateways/${name}.ts`, import.meta.url));

const offWithoutCallers = "authentication,purpose,deny-by-default,subgraph-signature";
const alwaysOff = "audit,plaintext,introspection";

/** Our gateway without callers, policies, signatures and TLS; its subgraphs of one kind, whatever they are in the product. */
function ours(fetches: "personal" | "common"): Contender["start"] {
  return (place) => {
    const subgraphsFile = join(place.folder, `subgraphs-${fetches}.json`);
    writeFileSync(subgraphsFile, JSON.stringify(place.subgraphs.map((name) => ({ name, systems: [], fetches }))));
    return startOurs(place, {
      GATEWAY_INSECURE: `${offWithoutCallers},${alwaysOff}`,
      GATEWAY_SUPERGRAPH: place.supergraph,
      GATEWAY_SUBGRAPHS: subgraphsFile,
    });
  };
}

/** With everything on but TLS, over the product's own file of subgraphs. */
const oursAuthorized =
  (settings: Readonly<Record<string, string>> = {}): Contender["start"] =>
  ({ authorized, ...place }) => {
    if (authorized === undefined) throw new Error("nobody vouches for callers here");
    return startOurs(place, {
      GATEWAY_INSECURE: alwaysOff,
      GATEWAY_SUPERGRAPH: authorized.supergraph,
      GATEWAY_ISSUERS: authorized.issuers,
      GATEWAY_SUBGRAPHS: authorized.traits,
      SUBGRAPH_KEYS_FILE: authorized.keys,
      ...settings,
    });
  };

function startOurs(
  { port, internalPort, gatewayMain, profileFolder }: Place,
  settings: Readonly<Record<string, string>>,
): ReturnType<Contender["start"]> {
  return {
    args: [
      "--max-semi-space-size=64",
      "--no-allocation-site-pretenuring",
      ...(profileFolder ? ["--cpu-prof", `--cpu-prof-dir=${profileFolder}`] : []),
      gatewayMain,
    ],
    env: {
      CROSSWALK_ENV: "production",
      ...settings,
      PORT: String(port),
      INTERNAL_PORT: String(internalPort),
    },
  };
}

const peer =
  (name: string, ...options: readonly string[]): Contender["start"] =>
  ({ port, supergraph }) => ({ args: [program(name), String(port), supergraph, ...options] });

/** Where the calls of that contender are kept, for the ceilings to repeat. */
export const recordingPath = (folder: string, contender: string): string => join(folder, `recorded-${contender}.json`);

const ceiling =
  (mode: string, recorded: string): Contender["start"] =>
  ({ port, folder }) => {
    const path = recordingPath(folder, recorded);
    if (!existsSync(path)) throw new Error(`it repeats what ${recorded} asks of the subgraphs: measure that too`);
    return { args: [program("ceiling"), String(port), mode, path] };
  };

export const contenders: readonly Contender[] = [
  { name: "ours", kind: "ours", title: "Crosswalk, nothing shared", start: ours("personal") },
  {
    name: "ours-shared",
    kind: "ours",
    title: "Crosswalk, identical subgraph reads under way shared",
    start: ours("common"),
  },
  {
    name: "ours-authorized",
    kind: "ours",
    isAuthorized: true,
    title: "Crosswalk, the same with callers, purposes, gate, guards, signatures and the grid on",
    start: oursAuthorized(),
  },
  {
    name: "ours-cold",
    kind: "ours",
    isAuthorized: true,
    changing: 0,
    title: "Crosswalk, everything on, nothing kept",
    start: oursAuthorized({ CACHE_MAX_BYTES: "0" }),
  },
  {
    name: "ours-warm",
    kind: "ours",
    isAuthorized: true,
    changing: 0,
    title: "Crosswalk, everything on, from memory",
    start: oursAuthorized(),
  },
  {
    name: "ours-changing",
    kind: "ours",
    isAuthorized: true,
    changing: 0.01,
    title: "Crosswalk, everything on, from memory, 1 % of the persons changing in each second",
    start: oursAuthorized(),
  },
  { name: "stock", kind: "peer", title: "@apollo/gateway + @apollo/server", start: peer("stock") },
  { name: "hive", kind: "peer", title: "Hive Gateway, nothing shared", start: peer("hive", "stitching") },
  {
    name: "hive-router",
    kind: "peer",
    title: "Hive Gateway + router-runtime, nothing shared",
    start: peer("hive", "router"),
  },
  {
    name: "hive-published",
    kind: "peer",
    title: "Hive Gateway + router-runtime, whole requests and subgraph reads under way shared",
    start: peer("hive", "router", "published"),
  },
  { name: "bare", kind: "ceiling", title: "ceiling: node:http sending the bytes", start: ceiling("bare", "stock") },
  {
    name: "bare-warm",
    kind: "ceiling",
    isAuthorized: true,
    title: "ceiling: node:http sending the same bytes to the same requests",
    start: ceiling("bare", "ours-warm"),
  },
  {
    name: "parse",
    kind: "ceiling",
    title: "ceiling: + parsing what stock's calls bring, writing the answer",
    start: ceiling("parse", "stock"),
  },
  {
    name: "calls",
    kind: "ceiling",
    title: "ceiling: stock's calls through undici, nothing else",
    start: ceiling("calls", "stock"),
  },
  {
    name: "calls-ours",
    kind: "ceiling",
    title: "ceiling: our calls through undici, nothing else",
    start: ceiling("calls", "ours"),
  },
];

export type Running = {
  readonly contender: Contender;
  readonly child: Child;
  readonly port: number;
  readonly internalPort: number;
};

/** Starts it and waits for its first right answer. Throws with its own complaint when none comes in time. */
export async function startContender(
  contender: Contender,
  place: Omit<Place, "port" | "internalPort">,
  request: LoadRequest,
  /** Null: nothing is wrong with it. */
  faultIn: (text: string) => string | null,
): Promise<Running & { readonly firstAnswerMs: number }> {
  const port = await freePort();
  const internalPort = await freePort();
  const { args, env } = contender.start({ ...place, port, internalPort });
  const startedAt = performance.now();
  const child = startChild({
    folder: place.folder,
    name: contender.name,
    core: gatewayCore,
    args,
    ...(env ? { env } : {}),
    endsItself: contender.kind === "ours" && place.profileFolder !== undefined,
  });
  let last = "no answer";
  while (performance.now() - startedAt < 20_000 && !child.hasEnded()) {
    const answer = await ask(port, request.body, headersOf(contender, place)).catch(() => null);
    const fault = answer === null ? last : faultIn(answer);
    if (fault === null) {
      const firstAnswerMs = performance.now() - startedAt;
      return {
        contender,
        child: await announcedTo(contender, child, place, internalPort),
        port,
        internalPort,
        firstAnswerMs,
      };
    }
    last = fault;
    await sleep(answer === null ? 4 : 50);
  }
  await child.end();
  throw new Error(`${last} ${child.complaint().slice(-600)}`.trim());
}

/** Until it ends. */
async function announcedTo(
  { changing }: Contender,
  child: Child,
  { authorized }: Pick<Place, "authorized">,
  internalPort: number,
): Promise<Child> {
  if (changing === undefined || authorized === undefined) return child;
  const announcing = await announce({ ...authorized, internalPort, changing });
  return {
    ...child,
    end: () => {
      announcing.stop();
      return child.end();
    },
  };
}

/** What a contender's requests have beside those of all. */
export const headersOf = (
  { isAuthorized }: Contender,
  { authorized }: Pick<Place, "authorized">,
): Readonly<Record<string, string>> => (isAuthorized ? (authorized?.headers ?? {}) : {});

export async function ask(port: number, body: string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}/graphql`, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body,
    signal: AbortSignal.timeout(20_000),
  });
  return response.text();
}
