/** The rules about what may refer to what. Each takes files and gives back a line for every violation. */
import { readFileSync } from "node:fs";
import type { SourceFile } from "./source-tree.ts";

export type Rule = (files: readonly SourceFile[]) => readonly string[];

const agencies: readonly string[] = JSON.parse(
  readFileSync(new URL("../schema/subgraphs.json", import.meta.url), "utf8"),
).map(({ name }: { name: string }) => name);

/** Where a file may look for what is ours. `{ within }`: folders; `{ files }`: exact paths. */
type Reach = { readonly within: readonly string[]; readonly files?: RegExp };

/** The first entry that holds the file decides. What is not named here (tests, bench, start.ts) may see everything. */
const reaches: readonly (readonly [inside: string, reach: Reach])[] = [
  ["schema/", { within: ["schema/"] }],
  ["subgraphs/main.ts", { within: ["subgraphs/kit/"], files: /^subgraphs\/[a-z]+\/main\.ts$/ }],
  ["subgraphs/kit/", { within: ["subgraphs/kit/", "schema/"] }],
  ...agencies.map((agency): readonly [string, Reach] => [
    `subgraphs/${agency}/`,
    { within: [`subgraphs/${agency}/`, "subgraphs/kit/", "schema/"] },
  ]),
  ["subgraphs/", { within: [] }],
  ["gateway/", { within: ["gateway/", "schema/"] }],
  ...agencies.map((agency): readonly [string, Reach] => [
    `mocks/${agency}/`,
    { within: [`mocks/${agency}/`, "mocks/population/"], files: /^mocks\/[a-z-]+\.ts$/ },
  ]),
  ["mocks/", { within: ["mocks/"] }],
];

export const boundaries: Rule = (files) =>
  files.flatMap(({ path, references }) => {
    const reach = reaches.find(([inside]) => path.startsWith(inside))?.[1];
    if (reach === undefined) return [];
    return references.flatMap(({ target, isOurs }) => {
      if (target === null) return [`${path} loads something computed: nobody can say what`];
      if (!isOurs || reach.within.some((each) => target.startsWith(each)) || reach.files?.test(target)) return [];
      return [`${path} reaches ${target}, which it must not know`];
    });
  });

/** Heavy or replaceable packages, and the only places that may know them. Tests may know all. */
const doors: Readonly<Record<string, RegExp>> = {
  "@apollo/composition": /^schema\/compose\.ts$/,
  "@apollo/federation-internals": /^gateway\/execution\/planner[a-z-]*\.ts$/,
  "@apollo/query-planner": /^gateway\/execution\/planner[a-z-]*\.ts$/,
  "@apollo/subgraph": /^subgraphs\/kit\/subgraph\.ts$/,
  "@opentelemetry/api": /^gateway\/telemetry(\.ts$|\/)/,
  "@cedar-policy/cedar-wasm": /^(gateway\/authorization\/policies[a-z-]*|schema\/check-policies)\.ts$/,
  "@electric-sql/pglite": /^mocks\/ice\//,
  "@electric-sql/pglite-socket": /^mocks\/ice\//,
  dataloader: /^subgraphs\/[a-z]+\/resolvers\.ts$/,
  "fast-xml-parser": /^(subgraphs|mocks)\/obim\/(xml|soap)\.ts$/,
  graphql: /^(gateway|subgraphs|schema)\//,
  "graphql-http": /^subgraphs\/kit\/subgraph\.ts$/,
  "graphql-ws": /^gateway\/subscriptions\/websocket-protocol\.ts$/,
  ioredis: /^(gateway\/cache\/redis|subgraphs\/kit\/feed-redis)\.ts$/,
  ws: /^gateway\/subscriptions\/websocket\.ts$/,
  jose: /^(gateway\/authorization|mocks\/issuer)\//,
  "node:sqlite": /^subgraphs\/eoir\//,
  pg: /^(subgraphs\/ice\/source\.ts$|mocks\/ice\/)/,
  "prom-client": /^gateway\/telemetry(\.ts$|\/)/,
  undici: /^(subgraphs\/kit\/source|gateway\/subgraph\/transport|gateway\/supergraph\/source)\.ts$/,
  // Installed for tests alone.
  "@apollo/gateway": /^$/,
  "@opentelemetry/sdk-trace-base": /^$/,
  "@jest/globals": /^$/,
  "@swc/core": /^$/,
  "fast-check": /^$/,
  "graphql-sse": /^$/,
  soap: /^$/,
  yaml: /^$/,
};

export const oneDoorPerPackage: Rule = (files) =>
  files
    .filter(({ path }) => !isForTests(path))
    .flatMap(({ path, references }) =>
      references.flatMap(({ target, isOurs }) => {
        if (isOurs || target === null || !Object.hasOwn(doors, target) || doors[target]?.test(path)) return [];
        return [`${path} imports ${target}, whose door is elsewhere`];
      }),
    );

/** Where the environment is read: a gateway's one file, and what starts a process or ends in one (`settings`). */
const environmentReaders = [
  /^gateway\/config\.ts$/,
  /^start\.ts$/,
  /^bench\//,
  /^mocks\/main\.ts$/,
  // Started by mocks/main.ts with nothing but the world in hand: which engine, and where PostgreSQL's programs are.
  /^mocks\/ice\/(eid|engine|spawned-postgres)\.ts$/,
  // A program of its own (`npm run token`), and where it keeps the development keys.
  /^mocks\/(development-keys|issuer\/token)\.ts$/,
  /^subgraphs\/([a-z]+\/)?main\.ts$/,
];

export const environmentIsReadAtTheEdge: Rule = (files) =>
  files
    .filter(({ path, readsEnvironment }) => readsEnvironment && !isForTests(path))
    .filter(({ path }) => !environmentReaders.some((each) => each.test(path)))
    .map(({ path }) => `${path} reads the environment; settings are handed to it`);

/** Top first: what stands higher may know what stands lower. Folders and files directly in gateway/. */
const gatewayFromTheTop = [
  "main.ts",
  "process.ts",
  "print-plan.ts",
  "gateway.ts",
  "subgraphs.ts",
  "sources.ts",
  "http",
  "subscriptions",
  "handle.ts",
  "answer.ts",
  "turns.ts",
  "admission.ts",
  "grid.ts",
  "freshness.ts",
  "supergraph",
  "authorization",
  "disclosure",
  "execution",
  "cache",
  "subgraph",
  "operation",
  "telemetry.ts",
  "telemetry",
  "errors-document.ts",
  "config.ts",
  "errors.ts",
  "compiled.ts",
  "under-way.ts",
];

export const nothingImportsUpward: Rule = (files) =>
  files
    .filter(({ path }) => path.startsWith("gateway/") && !path.endsWith(".test.ts"))
    .flatMap(({ path, references }) => {
      const from = gatewayFromTheTop.indexOf(partOf(path));
      if (from === -1) return [`${path} has no place among the gateway's parts: give it one here`];
      return references.flatMap(({ target, isOurs }) => {
        if (!isOurs || target === null || !target.startsWith("gateway/")) return [];
        return gatewayFromTheTop.indexOf(partOf(target)) >= from ? [] : [`${path} imports upward: ${target}`];
      });
    });

function partOf(path: string): string {
  return path.split("/")[1] as string;
}

/** Imports that run; those of types alone are erased and close no circle. */
export const noCycles: Rule = (files) => {
  const next = new Map(
    files.map(({ path, references }) => [
      path,
      references.flatMap(({ target, isOurs, isTypeOnly }) =>
        isOurs && !isTypeOnly && target !== null ? [target] : [],
      ),
    ]),
  );
  const done = new Set<string>();
  const found: string[] = [];
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) return void found.push([...trail.slice(start), path].join(" → "));
    if (done.has(path)) return;
    for (const each of next.get(path) ?? []) visit(each, [...trail, path]);
    done.add(path);
  };
  for (const { path } of files) visit(path, []);
  return found;
};

function isForTests(path: string): boolean {
  return path.startsWith("tests/") || path.startsWith("bench/") || path.endsWith(".test.ts");
}
