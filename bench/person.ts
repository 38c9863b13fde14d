/**
 * PersonRecord over the project's own graph. The real subgraphs run while the bench does, over the simulated systems, and
 * answer what the stub sees for the first time; what is expected is what the oracle of the tests reads from the systems'
 * bytes, and, of what it does not read, what `@apollo/gateway` makes of the subgraphs' answers.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ApolloGateway } from "@apollo/gateway";
import { type DirectiveNode, parse, print, visit } from "graphql";
import { issuerName, mintToken } from "../mocks/issuer/mint.ts";
import { scenarioPeople, scenarios } from "../mocks/population/scenarios.ts";
import type { PersonFile } from "../mocks/population/types.ts";
import { createWorld } from "../mocks/population/world.ts";
import type { About } from "../subgraphs/kit/envelope.ts";
import { differences } from "../tests/oracle/compare.ts";
import { readOracle } from "../tests/oracle/oracle.ts";
import { agencyNames, populationSeed, startSystems } from "../tests/systems.ts";
import type { LoadRequest } from "./load.ts";
import { type Stage, startStub, type Workload } from "./stages.ts";

const query = readFileSync(new URL("../schema/documents/person-record.graphql", import.meta.url), "utf8");
const supergraphPath = new URL("../schema/supergraph.graphql", import.meta.url);
const host = "127.0.0.1";

export async function openPerson(folder: string): Promise<Stage> {
  const closers: (() => Promise<unknown>)[] = [];
  const close = async () => {
    for (const each of closers.splice(0).reverse()) await each();
  };
  try {
    const systems = await startSystems({ population: world.size, only: agencyNames, sourceTimeoutMs: 10_000 });
    closers.push(systems.close);
    const { urls } = systems.mocks;
    const stub = await startStub(folder, [
      "forward",
      ...Object.entries(systems.subgraphUrls).map(([name, url]) => `${name}=${url}`),
    ]);
    closers.push(stub.end);
    const names = Object.keys(systems.subgraphUrls);
    const sdl = names.reduce(
      (text, name) =>
        text.replace(new RegExp(`(name: "${name}", url: ")[^"]*`), `$1http://${host}:${stub.port}/${name}`),
      readFileSync(supergraphPath, "utf8"),
    );
    const [supergraph, guarded] = [join(folder, "person.graphql"), join(folder, "person-guarded.graphql")];
    const plain = withoutRules(sdl);
    writeFileSync(supergraph, plain);
    writeFileSync(guarded, sdl);
    const requests = await expectedAnswers(plain, urls, scenarioFins());
    const own = await expectedAnswers(plain, urls, ownFins());
    const persons = (count: number) => `PersonRecord for ${count} persons`;
    const compared = { connections, pairs: { "ours-authorized": "ours-shared" } };
    const workloads: readonly Workload[] = [
      { name: "person", title: `${persons(requests.length)} over five subgraphs`, requests },
      {
        ...compared,
        name: "authorization",
        title: `${persons(own.length)}, each connection its own; all that authorization does, on and off`,
        requests: own,
        ownRequests: true,
      },
      {
        ...compared,
        name: "authorization-shared",
        title: `${persons(requests.length)}, all connections the same; all that authorization does, on and off`,
        requests,
      },
      {
        name: "cache",
        title: `${persons(own.length)}, each connection its own; everything on, cold and warm`,
        requests: own,
        ownRequests: true,
        connections: keptConnections,
        pairs: { "ours-warm": "bare-warm", "ours-changing": "bare-warm", "ours-cold": "ours-warm" },
      },
    ];
    const authorized = {
      supergraph: guarded,
      issuers: `${issuerName}=${urls.issuer}/jwks.json`,
      traits: subgraphsFile,
      keys: writeKeys(folder),
      headers: {
        authorization: `Bearer ${await mintToken("ero-officer")}`,
        "crosswalk-purpose": "REMOVAL_OPERATIONS",
        // Cases differ: what is told of two callers is not the same, and nothing personal is shared.
        "crosswalk-case": "case {connection}",
      },
      persons: own.map(identifiersIn),
    };
    return { supergraph, authorized, subgraphs: names, stub, workloads, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Read by the gateway with everything on: what each subgraph is to it is what it is in the product. */
const subgraphsFile = fileURLToPath(new URL("../schema/subgraphs.json", import.meta.url));

/** A key to sign with for each; the file's path. */
function writeKeys(folder: string): string {
  const path = join(folder, "subgraph-keys.json");
  const named = JSON.parse(readFileSync(subgraphsFile, "utf8")) as readonly { readonly name: string }[];
  const key = () => `bench:${randomBytes(32).toString("base64url")}`;
  writeFileSync(path, JSON.stringify(Object.fromEntries(named.map(({ name }) => [name, key()]))));
  return path;
}

const rules = /(^|__)(guard|open|release|sparse|authenticated|requiresScopes|policy)$/;

/** The same graph with nothing said of who may see what: the others know no such rules, or refuse what has them. */
function withoutRules(sdl: string): string {
  const isRule = ({ name, arguments: args = [] }: DirectiveNode): boolean => {
    if (name.value !== "link") return rules.test(name.value);
    const url = args.find((each) => each.name.value === "url")?.value;
    return url?.kind === "StringValue" && /\/(authenticated|requiresScopes|policy)\//.test(url.value);
  };
  return print(
    visit(parse(sdl), {
      Directive: (node) => (isRule(node) ? null : undefined),
      DirectiveDefinition: ({ name }) => (rules.test(name.value) ? null : undefined),
    }),
  );
}

const world = { size: 2_000, seed: populationSeed };
/** Answers to callers from whom something may be hidden wait for the next tick of 25 ms: so many keep a core busy. */
const connections = 200;
/** From memory the grid alone would hold 200 connections back; of many more, some would find every call to a subgraph taken. */
const keptConnections = 250;
/** Nearly all that there are in such a world: more than there are connections. */
const ownPersons = 300;

/** Persons with records at ICE and at the court, of whom 8 USC 1367 hides nothing: some more than there are connections. */
function ownFins(): readonly string[] {
  const isOrdinary = ({ ident, eid, elis, cases }: PersonFile) =>
    ident.length === 1 &&
    eid.stays.length + eid.detainers.length > 0 &&
    cases.length > 0 &&
    elis.cases.every(({ form, protection }) => protection === null && /^I-(589|765|130|485)$/.test(form));
  const files = [...createWorld(world).persons()].slice(scenarioPeople).filter(isOrdinary);
  return files.slice(0, ownPersons).flatMap(({ ident }) => ident.map(({ fin }) => fin));
}

/** By what every agency knows of this person, whatever each of them goes by. */
function identifiersIn({ expected }: LoadRequest): readonly About[] {
  const { fin, fins, aNumbers } = (
    expected as { readonly person: Readonly<Record<"fins" | "aNumbers", string[]>> & { readonly fin: string } }
  ).person;
  return [
    ...[...new Set([fin, ...fins])].map((each): About => ["Fin", each]),
    ...aNumbers.map((each): About => ["ANumber", each]),
  ];
}

const ordinary: ReadonlySet<string> = new Set(["S1", "S2", "S3", "S4", "S5", "S6", "S7", "S9", "S10"]);

/** Those from whose records the law hides something have another answer with callers than without. */
function scenarioFins(): readonly string[] {
  return scenarios.flatMap(({ id, identifiers: { fin } }) => (fin && ordinary.has(id) ? [fin] : []));
}

/** Those persons whose answers have no errors: an answer with errors differs from gateway to gateway. */
async function expectedAnswers(
  sdl: string,
  urls: Parameters<typeof readOracle>[0],
  fins: readonly string[],
): Promise<readonly LoadRequest[]> {
  const reference = new ApolloGateway({ supergraphSdl: sdl });
  const { schema, executor } = await reference.load();
  const oracle = await readOracle(urls, fins);
  const document = parse(query);
  const requests: LoadRequest[] = [];
  for (const fin of fins) {
    const variables = { by: { fin } };
    const request = { request: { query, variables }, document, queryHash: "person", schema, metrics: {}, context: {} };
    const { data, errors } = await executor(request as unknown as Parameters<typeof executor>[0]);
    if (errors?.length) continue;
    const expected: unknown = JSON.parse(JSON.stringify(data));
    const wrong = differences(oracle.expectedFor(fin), { data: expected }).filter((line) => !isBeyondOracle(line));
    if (wrong.length > 0) throw new Error(`the reference is not what the oracle reads: ${wrong[0]}`);
    requests.push({ body: JSON.stringify({ query, variables }), expected });
  }
  await reference.stop();
  if (requests.length < 4) throw new Error("fewer than four scenario persons have an answer without errors");
  return requests;
}

/** A field that this document asks for and the oracle does not compute. */
const isBeyondOracle = (line: string): boolean => line.includes("expected nothing, given ");
