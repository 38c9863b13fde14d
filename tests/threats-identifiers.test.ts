/** T89 and T90 through the whole gateway: identifiers stay what they are, and are written in one way or not at all. */
import { createServer, type IncomingMessage } from "node:http";
import { composeServices } from "@apollo/composition";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { parse } from "graphql";
import { identifierScalars } from "../schema/scalars.ts";
import { startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";
import { closing, listening } from "./listeners.ts";

const link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8", import: ["@key"])';
const oneSdl = `${link} type Query { things: [Thing] thing(id: ID!): Thing } type Thing @key(fields: "id") { id: ID! count: Int share: Float any: Json } scalar Json`;
const otherSdl = `${link} type Thing @key(fields: "id") { id: ID! name: String }`;

/** Two subgraphs that answer in bytes: no serializer of ours stands between an id and the wire. */
let ids: readonly string[] = [];
let members = "";
let bodies: string[] = [];
const server = createServer(async (request, response) => {
  const body = await textOf(request);
  bodies.push(body);
  response.setHeader("content-type", "application/json");
  if (request.url === "/one") {
    const key = /\{\s*(\w+)/.exec(body.slice(body.indexOf("{", 1)))?.[1] ?? "";
    const things = ids.map((id) => `{"__typename":"Thing","id":${id}${members}}`);
    response.end(`{"data":{"${key}":[${things.join(",")}]}}`);
  } else {
    // Each id exactly as it was written.
    const asked = [...body.matchAll(/"id":("[^"]*"|[^,}]+)/g)].map(([, id]) => id as string);
    const things = asked.map((id) => `{"id":${id},"name":${JSON.stringify(`of ${id}`)}}`);
    response.end(`{"data":{"_entities":[${things.join(",")}]}}`);
  }
});

let graph: TinyGraph;
let tiny: TestGateway;
let gateway: TestGateway;
beforeAll(async () => {
  const url = await listening(server);
  const { supergraphSdl, errors } = composeServices([
    { name: "one", url: `${url}/one`, typeDefs: parse(oneSdl) },
    { name: "other", url: `${url}/other`, typeDefs: parse(otherSdl) },
  ]);
  if (errors) throw new Error(errors.join());
  gateway = await startTestGateway(supergraphSdl);
  graph = await startTinyGraph();
  tiny = await startTestGateway(graph.sdl);
});
afterEach(() => {
  bodies = [];
  members = "";
});
afterAll(async () => {
  await gateway.close();
  await tiny.close();
  await graph.close();
  await closing(server);
});

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += chunk;
  return text;
}

const askThings = async (given: readonly string[], query = "{ things { id name } }") => {
  ids = given;
  return gateway.ask(query);
};

describe("T89: an id that a subgraph writes as", () => {
  test.each([
    ['"007"', "007", 'of "007"'],
    ['"7"', "7", 'of "7"'],
    ["7", "7", "of 7"],
    ['"9007199254740993"', "9007199254740993", 'of "9007199254740993"'],
    ["9007199254740991", "9007199254740991", "of 9007199254740991"],
    ['"1e2"', "1e2", 'of "1e2"'],
    ['"-0"', "-0", 'of "-0"'],
    ['" 7 "', " 7 ", 'of " 7 "'],
    ['"７"', "７", 'of "７"'],
    ['"A012345678"', "A012345678", 'of "A012345678"'],
  ])("%s reaches the client as a text, and the other subgraph as it was", async (written, id, name) => {
    for (const _time of ["first", "second"]) {
      const { text } = await askThings([written]);
      expect(text).toBe(JSON.stringify({ data: { things: [{ id, name }] } }));
    }
  });

  test.each(["9007199254740993", "-9007199254740993", "1e400", "1.5", "true", "{}", "[]"])(
    "%s is refused, and no client reads another number",
    async (written) => {
      for (const _time of ["first", "second"]) {
        const { body, text } = await askThings([written], "{ things { id } }");
        expect(body.data).toEqual({ things: [null] });
        expect(body.errors?.map(({ extensions }) => extensions.code)).toEqual(["SUBREQUEST_MALFORMED_RESPONSE"]);
        expect(text).not.toContain("900719925474099");
      }
    },
  );

  const isNotSentOn = async (written: string) => {
    const { body } = await askThings([written], "{ things { name } }");
    expect(bodies).toHaveLength(1);
    expect(body.data).toEqual({ things: [{ name: null }] });
    expect(body.errors?.map(({ extensions }) => extensions.code)).toEqual(["SUBREQUEST_MALFORMED_RESPONSE"]);
  };
  // JSON.parse rounds the first two, and makes Infinity of the third, which JSON.stringify would write as null: a fact.
  test.each(["9007199254740993", "-9007199254740993", "1e400"])("%s is not sent on as another", isNotSentOn);

  test('7 and one as "7", "07" and "7 " are never taken for each other', async () => {
    const { body } = await askThings(["7", '"07"', '"7 "', '"٧"']);
    expect(body.data.things.map(({ name }: { name: string }) => name)).toEqual([
      "of 7",
      'of "07"',
      'of "7 "',
      'of "٧"',
    ]);
  });
});

test("T89: numbers that JSON cannot carry exactly are null with an error, whatever type they are of", async () => {
  for (const [field, written] of [
    ["count", "9007199254740993"],
    ["count", "2147483648"],
    ["count", "1.5"],
    ["count", '"7"'],
    ["share", "1e400"],
    ["share", '"1"'],
    ["any", "9007199254740993"],
    ["any", '{"deep":[9007199254740993]}'],
  ]) {
    members = `,"${field}":${written}`;
    const { body } = await askThings(['"1"'], `{ things { ${field} } }`);
    expect(body.data).toEqual({ things: [{ [field as string]: null }] });
    expect(body.errors?.[0]?.extensions.code).toBe("SUBREQUEST_MALFORMED_RESPONSE");
  }
});

test("T89: 1e400 in a custom scalar is null with an error", async () => {
  members = ',"any":1e400';
  const { body } = await askThings(['"1"'], "{ things { any } }");
  expect(body.errors?.[0]?.extensions.code).toBe("SUBREQUEST_MALFORMED_RESPONSE");
});

test("T89: ids as arguments reach the subgraph as texts, digit for digit", async () => {
  for (const [literal, sent] of [
    ['"007"', '"007"'],
    ["7", '"7"'],
    ["9007199254740993", '"9007199254740993"'],
    ['"1e2"', '"1e2"'],
    ['"-0"', '"-0"'],
    ['"７"', '"７"'],
  ]) {
    bodies = [];
    await askThings([], `{ thing(id: ${literal}) { count } }`);
    expect(JSON.stringify(Object.values(JSON.parse(bodies[0] as string).variables)[0])).toBe(sent);
  }
});

const by = (member: string, value: unknown) =>
  tiny.ask("query ($by: PersonIdentifier!) { person(by: $by) { fin } }", { by: { [member]: value } });

describe("T89, T90: an identifier", () => {
  test.each(["000000011", "A000000011", "a000000011", "A 000-000-011", " 000000011 ", "A000000011\t", "0000011"])(
    "written %j is the nine digits that it means",
    async (written) => {
      graph.subgraphs.people.requests.length = 0;
      expect((await by("aNumber", written)).body).toEqual({ data: { person: { fin: "FIN000001" } } });
      expect(Object.values(graph.subgraphs.people.requests[0]?.variables ?? {})).toEqual([{ aNumber: "000000011" }]);
    },
  );

  test.each([
    ["full-width digits", "aNumber", "０００００００１１"],
    ["Arabic digits", "aNumber", "٠٠٠٠٠٠٠١١"],
    ["mathematical digits", "aNumber", "𝟎𝟎𝟎𝟎𝟎𝟎𝟎𝟏𝟏"],
    ["a Cyrillic A", "aNumber", "А000000011"],
    ["a Greek A", "aNumber", "Α000000011"],
    ["a full-width A", "aNumber", "Ａ000000011"],
    ["a zero-width space", "aNumber", "A0000\u200B00011"],
    ["a zero-width joiner", "aNumber", "A0000\u200D00011"],
    ["a soft hyphen", "aNumber", "A0000\u00AD00011"],
    ["text turned around", "aNumber", "\u202E110000000"],
    ["a combining mark", "aNumber", "A\u0301000000011"],
    ["an en dash", "aNumber", "A000\u2013000011"],
    ["a NUL", "aNumber", "A000000011\u0000"],
    ["a Turkish dotless i", "receiptNumber", "\u0131oe0912345678"],
    ["a Turkish dotted I", "receiptNumber", "\u0130OE0912345678"],
    ["a long s", "receiptNumber", "\u017FRC0912345678"],
    ["a ligature", "fbiNumber", "\uFB01123"],
    ["a sharp s", "fbiNumber", "\u00DF123"],
    ["a Kelvin sign", "fbiNumber", "\u212A123"],
    ["a letter with its accent apart", "fbiNumber", "e\u0301123"],
    ["a letter with its accent", "fbiNumber", "\u00E9123"],
    ["a ligature of two countries' letters", "country", "\uFB01n"],
    ["a number", "aNumber", 11],
    ["a number without a fraction", "fin", 1e9],
    ["minus zero", "fin", -0],
    ["a list", "aNumber", ["000000011"]],
    ["true", "fin", true],
  ])("with %s is refused, nobody is asked, and it is not repeated", async (_title, member, written) => {
    graph.subgraphs.people.requests.length = 0;
    const { body, text } =
      member === "country"
        ? await tiny.ask("query ($by: PersonIdentifier!) { person(by: $by) { fin } }", {
            by: { passport: { number: "XK123456", country: written } },
          })
        : await by(member, written);
    expect(body.data).toBeUndefined();
    expect(body.errors).toHaveLength(1);
    expect(graph.subgraphs.people.requests).toEqual([]);
    if (typeof written === "string") expect(text).not.toContain(written);
  });

  const scalars = Object.entries(identifierScalars);
  test.each(scalars)(
    "of type %s that is taken has ASCII alone, and stays as it is when it is read again",
    (_name, scalar) => {
      const units = fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(..."AbIOESRCN0123456789- ") },
        { weight: 1, arbitrary: fc.string({ unit: "grapheme", minLength: 1, maxLength: 1 }) },
        {
          weight: 1,
          arbitrary: fc.constantFrom(
            "\u0131",
            "\u0130",
            "\u017F",
            "\uFB01",
            "\u00DF",
            "\u212A",
            "\u00A0",
            "\u200B",
            "\uFF11",
          ),
        },
      );
      const taken = (text: string) => {
        try {
          return scalar.parseValue(text);
        } catch {
          return null;
        }
      };
      fc.assert(
        fc.property(fc.array(units, { maxLength: 14 }), (parts) => {
          const canonical = taken(parts.join(""));
          if (canonical === null) return;
          expect(canonical).toMatch(/^[A-Za-z0-9-]+$/);
          expect(taken(canonical)).toBe(canonical);
          // Nothing but white space went, and no letter became another.
          const letters = parts.join("").replace(/[\s-]/g, "");
          expect(letters).toMatch(/^[A-Za-z0-9]*$/);
        }),
        { numRuns: 300 },
      );
    },
  );
});
