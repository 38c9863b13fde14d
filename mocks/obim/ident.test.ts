/** IDENT as a foreign programmer meets it: a SOAP library, and plain HTTP. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createClientAsync } from "soap";
import type { IdentEncounter, IdentIdentity, PersonFile } from "../population/types.ts";
import { type Act, BadAct, type Simulator, UnknownAct, type World } from "../world.ts";
import { ident } from "./ident.ts";
import { canonicalANumber } from "./identities.ts";

const now = "2026-10-19T14:00:00Z";

const encounter = (encounterId: string, recorded: Partial<IdentEncounter> = {}): IdentEncounter => ({
  encounterId,
  at: "2024-03-01T09:30:00Z",
  sender: "CBP-USBP",
  reason: "Apprehension",
  aNumberRaw: null,
  i94Number: null,
  passport: null,
  eidSubjectId: null,
  fbiNumber: null,
  sevisId: null,
  receiptNumber: null,
  ...recorded,
});

const identity = (
  fin: string,
  clusterId: string,
  encounters: readonly IdentEncounter[],
  rest: Partial<IdentIdentity> = {},
): IdentIdentity => ({
  fin,
  clusterId,
  birthDate: "1980-02-03",
  sex: "M",
  citizenship: "GTM",
  names: [{ family: "Núñez", given: "Ana", kind: "PRIMARY" }],
  encounters,
  ...rest,
});

const everyIdentifier = encounter("E1", {
  aNumberRaw: "A012-345-678",
  i94Number: "944617592B1",
  passport: { number: "AB123456", country: "GTM" },
  eidSubjectId: "104444406",
  fbiNumber: "12345AB6",
  sevisId: "N0012345678",
  receiptNumber: "IOE0123456789",
});

/** Two FINs of one person; somebody else under one of their A-numbers; and one whose A-number nobody can read. */
const people: readonly (readonly IdentIdentity[])[] = [
  [
    identity("FIN0000002", "C1", [everyIdentifier, encounter("E2", { aNumberRaw: "A O12345678", at: "2023-05-06" })]),
    identity("FIN0000001", "C1", [encounter("E3", { aNumberRaw: "87654321" })], { birthDate: null, sex: null }),
  ],
  [identity("FIN0000003", "C2", [encounter("E4", { aNumberRaw: "087 654 321" })], { citizenship: null })],
  [
    identity("FIN0000004", "C3", [encounter("E5", { aNumberRaw: "ILLEGIBLE" }), encounter("E6", { fbiNumber: "77A" })]),
    // The same person under another FIN, which nobody has noticed.
    identity("FIN0000006", "C5", [encounter("E8", { fbiNumber: "88B" })]),
  ],
  [
    identity("FIN0000005", "C4", [encounter("E7", { aNumberRaw: "111111111" })], {
      names: [
        { family: `O'Hara & <"Söhne">`, given: "", kind: "PRIMARY" },
        { family: "阮", given: "𠮷文", kind: "NATIVE_SCRIPT" },
      ],
    }),
  ],
];

function smallWorld(): World {
  const files = people.map((persons, index) => ({ index, ident: persons }) as unknown as PersonFile);
  // Gives everybody for every identifier: which encounters it stands in is IDENT's own business.
  return {
    size: files.length,
    persons: () => files,
    find: () => [...files],
    change(index, edit) {
      files[index] = edit(files[index] as PersonFile);
      return files[index];
    },
  };
}

let simulator: Simulator;
let url: string;
let close: () => Promise<void>;

beforeEach(async () => {
  simulator = ident({
    world: smallWorld(),
    clock: { now: () => now, onChange: () => undefined },
    progress: () => undefined,
  });
  const listening = await simulator.start();
  url = `http://127.0.0.1:${listening.port}/ident`;
  close = listening.close;
});
afterEach(() => close());

const namespaces = `xmlns:env="http://www.w3.org/2003/05/soap-envelope"
  xmlns:nc="https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/"
  xmlns:im="https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/"
  xmlns:j="https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/"
  xmlns:ident="https://ident.obim.example/ws/1.0/"`;

const inBody = (content: string) => `<env:Envelope ${namespaces}><env:Body>${content}</env:Body></env:Envelope>`;
const search = (content: string) => inBody(`<ident:PersonSearchRequest>${content}</ident:PersonSearchRequest>`);
const id = (name: string, value: string) => `<${name}><nc:IdentificationID>${value}</nc:IdentificationID></${name}>`;
const retrieve = (...fins: string[]) =>
  inBody(
    `<ident:PersonRetrieveRequest>${fins.map((fin) => id("ident:FingerprintIdentification", fin)).join("")}</ident:PersonRetrieveRequest>`,
  );

async function post(body: string | Uint8Array, contentType = "application/soap+xml; charset=utf-8") {
  const response = await fetch(url, { method: "POST", headers: { "content-type": contentType }, body: body as string });
  return { status: response.status, type: response.headers.get("content-type"), text: await response.text() };
}

const finsIn = (text: string) => [
  ...new Set([...text.matchAll(/<ident:FingerprintIdentification><nc:IdentificationID>(\w+)</g)].map(([, fin]) => fin)),
];

async function finsFor(content: string) {
  const { status, text } = await post(search(content));
  expect(status).toBe(200);
  return finsIn(text);
}

const aNumber = (typed: string) => id("im:AlienNumberIdentification", typed);

describe("a SOAP library that was only given the WSDL", () => {
  const client = () => createClientAsync(`${url}?wsdl`, { forceSoap12Headers: true });

  test("finds whole persons by an identifier, and the system's clock", async () => {
    const soap = await client();
    const [found, , header] = await soap.PersonSearchAsync({
      AlienNumberIdentification: { IdentificationID: "A12345678" },
    });
    expect(header).toEqual({ SystemClock: now });
    const [cluster] = found.IdentityCluster;
    expect(found.IdentityCluster).toHaveLength(1);
    expect(cluster.ClusterIdentification.IdentificationID).toBe("C1");
    const [second] = [cluster.Identity].flat().slice(1);
    expect(second.PersonBirthDate.Date).toBe("1980-02-03");
    expect(second.PersonEncounter[0]).toMatchObject({
      ActivityIdentification: { IdentificationID: "E1" },
      AlienNumberIdentification: { IdentificationID: "A012-345-678" },
      PassportIdentification: { IdentificationID: "AB123456", CountryISO3166Alpha3Code: "GTM" },
    });
  });

  test("retrieves several persons in one call, and is told which FINs are unknown", async () => {
    const soap = await client();
    const [retrieved] = await soap.PersonRetrieveAsync({
      FingerprintIdentification: ["FIN0000003", "FIN0000004", "FIN0000099"].map((fin) => ({ IdentificationID: fin })),
    });
    expect(retrieved.IdentityCluster).toHaveLength(2);
    expect(retrieved.UnknownFingerprintIdentification).toEqual([{ IdentificationID: "FIN0000099" }]);
  });

  test("gets names in every script as they are", async () => {
    const soap = await client();
    const [found] = await soap.PersonSearchAsync({ FingerprintIdentification: { IdentificationID: "FIN0000005" } });
    const [inLatin, own] = [found.IdentityCluster[0].Identity].flat()[0].IdentityName;
    expect(inLatin).toMatchObject({ PersonName: { PersonSurName: `O'Hara & <"Söhne">` }, NameCategoryCode: "PRIMARY" });
    expect(own.PersonName).toEqual({ PersonGivenName: "𠮷文", PersonSurName: "阮" });
  });

  test("gets a Fault as an error", async () => {
    const soap = await client();
    await expect(soap.PersonSearchAsync({})).rejects.toThrow("env:Sender");
  });
});

describe("PersonSearch", () => {
  test.each([
    ["FIN", id("ident:FingerprintIdentification", "FIN0000001")],
    ["A-number", aNumber("012345678")],
    ["A-number typed otherwise", aNumber(" a12 345-678 ")],
    ["A-number of the other FIN of the cluster", aNumber("87654321")],
    ["I-94 number", id("im:AdmissionIdentification", "944617592B1")],
    [
      "passport",
      `<ident:PassportIdentification><nc:IdentificationID>AB123456</nc:IdentificationID><ident:CountryISO3166Alpha3Code>GTM</ident:CountryISO3166Alpha3Code></ident:PassportIdentification>`,
    ],
    ["receipt number", id("im:ImmigrationReceiptNumberIdentification", "IOE0123456789")],
    ["SEVIS number", "<im:SEVISID>N0012345678</im:SEVISID>"],
    ["FBI number", id("j:PersonFBIIdentification", "12345AB6")],
    ["EID subject id", id("ident:EIDSubjectIdentification", "104444406")],
  ])("by %s gives the whole cluster in whose encounters it stands", async (_kind, content) => {
    expect((await finsFor(content)).slice(0, 2)).toEqual(["FIN0000001", "FIN0000002"]);
  });

  test("an identifier of several persons gives each of them", async () => {
    expect(await finsFor(aNumber("087654321"))).toEqual(["FIN0000001", "FIN0000002", "FIN0000003"]);
  });

  test("an identifier nobody has, one typed unreadably, or a passport of another country finds nobody", async () => {
    expect(await finsFor(aNumber("999999999"))).toEqual([]);
    expect(await finsFor(id("ident:EIDSubjectIdentification", "ILLEGIBLE"))).toEqual([]);
    expect(
      await finsFor(
        `<ident:PassportIdentification><nc:IdentificationID>AB123456</nc:IdentificationID><ident:CountryISO3166Alpha3Code>MEX</ident:CountryISO3166Alpha3Code></ident:PassportIdentification>`,
      ),
    ).toEqual([]);
  });

  test("gives no identity that IDENT has not linked, though it is the same person's", async () => {
    expect(await finsFor(id("j:PersonFBIIdentification", "77A"))).toEqual(["FIN0000004"]);
    expect(await finsFor(id("ident:FingerprintIdentification", "FIN0000006"))).toEqual(["FIN0000006"]);
  });

  test("names the A-numbers that also stand under a FIN outside the cluster", async () => {
    const sharedIn = async (fin: string) => {
      const { text } = await post(retrieve(fin));
      return [...text.matchAll(/SharedAlienNumberIdentification><nc:IdentificationID>(\d+)</g)].map(([, each]) => each);
    };
    expect(await sharedIn("FIN0000002")).toEqual(["087654321"]);
    expect(await sharedIn("FIN0000003")).toEqual(["087654321"]);
    expect(await sharedIn("FIN0000005")).toEqual([]);
  });

  test("the same question has the same bytes for an answer", async () => {
    expect(await post(search(aNumber("012345678")))).toEqual(await post(search(aNumber("012345678"))));
  });
});

test("PersonRetrieve gives a cluster once, however many of its FINs are asked for", async () => {
  const { text } = await post(retrieve("FIN0000001", "FIN0000002", "FIN0000001"));
  expect([...text.matchAll(/<ident:IdentityCluster>/g)]).toHaveLength(1);
});

describe("a request that IDENT cannot take", () => {
  const good = search(aNumber("012345678"));
  const many = Array.from({ length: 101 }, (_, index) => `FIN${String(index).padStart(7, "0")}`);
  test.each<[string, string | Uint8Array, number, string, string]>([
    ["nothing at all", "", 400, "Sender", "NotXml"],
    ["not XML", "hello", 400, "Sender", "NotXml"],
    ["a truncated envelope", good.slice(0, -9), 400, "Sender", "NotXml"],
    ["two roots", `${good}${good}`, 400, "Sender", "NotXml"],
    ["another encoding", new Uint8Array([0xff, 0xfe, 0x3c, 0x00]), 400, "Sender", "NotXml"],
    ["a document type", `<!DOCTYPE x [<!ENTITY e "Ee">]>${good}`, 400, "Sender", "NotXml"],
    ["an entity of its own", search(aNumber("&e;")), 400, "Sender", "NotXml"],
    ["a character XML cannot hold", search(aNumber("&#0;")), 400, "Sender", "NotXml"],
    ["an instruction", `<?xml version="1.0"?><?do this?>${good}`, 400, "Sender", "NotXml"],
    ["a prefix bound to nothing", good.replace("xmlns:nc", "xmlns:other"), 400, "Sender", "NotXml"],
    ["depth", `${"<a>".repeat(60)}${"</a>".repeat(60)}`, 400, "Sender", "NotXml"],
    ["names that upset objects", "<__proto__/>", 400, "Sender", "NotXml"],
    ["not an envelope", "<a/>", 400, "Sender", "NotAnEnvelope"],
    ["no Body", `<env:Envelope ${namespaces}/>`, 400, "Sender", "NotOneOperation"],
    ["an empty Body", inBody(""), 400, "Sender", "NotOneOperation"],
    ["another operation", inBody("<ident:Delete/>"), 400, "Sender", "UnknownOperation"],
    ["no identifier", search(""), 400, "Sender", "NotOneIdentifier"],
    ["two identifiers", search(aNumber("1234567") + aNumber("7654321")), 400, "Sender", "NotOneIdentifier"],
    ["an unknown kind", search("<ident:Shoes/>"), 400, "Sender", "NotOneIdentifier"],
    ["the right name in no namespace", search("<SEVISID>N0012345678</SEVISID>"), 400, "Sender", "NotOneIdentifier"],
    ["an A-number nobody can read", search(aNumber("A12E45678")), 400, "Sender", "MalformedIdentifier"],
    ["an empty identifier", search(aNumber(" ")), 400, "Sender", "MalformedIdentifier"],
    ["a long identifier", search(aNumber("1".repeat(65))), 400, "Sender", "MalformedIdentifier"],
    ["markup for an identifier", search(aNumber("<nc:Date/>")), 400, "Sender", "MalformedIdentifier"],
    [
      "a passport of no country",
      search(id("ident:PassportIdentification", "A1")),
      400,
      "Sender",
      "MalformedIdentifier",
    ],
    ["no FIN", retrieve(), 400, "Sender", "TooManyOrNone"],
    ["more than 100 FINs", retrieve(...many), 400, "Sender", "TooManyOrNone"],
    [
      "something else than FINs",
      retrieve("FIN0000001").replaceAll("Fingerprint", "EIDSubject"),
      400,
      "Sender",
      "NotAFingerprintNumber",
    ],
    [
      "SOAP 1.1",
      good.replace("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/"),
      500,
      "VersionMismatch",
      "Soap11",
    ],
    [
      "a header it must understand",
      good.replace("<env:Body>", '<env:Header><a env:mustUnderstand="true"/></env:Header><env:Body>'),
      500,
      "MustUnderstand",
      "UnknownHeader",
    ],
  ])("%s is a SOAP 1.2 Fault", async (_what, body, status, code, subcode) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status, type: "application/soap+xml; charset=utf-8" });
    expect(answer.text).toContain(
      `<env:Fault><env:Code><env:Value>env:${code}</env:Value><env:Subcode><env:Value>ident:${subcode}</env:Value></env:Subcode></env:Code><env:Reason><env:Text xml:lang="en">`,
    );
    expect(answer.text).toContain(`<ident:SystemClock>${now}</ident:SystemClock>`);
  });

  test("another media type, another operation's action, other paths and methods are refused", async () => {
    expect(await post(good, "text/xml")).toMatchObject({ status: 415 });
    const retrieveAction = "https://ident.obim.example/ws/1.0/PersonRetrieve";
    const mismatch = await post(good, `application/soap+xml; action="${retrieveAction}"`);
    expect(mismatch).toMatchObject({ status: 400 });
    expect(mismatch.text).toContain("ident:ActionMismatch");
    expect((await fetch(url)).status).toBe(405);
    expect((await fetch(`${url}/other`)).status).toBe(404);
  });

  test("IDENT's own failure is a Receiver's Fault, without its details", async () => {
    const broken = ident({
      world: {
        ...smallWorld(),
        find: () => {
          throw new RangeError("secret detail");
        },
      },
      clock: { now: () => now, onChange: () => undefined },
      progress: () => undefined,
    });
    const complaints: unknown[] = [];
    const { error } = console;
    console.error = (...each: unknown[]) => complaints.push(each);
    const listening = await broken.start();
    try {
      const response = await fetch(`http://127.0.0.1:${listening.port}/ident`, {
        method: "POST",
        headers: { "content-type": "application/soap+xml" },
        body: good,
      });
      const text = await response.text();
      expect([response.status, text.includes("env:Receiver"), text.includes("secret")]).toEqual([500, true, false]);
      expect(complaints).toHaveLength(1);
    } finally {
      console.error = error;
      await listening.close();
    }
  });
});

describe("acts", () => {
  const act = (name: string, rest: Record<string, unknown>) => simulator.act({ act: name, ...rest } as unknown as Act);

  test("link-identities brings another person's identities into the cluster, from either side", async () => {
    const linked = await act("link-identities", { aNumber: "A12345678", fin: "FIN0000005" });
    expect(linked).toEqual({ clusterId: "C1", fins: ["FIN0000001", "FIN0000002", "FIN0000005"] });
    for (const typed of ["012345678", "111111111"])
      expect(await finsFor(aNumber(typed))).toEqual(["FIN0000001", "FIN0000002", "FIN0000005"]);
  });

  test("a cluster that was linked together joins another one whole", async () => {
    await act("link-identities", { aNumber: "111111111", fin: "FIN0000004" });
    await act("link-identities", { aNumber: "012345678", fin: "FIN0000004" });
    expect(await finsFor(aNumber("111111111"))).toEqual(["FIN0000001", "FIN0000002", "FIN0000004", "FIN0000005"]);
  });

  test("new-encounter records what the officer typed, now", async () => {
    const added = await act("new-encounter", { aNumber: "012345678", typedANumber: "A 099-999-999", fbiNumber: "9Z9" });
    expect(added).toEqual({ fin: "FIN0000002", encounterId: "FIN0000002-3" });
    expect(await finsFor(aNumber("99999999"))).toEqual(["FIN0000001", "FIN0000002"]);
    const { text } = await post(search(id("j:PersonFBIIdentification", "9Z9")));
    expect(text).toMatch(/FIN0000002-3<.*2026-10-19T14:00:00(Z|\.000Z|\+00:00)<.*A 099-999-999/);
  });

  test.each([
    ["link-identities", { aNumber: "999999999", fin: "FIN0000005" }, "nobody"],
    ["link-identities", { aNumber: "012345678" }, "needs `fin`"],
    ["link-identities", { aNumber: "012345678", fin: "FIN0000001" }, "linked already"],
    ["link-identities", { aNumber: "087654321", fin: "FIN0000005" }, "share"],
    ["new-encounter", { aNumber: "ILLEGIBLE" }, "nobody"],
    ["new-encounter", { aNumber: "012345678", fin: "FIN0000003" }, "not one of"],
    ["new-encounter", { aNumber: "012345678", sender: "ELVIS" }, "`sender` is one of"],
  ])("%s of %j is refused with a clear line", async (name, rest, line) => {
    const refused = act(name, rest);
    await expect(refused).rejects.toThrow(BadAct);
    await expect(refused).rejects.toThrow(line);
  });

  test("an act it does not know is refused", async () => {
    await expect(act("dance", { aNumber: "012345678" })).rejects.toThrow(UnknownAct);
  });
});

test.each([
  ["A012345678", "012345678"],
  ["a 12-345-678", "012345678"],
  ["1234567", "001234567"],
  ["123456", null],
  ["1234567890", null],
  ["A01234567O", null],
  ["AA12345678", null],
  ["", null],
])("IDENT reads the typed A-number %j as %j", (raw, canonical) => {
  expect(canonicalANumber(raw)).toBe(canonical);
});

test("every way of printing nothing is in the population's answers", async () => {
  const texts = await Promise.all(
    ["FIN0000001", "FIN0000003", "FIN0000004", "FIN0000005"].map(async (fin) => (await post(retrieve(fin))).text),
  );
  const all = texts.join("");
  expect(all).toMatch(/<im:SEVISID xsi:nil="true"\/>/);
  expect(all).toMatch(/<im:SEVISID\/>/);
  expect(all).toMatch(/<nc:PersonEncounter>(?:(?!SEVISID|<\/nc:PersonEncounter>).)*<\/nc:PersonEncounter>/);
});
