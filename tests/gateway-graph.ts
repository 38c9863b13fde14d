/** For the gateway's tests: a tiny graph of three subgraphs on the real wire, an issuer, and a gateway in front of them. */
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { composeServices } from "@apollo/composition";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { GraphQLError, parse } from "graphql";
import { createHandler } from "graphql-http/lib/use/http";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { type Config, type Environment, readConfig } from "../gateway/config.ts";
import { type Overrides, startGateway } from "../gateway/gateway.ts";
import { closing, listening } from "./listeners.ts";

const shared = readFileSync(new URL("../schema/shared.graphql", import.meta.url), "utf8");

const peopleSdl = `
  type Query {
    person(by: PersonIdentifier!): Person
    people: [Person!]
    unsure: String
  }
  type Mutation { note(text: String!): String }
  input PersonIdentifier @oneOf {
    fin: Fin
    aNumber: ANumber
    i94Number: I94Number
    passport: PassportIdentifier
    receiptNumber: ReceiptNumber
    sevisId: SevisId
    fbiNumber: FbiNumber
    eidSubjectId: EidSubjectId
  }
  input PassportIdentifier { number: PassportNumber! country: CountryCode! }
  type Person @key(fields: "fin") {
    fin: Fin!
    aNumbers: [ANumber!]
    fbiNumbers: [FbiNumber!]
    birthDate: Date
    secret: Boolean @inaccessible
  }`;

const courtSdl = `
  type Person @key(fields: "fin") {
    fin: Fin!
    aNumbers: [ANumber!] @external
    courtCases(first: Int): [CourtCase!] @requires(fields: "aNumbers")
    nextCourt: CourtCase @requires(fields: "aNumbers")
  }
  type CourtCase { id: ID! caseType: String kind: CaseKind orders: [Order!] source: Source! }
  type Order { decidedAt: Date }
  enum CaseKind { REMOVAL ASYLUM_ONLY }`;

const custodySdl = `
  type Person @key(fields: "fin") { fin: Fin! custodyStays: [CustodyStay!] }
  type CustodyStay { id: ID! bookedInAt: DateTime }`;

type PersonRow = {
  readonly fin: string;
  readonly aNumbers: readonly string[] | null;
  readonly fbiNumbers: readonly string[];
};

export const persons: readonly PersonRow[] = [
  { fin: "FIN000001", aNumbers: ["000000011", "000000012"], fbiNumbers: ["111AA1", "111AA2", "111AA3"] },
  { fin: "FIN000002", aNumbers: ["000000021"], fbiNumbers: ["222BB2"] },
];

const withSource = { source: { system: "CASE", asOf: "2026-10-19T14:00:00Z" } };
const casesOf = (aNumbers: readonly string[]) =>
  aNumbers.map((each) => ({
    id: `C${each}`,
    caseType: "RMV",
    kind: "REMOVAL",
    orders: [{ decidedAt: null }],
    ...withSource,
  }));

const resolvers = {
  people: {
    Query: {
      person: (_: unknown, { by }: { by: Record<string, string> }) => {
        if (by.fbiNumber === "999")
          throw new GraphQLError("999 is shared", { extensions: { code: "AMBIGUOUS_IDENTIFIER", system: "IDENT" } });
        return persons.find(({ fin, aNumbers }) => fin === by.fin || aNumbers?.includes(by.aNumber ?? "")) ?? null;
      },
      people: () => persons,
      unsure: () => {
        throw new GraphQLError("no, says 000000011", {
          extensions: { code: "SOMETHING_OWN", secret: "000000011", stacktrace: ["x"] },
        });
      },
    },
    Mutation: { note: (_: unknown, { text }: { text: string }) => text },
    Person: { __resolveReference: ({ fin }: { fin: string }) => persons.find((each) => each.fin === fin) },
  },
  court: {
    Person: {
      courtCases: ({ aNumbers }: PersonRow, { first = 99 }: { first?: number }) =>
        casesOf(aNumbers ?? []).slice(0, first),
      nextCourt: ({ aNumbers }: PersonRow) => casesOf(aNumbers ?? [])[0],
    },
  },
  custody: { Person: { custodyStays: ({ fin }: PersonRow) => [{ id: `S${fin}`, bookedInAt: "2026-10-01" }] } },
};

/** Answers in the subgraph's place. */
export type Fault = (request: IncomingMessage, response: ServerResponse) => void;

export type TinySubgraph = {
  readonly url: string;
  /** Bodies of the requests so far. */
  readonly requests: { readonly query: string; readonly variables: Record<string, unknown> }[];
  fault: Fault | null;
  close(): Promise<void>;
};

export type TinyName = "people" | "court" | "custody";
export type TinyGraph = {
  readonly subgraphs: Readonly<Record<TinyName, TinySubgraph>>;
  readonly sdl: string;
  close(): Promise<void>;
};

const sdls = { people: peopleSdl, court: courtSdl, custody: custodySdl };
const names = Object.keys(sdls) as TinyName[];

/** Starts the three subgraphs on free ports and composes them. */
export async function startTinyGraph(): Promise<TinyGraph> {
  const started = await Promise.all(names.map(async (name) => [name, await startSubgraph(name)] as const));
  const subgraphs = Object.fromEntries(started) as Record<TinyName, TinySubgraph>;
  return {
    subgraphs,
    sdl: composeTiny((name) => subgraphs[name].url),
    close: async () => void (await Promise.all(started.map(([, each]) => each.close()))),
  };
}

/** The tiny supergraph over these URLs; `more` is added to the people's schema, `edit` may change each. */
export function composeTiny(urlOf: (name: TinyName) => string, more = "", edit = (sdl: string) => sdl): string {
  const { supergraphSdl, errors } = composeServices(
    names.map((name) => ({
      name,
      url: urlOf(name),
      typeDefs: parse(`${shared}\n${edit(sdls[name])}\n${name === "people" ? more : ""}`),
    })),
  );
  if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
  return supergraphSdl;
}

async function startSubgraph(name: TinyName): Promise<TinySubgraph> {
  const typeDefs = parse(`${shared}\n${sdls[name]}`);
  // biome-ignore lint/suspicious/noExplicitAny: the resolver map's type is the package's own.
  const schema = buildSubgraphSchema([{ typeDefs, resolvers: resolvers[name] as any }]);
  const subgraph: { requests: TinySubgraph["requests"]; fault: Fault | null } = { requests: [], fault: null };
  const handler = createHandler({
    schema,
    onSubscribe: (_request, { query, variables }) => {
      subgraph.requests.push({ query: String(query), variables: variables ?? {} });
    },
  });
  const server = createServer((request, response) => {
    if (subgraph.fault) subgraph.fault(request, response);
    else handler(request, response).catch(() => response.destroy());
  });
  const url = `${await listening(server)}/graphql`;
  return Object.assign(subgraph, { url, close: () => closing(server) });
}

export function answerWith(status: number, contentType: string, body: string | Buffer): Fault {
  return (request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": contentType }).end(body);
  };
}

/** Answers the one field at the root, under whatever key it was asked for; `#` stands for that key in error paths. */
export function answerRoot(
  value: unknown,
  errors: readonly { path: readonly unknown[]; extensions: unknown }[] = [],
): Fault {
  return (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.once("end", () => {
      const { query } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string };
      const key = /\{\s*(\w+)/.exec(query.slice(query.indexOf("{")))?.[1] ?? "";
      const placed = errors.map(({ path, ...error }) => ({
        ...error,
        path: path.map((step) => (step === "#" ? key : step)),
      }));
      answerJson({ data: { [key]: value }, ...(placed.length > 0 ? { errors: placed } : {}) })(request, response);
    });
  };
}

export const answerJson = (value: unknown): Fault => answerWith(200, "application/json", JSON.stringify(value));

export type TestIssuer = {
  readonly issuer: string;
  readonly jwksUrl: string;
  /** A signed token; `undefined` takes a claim away. */
  token(claims?: JWTPayload, header?: { typ?: string; kid?: string }): Promise<string>;
  close(): Promise<void>;
};

/** An issuer with one ES256 key, its key set served over HTTP. */
export async function startIssuer(issuer = "https://issuer.test.example"): Promise<TestIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("ES256");
  const keys = [{ ...(await exportJWK(publicKey)), kid: "k1", alg: "ES256", use: "sig" }];
  const server = createServer((_request, response) => {
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ keys }));
  });
  const jwksUrl = `${await listening(server)}/jwks.json`;
  return {
    issuer,
    jwksUrl,
    token(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1000);
      const whole = { iss: issuer, sub: "officer-1", aud: "crosswalk", iat: now, exp: now + 300, ...ero, ...claims };
      const given = Object.fromEntries(Object.entries(whole).filter(([, value]) => value !== undefined));
      return new SignJWT(given)
        .setProtectedHeader({ alg: "ES256", typ: "at+jwt", kid: "k1", ...header })
        .sign(privateKey);
    },
    close: () => closing(server),
  };
}

const ero = {
  agency: "ICE",
  roles: ["deportation-officer"],
  purposes: ["REMOVAL_OPERATIONS", "CUSTODY"],
  scope: "records:read",
};

export type TestGateway = {
  readonly url: string;
  readonly internalUrl: string;
  readonly lines: string[];
  /** Posts one operation; `status` and the parsed body. */
  ask(
    query: string,
    variables?: unknown,
    headers?: Record<string, string>,
  ): Promise<{ status: number; body: Body; text: string }>;
  close(): Promise<void>;
};

export type Body = {
  // biome-ignore lint/suspicious/noExplicitAny: an answer is of any shape; the tests say of which.
  data?: any;
  errors?: readonly { message: string; path?: unknown; locations?: unknown; extensions: Record<string, unknown> }[];
};

/** A gateway on free ports; without authentication unless `env` says otherwise. */
export async function startTestGateway(
  sdl: string,
  env: Environment = {},
  overrides: Overrides = {},
): Promise<TestGateway> {
  const lines: string[] = [];
  const config = testConfig(env);
  const gateway = await startGateway(config, {
    look: async () => sdl,
    writeLine: (line) => lines.push(line),
    ...overrides,
  });
  return {
    ...gateway,
    lines,
    async ask(query, variables = {}, headers = {}) {
      const response = await fetch(gateway.url, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "application/graphql-response+json", ...headers },
        body: JSON.stringify({ query, variables }),
      });
      const text = await response.text();
      return { status: response.status, text, body: JSON.parse(text) as Body };
    },
  };
}

export function testConfig(env: Environment = {}): Config {
  const outcome = readConfig({
    PORT: "0",
    INTERNAL_PORT: "0",
    GATEWAY_INSECURE: "authentication,purpose,deny-by-default",
    ...env,
  });
  if ("refusals" in outcome) throw new Error(outcome.refusals.join("\n"));
  return outcome.config;
}
