/** The public listener as a client meets it: GraphQL over HTTP, statuses, bad input, limits. */
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { serverAudits } from "graphql-http";
import { type Body, startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";

let graph: TinyGraph;
let gateway: TestGateway;

beforeAll(async () => {
  graph = await startTinyGraph();
  gateway = await startTestGateway(graph.sdl);
});
afterAll(async () => {
  await gateway.close();
  await graph.close();
});

const json = { "content-type": "application/json" };
const responseJson = "application/graphql-response+json";

async function send(init: RequestInit & { path?: string }) {
  const response = await fetch(`${new URL(gateway.url).origin}${init.path ?? "/graphql"}`, {
    redirect: "manual",
    ...init,
  });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.includes("json");
  return { status: response.status, headers: response.headers, text, body: (isJson ? JSON.parse(text) : {}) as Body };
}

const post = (body: unknown, headers: Record<string, string> = {}) =>
  send({
    method: "POST",
    headers: { ...json, ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });

const codesOf = ({ errors }: Body) => errors?.map(({ extensions }) => extensions.code);

describe("all server audits of graphql-http", () => {
  const audits = serverAudits({ url: () => gateway.url, fetchFn: fetch });
  test("are more than sixty", () => expect(audits.length).toBeGreaterThan(60));
  test.each(audits.map((audit) => [audit.id, audit.name, audit] as const))("%s %s", async (_id, _name, audit) => {
    expect(await audit.fn()).toMatchObject({ status: "ok" });
  });
});

describe("statuses and media types", () => {
  const good = { query: "{ __typename }" };
  const unparsable = { query: "{" };
  const unknownField = { query: "{ nothingLikeThis }" };
  const badVariable = { query: "query ($by: PersonIdentifier!) { person(by: $by) { fin } }", variables: { by: {} } };
  const failing = { query: "{ unsure }" };
  const jsonType = "application/json; charset=utf-8";
  const graphqlType = "application/graphql-response+json; charset=utf-8";
  test.each<[string | undefined, unknown, number, string, string | undefined]>([
    [responseJson, good, 200, graphqlType, undefined],
    [responseJson, failing, 200, graphqlType, "SUBGRAPH_ERROR"],
    [responseJson, unparsable, 400, graphqlType, "GRAPHQL_PARSE_FAILED"],
    [responseJson, unknownField, 400, graphqlType, "GRAPHQL_VALIDATION_FAILED"],
    [responseJson, badVariable, 400, graphqlType, "BAD_USER_INPUT"],
    ["application/json", good, 200, jsonType, undefined],
    ["application/json", unparsable, 200, jsonType, "GRAPHQL_PARSE_FAILED"],
    ["application/json", unknownField, 200, jsonType, "GRAPHQL_VALIDATION_FAILED"],
    ["application/json", badVariable, 200, jsonType, "BAD_USER_INPUT"],
    ["application/json", [], 400, jsonType, "BAD_REQUEST"],
    ["*/*", good, 200, jsonType, undefined],
    ["*/*", unparsable, 400, jsonType, "GRAPHQL_PARSE_FAILED"],
    ["", unknownField, 400, jsonType, "GRAPHQL_VALIDATION_FAILED"],
    ["application/*;q=0.5", badVariable, 400, jsonType, "BAD_USER_INPUT"],
    ["application/json;q=0.5, application/graphql-response+json", unparsable, 400, graphqlType, "GRAPHQL_PARSE_FAILED"],
    ["application/json, application/graphql-response+json;q=0.5", unparsable, 200, jsonType, "GRAPHQL_PARSE_FAILED"],
    ["text/html", good, 406, jsonType, "NOT_ACCEPTABLE"],
    ["application/json;q=0", good, 406, jsonType, "NOT_ACCEPTABLE"],
    ["application/json; charset=latin1", good, 406, jsonType, "NOT_ACCEPTABLE"],
  ])("Accept %j and %j: %d", async (accept, request, status, contentType, code) => {
    const answer = await post(request, accept === undefined ? {} : { accept });
    expect([answer.status, answer.headers.get("content-type")]).toEqual([status, contentType]);
    expect(codesOf(answer.body)?.[0]).toBe(code);
    if (status >= 400) expect(answer.body).not.toHaveProperty("data");
  });

  test("every answer forbids storing, sniffing and framing", async () => {
    for (const answer of [await post(good), await post(unparsable), await send({ path: "/elsewhere" })]) {
      expect(answer.headers.get("cache-control")).toBe("no-store");
      expect(answer.headers.get("x-content-type-options")).toBe("nosniff");
      expect(answer.headers.get("content-security-policy")).toContain("default-src 'none'");
    }
  });
});

describe("requests that are refused", () => {
  const query = "{ __typename }";
  const cases: readonly [string, () => Promise<Awaited<ReturnType<typeof send>>>, number, string][] = [
    ["no content type", () => send({ method: "POST", body: Buffer.from("{}") }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "a form",
      () => post("query=%7B__typename%7D", { "content-type": "application/x-www-form-urlencoded" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["plain text", () => post({ query }, { "content-type": "text/plain" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "multipart",
      () => post({ query }, { "content-type": "multipart/form-data; boundary=x" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "GraphQL as a content type",
      () => post(query, { "content-type": "application/graphql" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "a Latin-1 body",
      () => post({ query }, { "content-type": "application/json; charset=iso-8859-1" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    [
      "a UTF-16 body",
      () => post({ query }, { "content-type": "application/json; charset=utf-16" }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["a compressed body", () => post({ query }, { "content-encoding": "gzip" }), 415, "UNSUPPORTED_MEDIA_TYPE"],
    [
      "bytes that are not UTF-8",
      () => send({ method: "POST", headers: json, body: Buffer.from([0x7b, 0xff, 0x7d]) }),
      400,
      "BAD_REQUEST",
    ],
    ["an empty body", () => post(""), 400, "BAD_REQUEST"],
    ["broken JSON", () => post('{"query": "{ __typ'), 400, "BAD_REQUEST"],
    ["a batch", () => post([{ query }, { query }]), 400, "BAD_REQUEST"],
    ["a JSON text", () => post('"{ __typename }"'), 400, "BAD_REQUEST"],
    ["a JSON null", () => post("null"), 400, "BAD_REQUEST"],
    ["no query", () => post({}), 400, "BAD_REQUEST"],
    ["an empty query", () => post({ query: "" }), 400, "BAD_REQUEST"],
    ["a query under __proto__", () => post('{"__proto__":{"query":"{ __typename }"}}'), 400, "BAD_REQUEST"],
    ["variables that are a list", () => post({ query, variables: [1] }), 400, "BAD_REQUEST"],
    [
      "variables that are a text",
      () => send({ path: `/graphql?query=${query}&variables=%22x%22` }),
      400,
      "BAD_REQUEST",
    ],
    [
      "variables that are no JSON in a GET",
      () => send({ path: `/graphql?query=${query}&variables={` }),
      400,
      "BAD_REQUEST",
    ],
    ["two queries in a GET", () => send({ path: `/graphql?query=${query}&query=${query}` }), 400, "BAD_REQUEST"],
    [
      "a GET with a form's content type",
      () => send({ path: `/graphql?query=${query}`, headers: { "content-type": "text/plain" } }),
      415,
      "UNSUPPORTED_MEDIA_TYPE",
    ],
    ["a page of another site", () => post({ query }, { "sec-fetch-site": "cross-site" }), 403, "CROSS_SITE_REFUSED"],
    [
      "a mutation in a GET",
      () => send({ path: "/graphql?query=mutation{note(text:%22x%22)}" }),
      405,
      "METHOD_NOT_ALLOWED",
    ],
    ["PUT", () => send({ method: "PUT", headers: json, body: JSON.stringify({ query }) }), 405, "METHOD_NOT_ALLOWED"],
    ["OPTIONS", () => send({ method: "OPTIONS" }), 405, "METHOD_NOT_ALLOWED"],
    ["1 MB", () => post({ query, pad: "x".repeat(1_000_000) }), 413, "PAYLOAD_TOO_LARGE"],
    ["another path", () => send({ path: "/graphql/more" }), 404, "NOT_FOUND"],
    ["a path that is another host's address", () => send({ path: `//x/graphql?query=${query}` }), 404, "NOT_FOUND"],
    ["an internal path", () => send({ path: "/metrics" }), 404, "NOT_FOUND"],
    ["reloading from outside", () => send({ method: "POST", path: "/reload" }), 404, "NOT_FOUND"],
  ];
  test.each(cases)("%s", async (_title, ask, status, code) => {
    const answer = await ask();
    expect([answer.status, codesOf(answer.body)]).toEqual([status, [code]]);
    expect(answer.body).not.toHaveProperty("data");
    expect((await post({ query })).status).toBe(200);
  });

  test("1 MB sent in pieces without a length is refused too, and the connection serves on", async () => {
    const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1");
    const received = new Promise<string>((resolve) => {
      let text = "";
      socket.on("data", (chunk) => {
        text += chunk;
        if (text.includes('"__typename":"Query"')) resolve(text);
      });
      socket.once("close", () => resolve(text));
    });
    const head = "Host: x\r\nContent-Type: application/json\r\n";
    socket.write(`POST /graphql HTTP/1.1\r\n${head}Transfer-Encoding: chunked\r\n\r\n`);
    for (let sent = 0; sent < 64; sent++) socket.write(`4000\r\n${"x".repeat(0x4000)}\r\n`);
    socket.write("0\r\n\r\n");
    const body = JSON.stringify({ query });
    socket.write(`POST /graphql HTTP/1.1\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`);
    const text = await received;
    socket.destroy();
    expect(text.match(/HTTP\/1\.1 \d{3}/g)).toEqual(["HTTP/1.1 413", "HTTP/1.1 200"]);
  });
});

describe("values and documents that are refused say what is taken and repeat nothing", () => {
  const person = "query Q($by: PersonIdentifier!) { person(by: $by) { fin } }";
  const marks = "7q9zW-81";
  const malformed: readonly [string, unknown][] = [
    ["Fin", { fin: marks }],
    ["ANumber", { aNumber: `A12${marks}` }],
    ["I94Number", { i94Number: marks }],
    ["PassportNumber", { passport: { number: `!${marks}`, country: "MEX" } }],
    ["CountryCode", { passport: { number: "AB123456", country: marks } }],
    ["PassportIdentifier", { passport: marks }],
    ["PassportIdentifier", { passport: { number: "AB123456", country: "MEX", issued: marks } }],
    ["ReceiptNumber", { receiptNumber: `IOE${marks}` }],
    ["SevisId", { sevisId: marks }],
    ["FbiNumber", { fbiNumber: `${marks}!` }],
    ["EidSubjectId", { eidSubjectId: `${marks}_` }],
    ["ANumber", { aNumber: 123456789 }],
    ["ANumber", { aNumber: { value: marks } }],
    ["ANumber", { aNumber: [marks] }],
    ["ANumber", { aNumber: marks.repeat(5000) }],
    ["PersonIdentifier", { fin: "FIN000001", aNumber: `A${marks}` }],
    ["PersonIdentifier", {}],
    ["PersonIdentifier", null],
    ["PersonIdentifier", marks],
    ["PersonIdentifier", { [marks]: marks }],
    ["PersonIdentifier", JSON.parse(`{"__proto__":{"fin":"${marks}"}}`)],
    ["PersonIdentifier", { fin: null }],
  ];
  test.each(malformed)("%s in variables: %j", async (type, by) => {
    const { status, body, text } = await post({ query: person, variables: { by } });
    expect(status).toBe(400);
    expect(new Set(codesOf(body))).toEqual(new Set(["BAD_USER_INPUT"]));
    expect(body.errors?.map(({ message }) => message).join("\n")).toContain(type);
    expect(text).not.toContain(marks);
    expect(text).not.toMatch(/stack|Error:|node_modules|did you mean/i);
  });

  test.each([
    ["ANumber", `{ aNumber: "${marks}" }`],
    ["ANumber", "{ aNumber: 12 }"],
    ["PersonIdentifier", `{ fin: "FIN000001", fbiNumber: "${marks}" }`],
    ["PersonIdentifier", "{}"],
    ["PersonIdentifier", "{ fin: null }"],
    ["PersonIdentifier", `"${marks}"`],
  ])("%s written into the document: %s", async (type, by) => {
    const { status, body, text } = await post({ query: `{ person(by: ${by}) { fin } }` });
    expect(status).toBe(400);
    expect(codesOf(body)).toContain("BAD_USER_INPUT");
    expect(body.errors?.map(({ message }) => message).join("\n")).toContain(type);
    expect(text).not.toContain(marks);
  });

  test("a missing variable is refused like a null one", async () => {
    const { status, body } = await post({ query: person });
    expect([status, codesOf(body)]).toEqual([400, ["BAD_USER_INPUT"]]);
  });

  const word = "zzQuux";
  test.each([
    ["an unknown field", `{ person(by: { fin: "FIN000001" }) { ${word} } }`, "GRAPHQL_VALIDATION_FAILED"],
    ["an almost right field", '{ person(by: { fin: "FIN000001" }) { aNumber } }', "GRAPHQL_VALIDATION_FAILED"],
    ["an inaccessible field", '{ person(by: { fin: "FIN000001" }) { secret } }', "GRAPHQL_VALIDATION_FAILED"],
    ["an unknown argument", `{ person(${word}: 1) { fin } }`, "GRAPHQL_VALIDATION_FAILED"],
    ["an unknown type", `{ ... on ${word} { fin } }`, "GRAPHQL_VALIDATION_FAILED"],
    ["an unknown directive", `{ people @${word} { fin } }`, "GRAPHQL_VALIDATION_FAILED"],
    ["an unknown fragment", `{ people { ...${word} } }`, "GRAPHQL_VALIDATION_FAILED"],
    ["an unknown variable", `{ people @skip(if: $${word}) { fin } }`, "GRAPHQL_VALIDATION_FAILED"],
    [
      "a fragment in itself",
      `{ people { ...${word} } } fragment ${word} on Person { ...${word} }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["a federation root", `{ _service { sdl } ${word}: __typename }`, "GRAPHQL_VALIDATION_FAILED"],
    [
      "a federation look-up",
      `{ _entities(representations: []) { __typename } ${word}: __typename }`,
      "GRAPHQL_VALIDATION_FAILED",
    ],
    ["a schema definition", `type ${word} { a: Int }`, "GRAPHQL_VALIDATION_FAILED"],
    ["no GraphQL", `${word} ${word}`, "GRAPHQL_PARSE_FAILED"],
    ["an unfinished text", `{ person(by: { fin: "${word}`, "GRAPHQL_PARSE_FAILED"],
    ["a subscription", `subscription ${word} { people { fin } }`, "OPERATION_NOT_SUPPORTED"],
    [
      "two operations and no name",
      `query ${word} { __typename } query B { __typename }`,
      "OPERATION_RESOLUTION_FAILURE",
    ],
  ])("%s", async (_title, query, code) => {
    const { status, body, text } = await post({ query });
    expect(status).toBe(400);
    expect(codesOf(body)).toContain(code);
    expect(body).not.toHaveProperty("data");
    expect(text).not.toContain(word);
    expect(text).not.toMatch(/did you mean|stack|secret/i);
  });

  test("an operation's name that the document does not have", async () => {
    const { status, body, text } = await post({ query: "query A { __typename }", operationName: word });
    expect([status, codesOf(body)]).toEqual([400, ["OPERATION_RESOLUTION_FAILURE"]]);
    expect(text).not.toContain(word);
  });
});

describe("limits, each refused quickly", () => {
  const deep = (levels: number) => `{ ${"people { ".repeat(levels)}fin${" }".repeat(levels)} }`;
  const doubling = (levels: number) =>
    `{ people { ...F0 } } ${Array.from({ length: levels }, (_, level) => `fragment F${level} on Person { a${level}: fin ${level + 1 < levels ? `...F${level + 1} ... on Person { ...F${level + 1} }` : ""} }`).join(" ")}`;
  test.each([
    ["5,000 fields", `{ ${"a: __typename ".repeat(5000)} }`, "MAX_TOKENS_LIMIT"],
    [
      "5,000 aliases",
      `{ ${Array.from({ length: 5000 }, (_, index) => `a${index}: __typename`).join(" ")} }`,
      "MAX_TOKENS_LIMIT",
    ],
    ["5,000 levels", deep(5000), "MAX_DEPTH_LIMIT"],
    ["fragments that double 30 times", doubling(30), "MAX_FIELDS_LIMIT"],
    [
      "introspection nested in itself",
      "{ __schema { types { fields { type { fields { type { fields { type { name } } } } } } } } }",
      "GRAPHQL_VALIDATION_FAILED",
    ],
  ])("%s", async (_title, query, code) => {
    const startedAt = performance.now();
    const { status, body } = await post({ query });
    expect([status, codesOf(body)?.[0]]).toEqual([400, code]);
    // A few milliseconds, and a busy machine: what doubles 30 times, or nests so deep, is not done in hours.
    expect(performance.now() - startedAt).toBeLessThan(10_000);
  });
});

test("names that are built into JavaScript are names like others", async () => {
  const query =
    "query ($constructor: PersonIdentifier!) { __proto__: person(by: $constructor) { toString: fin hasOwnProperty: courtCases { __proto__: id } } }";
  const { text } = await post({ query, variables: { constructor: { fin: "FIN000002" } } });
  expect(text).toBe('{"data":{"__proto__":{"toString":"FIN000002","hasOwnProperty":[{"__proto__":"C000000021"}]}}}');
  expect(({} as { fin?: unknown }).fin).toBeUndefined();
});

test("introspection answers with the API schema: one-of input marked, what the gateway itself takes, no federation", async () => {
  const { body } = await post({
    query:
      '{ __type(name: "PersonIdentifier") { isOneOf } __schema { directives { name args { name } } types { name fields { name } } } }',
  });
  expect(body.data.__type.isOneOf).toBe(true);
  expect(body.data.__schema.directives).toEqual(
    expect.arrayContaining([
      { name: "defer", args: [{ name: "if" }, { name: "label" }] },
      { name: "freshness", args: [{ name: "maxSeconds" }] },
    ]),
  );
  const text = JSON.stringify(body.data.__schema);
  expect(text).not.toMatch(/secret|_entities|_service|join__/);
});

test("GraphiQL is one page that may run its own script and talk to this gateway alone", async () => {
  const { status, headers, text } = await send({ path: "/" });
  expect([status, headers.get("content-type")]).toEqual([200, "text/html; charset=utf-8"]);
  expect(text).toContain('person(by: { fin: \\"4141592653\\" })');
  expect(text).not.toContain("$by: PersonIdentifier");
  expect(text.slice(0, 5_000)).not.toMatch(/(src|href)\s*=\s*["']?\s*(https?:)?\/\//);
  expect(headers.get("content-security-policy")).toMatch(/script-src 'sha256-[^']{44}'; .*connect-src 'self'/);
});

test("a browser that is taken to where programs ask finds the page", async () => {
  const accept = "text/html,application/xhtml+xml,*/*;q=0.8";
  const visit = (path: string) =>
    fetch(`${new URL(gateway.url).origin}${path}`, { headers: { accept }, redirect: "manual" });
  const { status, headers } = await visit("/graphql");
  expect([status, headers.get("location")]).toEqual([302, "/"]);
  expect((await visit("/graphql?query=%7B__typename%7D")).status).not.toBe(302);
});

test.each([
  ["that is not HTTP", "HELLO\r\n\r\n", 400, "BAD_REQUEST"],
  [
    "whose headers are too large",
    `GET / HTTP/1.1\r\nhost: x\r\nx: ${"x".repeat(20_000)}\r\n\r\n`,
    431,
    "REQUEST_HEADERS_TOO_LARGE",
  ],
])("a request %s is refused with a code, and the connection ends", async (_title, bytes, status, code) => {
  const socket = connect(Number(new URL(gateway.url).port), "127.0.0.1", () => socket.write(bytes));
  const chunks: Buffer[] = [];
  for await (const chunk of socket) chunks.push(chunk);
  const answer = Buffer.concat(chunks).toString();
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  expect(JSON.parse(answer.split("\r\n\r\n")[1] ?? "")).toMatchObject({ errors: [{ extensions: { code } }] });
});

test("a log line says what happened and nothing of what was asked", async () => {
  gateway.lines.length = 0;
  await post(
    { query: 'query PersonRecord { person(by: { fin: "FIN000002" }) { fin } }' },
    { authorization: "Bearer not-a-token" },
  );
  await post({ query: "query A123456789 { nothing }" });
  const [first, second] = gateway.lines.map((line) => JSON.parse(line));
  expect(Object.keys(first).sort()).toEqual(["durationMs", "event", "operation", "requestId", "status", "time"]);
  expect(first).toMatchObject({ event: "request", status: 200, operation: "PersonRecord" });
  expect(second).toMatchObject({ status: 400, codes: ["GRAPHQL_VALIDATION_FAILED"] });
  expect(gateway.lines.join("\n")).not.toMatch(/FIN000002|not-a-token|A123456789/);
});
