import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { unreadable } from "#kit/decoded.ts";
import { SourceError } from "#kit/source.ts";
import { finsCarrying, type Identifier, type Person, personOf } from "./person.ts";
import { type Cluster, type IdentAnswer, readAnswer } from "./records.ts";

const namespaces = `xmlns:env="http://www.w3.org/2003/05/soap-envelope"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:nc="https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/"
  xmlns:im="https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/"
  xmlns:j="https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/"
  xmlns:ident="https://ident.obim.example/ws/1.0/"`;

const clock = "<ident:SystemClock>2026-10-19T14:00:00Z</ident:SystemClock>";
const id = (name: string, value: string) => `<${name}><nc:IdentificationID>${value}</nc:IdentificationID></${name}>`;
const fin = (value: string) => id("ident:FingerprintIdentification", value);
const encounterWith = (content: string, encounterId = "E1") =>
  `<nc:PersonEncounter>${id("nc:ActivityIdentification", encounterId)}${content}</nc:PersonEncounter>`;
const identityWith = (content: string, value = "FIN0000001") =>
  `<ident:Identity>${fin(value)}${content}</ident:Identity>`;
const clusterWith = (content: string, clusterId = "C1") =>
  `<ident:IdentityCluster>${id("ident:ClusterIdentification", clusterId)}${content}</ident:IdentityCluster>`;
const envelope = (body: string, header = clock) =>
  `<?xml version="1.0"?><env:Envelope ${namespaces}><env:Header>${header}</env:Header><env:Body>${body}</env:Body></env:Envelope>`;
const found = (content: string) => envelope(`<ident:PersonSearchResponse>${content}</ident:PersonSearchResponse>`);

const read = (document: string): IdentAnswer => readAnswer("PersonSearch", Buffer.from(document));
const codeOf = (run: () => unknown): unknown => {
  try {
    run();
  } catch (error) {
    return error instanceof SourceError ? error.extensions : error;
  }
  return "no error";
};

function cluster(content: string): Cluster {
  const [first] = read(found(clusterWith(content))).clusters.records;
  if (first === undefined) throw new Error("the cluster is unreadable");
  return first;
}

const person = (content: string, value = "FIN0000001") =>
  personOf(cluster(content), value, "2026-10-19T14:00:00Z") as Person;
const encounterOf = (content: string) =>
  cluster(identityWith(encounterWith(content))).identities.records[0]?.encounters;
const only = (content: string) => encounterOf(content)?.records[0];

describe("an answer", () => {
  test("says when IDENT gave it, in whichever form its clock is printed", () => {
    for (const printed of ["2026-10-19T14:00:00Z", "2026-10-19T14:00:00.000Z", "2026-10-19T10:00:00-04:00"])
      expect(read(found("").replace("2026-10-19T14:00:00Z", printed)).asOf).toBe("2026-10-19T14:00:00Z");
  });

  test("with nobody in it is nobody, and names the FINs that are unknown", () => {
    const body = `<ident:PersonRetrieveResponse>${id("ident:UnknownFingerprintIdentification", "FIN0000009")}</ident:PersonRetrieveResponse>`;
    expect(readAnswer("PersonRetrieve", Buffer.from(envelope(body)))).toEqual({
      asOf: "2026-10-19T14:00:00Z",
      clusters: { records: [], unreadable: [] },
      unknownFins: ["FIN0000009"],
    });
  });

  test.each([
    ["another prefix", (document: string) => document.replaceAll("ident:", "q:").replace("xmlns:ident", "xmlns:q")],
    ["no prefix", (document: string) => document.replaceAll("ident:", "").replace("xmlns:ident", "xmlns")],
  ])("is read by namespace, with %s too, and whatever else stands in it", (_what, renamed) => {
    const extra = "<nc:PersonSexText>M</nc:PersonSexText><ident:Other><ident:Deeper/></ident:Other>";
    const document = renamed(found(clusterWith(identityWith(extra))));
    expect(read(document).clusters).toMatchObject({ records: [{}], unreadable: [] });
  });

  test.each<[string, string]>([
    ["nothing", ""],
    ["a page", "<html><body>Sign in</body></html>"],
    ["half of it", found(clusterWith(identityWith(""))).slice(0, -40)],
    ["JSON", "{}"],
    ["a document type", found("").replace("?>", "?><!DOCTYPE a [<!ENTITY x 'y'>]>")],
    ["an unknown entity", found(clusterWith(identityWith("<ident:IdentityName>&x;</ident:IdentityName>")))],
    ["a character XML cannot hold", found(clusterWith(identityWith("<a>&#x1F;</a>")))],
    ["a control character", found(clusterWith(identityWith("<a>\u0007</a>")))],
    ["a character beyond all", found(clusterWith(identityWith("<a>&#x110000;</a>")))],
    ["an unbound prefix", found("<who:knows/>")],
    ["two roots", `${found("").replace(/<\?.*?\?>/, "")}<a/>`],
    ["depth", `${"<a>".repeat(60)}${"</a>".repeat(60)}`],
    ["another envelope", found("").replace("2003/05/soap-envelope", "2001/12/soap-envelope")],
    ["no header", found("").replace(/<env:Header>.*<\/env:Header>/, "")],
    ["no clock", found("").replace(clock, "")],
    ["a clock without a zone", found("").replace(":00Z", ":00")],
    ["a clock of no calendar", found("").replace("10-19", "02-30")],
    ["a clock at hour 24", found("").replace("T14", "T24")],
    ["a clock at minute 99", found("").replace("T14:00", "T14:99")],
    ["two clocks", found("").replace(clock, clock + clock)],
    ["no body", envelope("").replace("<env:Body></env:Body>", "")],
    ["two answers", envelope("<ident:PersonSearchResponse/><ident:PersonSearchResponse/>")],
    ["the answer to something else", envelope("<ident:PersonRetrieveResponse/>")],
    ["one FIN in two clusters", found(clusterWith(identityWith("")) + clusterWith(identityWith(""), "C2"))],
    ["one FIN twice in a cluster", found(clusterWith(identityWith("") + identityWith("")))],
    [
      "an unknown FIN that is none",
      envelope(
        `<ident:PersonSearchResponse>${id("ident:UnknownFingerprintIdentification", "?")}</ident:PersonSearchResponse>`,
      ),
    ],
  ])("that is %s is refused whole", (_what, document) => {
    expect(codeOf(() => read(document))).toEqual({ code: "SOURCE_INVALID", system: "IDENT" });
  });

  test("that is not UTF-8 is refused whole", () => {
    expect(codeOf(() => readAnswer("PersonSearch", Buffer.from([0x3c, 0x61, 0xff])))).toMatchObject({
      code: "SOURCE_INVALID",
    });
  });

  test("that is a Fault is a refusal", () => {
    expect(codeOf(() => read(envelope("<env:Fault/>")))).toEqual({ code: "SOURCE_REFUSED", system: "IDENT" });
  });

  test("of any bytes is read or refused by a SourceError, and a record comes from no nonsense", () => {
    const whole = found(clusterWith(identityWith(encounterWith(id("im:AlienNumberIdentification", "A012345678")))));
    const damaged = fc
      .tuple(fc.nat(whole.length), fc.nat(60), fc.string({ maxLength: 8 }))
      .map(([at, length, put]) => Buffer.from(whole.slice(0, at) + put + whole.slice(at + length)));
    fc.assert(
      fc.property(
        fc.oneof(
          damaged,
          fc.uint8Array({ maxLength: 400 }),
          fc.string().map((text) => Buffer.from(text)),
        ),
        (bytes) => {
          try {
            for (const { identities } of readAnswer("PersonSearch", bytes).clusters.records)
              for (const each of identities.records) expect(each.fin).toMatch(/^[A-Z0-9]{6,20}$/);
          } catch (error) {
            expect(error).toBeInstanceOf(SourceError);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

describe("rows that cannot stand are counted and left out", () => {
  test.each([
    ["a cluster without its id", found(`<ident:IdentityCluster>${identityWith("")}</ident:IdentityCluster>`)],
    ["a cluster of nobody", found(clusterWith(""))],
    ["a cluster of people without FIN", found(clusterWith("<ident:Identity/>"))],
  ])("%s", (_what, document) => {
    expect(read(document).clusters).toMatchObject({
      records: [],
      unreadable: [{ system: "IDENT", position: "row 1" }],
    });
  });

  test.each([
    ["without FIN", "<ident:Identity/>"],
    ["with two FINs", identityWith(fin("FIN0000002"))],
    ["with a FIN in no accepted form", identityWith("", "fin 2")],
    ["with markup for a FIN", identityWith("", "<a/>")],
    ["with a FIN that is nil", '<ident:Identity><ident:FingerprintIdentification xsi:nil="1"/></ident:Identity>'],
    ["with two birth dates", identityWith("<nc:PersonBirthDate/><nc:PersonBirthDate/>", "FIN0000002")],
  ])("an identity %s is missing from every list of the person", (_what, other) => {
    const { fins, unreadable: lost } = person(identityWith("") + other);
    expect(fins).toEqual(["FIN0000001"]);
    for (const list of Object.values(lost)) expect(list).toMatchObject([{ system: "IDENT", position: "row 2" }]);
  });

  test.each([
    ["without its id", "<nc:PersonEncounter/>"],
    ["with two ids", encounterWith(id("nc:ActivityIdentification", "E2"))],
    ["with an endless id", encounterWith("", "E".repeat(65))],
    ["with two A-numbers", encounterWith(id("im:AlienNumberIdentification", "1234567").repeat(2))],
  ])("an encounter %s is missing from every list made of encounters", (_what, row) => {
    const { unreadable: lost } = person(identityWith(row));
    const counts = Object.fromEntries(Object.entries(lost).map(([list, rows]) => [list, rows.length]));
    expect(counts).toEqual({
      fins: 0,
      names: 0,
      aNumbers: 1,
      aNumberRecords: 1,
      i94Numbers: 1,
      passports: 1,
      receiptNumbers: 1,
      sevisIds: 1,
      fbiNumbers: 1,
      eidSubjectIds: 1,
      encounters: 1,
    });
  });

  test.each([
    ["of no kind", "<nc:PersonName><nc:PersonSurName>A</nc:PersonSurName></nc:PersonName>"],
    ["of an unknown kind", "<nc:PersonName/><ident:NameCategoryCode>NICK</ident:NameCategoryCode>"],
    ["without a name", "<ident:NameCategoryCode>ALIAS</ident:NameCategoryCode>"],
    [
      "with an empty name",
      "<nc:PersonName><nc:PersonSurName/></nc:PersonName><ident:NameCategoryCode>ALIAS</ident:NameCategoryCode>",
    ],
  ])("a name %s", (_what, content) => {
    const { names, unreadable: lost } = person(identityWith(`<ident:IdentityName>${content}</ident:IdentityName>`));
    expect([names, lost.names.length, lost.aNumbers.length]).toEqual([[], 1, 0]);
  });

  test("a shared A-number that cannot be read leaves open which numbers are shared", () => {
    const { unreadable: lost } = person(identityWith("") + id("ident:SharedAlienNumberIdentification", "12E"));
    expect([lost.aNumberRecords.length, lost.aNumbers.length]).toEqual([1, 0]);
  });
});

describe("a value", () => {
  test.each([
    ["left out", ""],
    [
      "empty",
      "<im:SEVISID/><im:AdmissionIdentification/><ident:PassportIdentification/><nc:ActivityDate/><im:AlienNumberIdentification/>",
    ],
    ["nil", '<im:SEVISID xsi:nil="true"/><im:AdmissionIdentification xsi:nil="true"/><nc:ActivityDate xsi:nil="1"/>'],
    ["an empty id", `${id("im:AdmissionIdentification", " ")}<im:SEVISID> </im:SEVISID>`],
  ])("that is %s is not held", (_what, content) => {
    expect(only(content)).toEqual({
      id: "E1",
      at: null,
      sender: null,
      reason: null,
      aNumber: null,
      i94Number: null,
      passport: null,
      receiptNumber: null,
      sevisId: null,
      fbiNumber: null,
      eidSubjectId: null,
    });
  });

  test.each([
    ["i94Number", id("im:AdmissionIdentification", "94461759"), "im:AdmissionIdentification"],
    [
      "receiptNumber",
      id("im:ImmigrationReceiptNumberIdentification", "XXX0123456789"),
      "im:ImmigrationReceiptNumberIdentification",
    ],
    ["sevisId", "<im:SEVISID>12345</im:SEVISID>", "im:SEVISID"],
    ["fbiNumber", id("j:PersonFBIIdentification", "1234567890"), "j:PersonFBIIdentification"],
    ["eidSubjectId", id("ident:EIDSubjectIdentification", "no one's"), "ident:EIDSubjectIdentification"],
    ["passport", id("ident:PassportIdentification", "AB123456"), "ident:PassportIdentification"],
    [
      "passport",
      "<ident:PassportIdentification><ident:CountryISO3166Alpha3Code>GTM</ident:CountryISO3166Alpha3Code></ident:PassportIdentification>",
      "ident:PassportIdentification",
    ],
    ["at", "<nc:ActivityDate><nc:DateTime>2024-03-01T09:30:00</nc:DateTime></nc:ActivityDate>", "nc:ActivityDate"],
    ["at", "<nc:ActivityDate><nc:Date>2023-02-29</nc:Date></nc:ActivityDate>", "nc:ActivityDate"],
    ["at", "<nc:ActivityDate><nc:Date>01/02/2023</nc:Date></nc:ActivityDate>", "nc:ActivityDate"],
    ["at", "<nc:ActivityDate><nc:Year>2023</nc:Year></nc:ActivityDate>", "nc:ActivityDate"],
    [
      "at",
      "<nc:ActivityDate><nc:Date>2023-02-28</nc:Date><nc:DateTime>2023-02-28T00:00:00Z</nc:DateTime></nc:ActivityDate>",
      "nc:ActivityDate",
    ],
  ] as const)("of %s in no known form is unreadable, not guessed: %s", (field, content, name) => {
    expect(only(content)?.[field]).toEqual(unreadable("IDENT", name));
    expect(encounterOf(content)?.unreadable).toEqual([]);
  });

  test.each([
    ["<nc:Date>2024-02-29</nc:Date>", "2024-02-29"],
    ["<nc:DateTime>2024-02-29T23:30:00Z</nc:DateTime>", "2024-02-29T23:30:00Z"],
    ["<nc:DateTime>2024-02-29T23:30:00+00:00</nc:DateTime>", "2024-02-29T23:30:00Z"],
    ["<nc:DateTime>2024-02-29T23:30:00.250Z</nc:DateTime>", "2024-02-29T23:30:00.250Z"],
    ["<nc:DateTime>2024-02-29T23:30:00-05:00</nc:DateTime>", "2024-03-01T04:30:00Z"],
  ])("%s is %s", (content, at) => {
    expect(only(`<nc:ActivityDate>${content}</nc:ActivityDate>`)?.at).toBe(at);
  });

  test("of text is what stands there, with its references resolved, markup or not", () => {
    const written = "Tr&#xe1;n &#26446; &lt;&gt;&apos;&quot;&amp;amp; <![CDATA[<b>&lt;]]><!-- no -->.";
    expect(only(`<nc:ActivityReasonText>${written}</nc:ActivityReasonText>`)?.reason).toBe(
      "Trán 李 <>'\"&amp; <b>&lt;.",
    );
  });

  test.each([
    ["<nc:Date>1980-02-03</nc:Date>", "1980-02-03"],
    ["<nc:Date>80-02-03</nc:Date>", unreadable("IDENT", "nc:PersonBirthDate")],
    ["<nc:DateTime>1980-02-03T00:00:00Z</nc:DateTime>", unreadable("IDENT", "nc:PersonBirthDate")],
    ["", null],
  ])("of a birth date %j is %j", (content, birthDate) => {
    expect(person(identityWith(`<nc:PersonBirthDate>${content}</nc:PersonBirthDate>`)).birthDate).toEqual(birthDate);
    expect(person(identityWith("")).birthDate).toBeNull();
  });

  test.each([
    ["GTM", "GTM"],
    ["Guatemala", unreadable("IDENT", "ident:CitizenshipCountryISO3166Alpha3Code")],
  ])("of a citizenship %j is %j", (code, citizenship) => {
    const content = `<ident:CitizenshipCountryISO3166Alpha3Code>${code}</ident:CitizenshipCountryISO3166Alpha3Code>`;
    expect(person(identityWith(content)).citizenship).toEqual(citizenship);
  });
});

describe("a person", () => {
  const name = (family: string, kind: string) =>
    `<ident:IdentityName><nc:PersonName><nc:PersonSurName>${family}</nc:PersonSurName></nc:PersonName><ident:NameCategoryCode>${kind}</ident:NameCategoryCode></ident:IdentityName>`;
  const at = (moment: string) => `<nc:ActivityDate><nc:DateTime>${moment}</nc:DateTime></nc:ActivityDate>`;
  const aNumber = (typed: string) => id("im:AlienNumberIdentification", typed);
  const passport = (number: string, country: string) =>
    `<ident:PassportIdentification><nc:IdentificationID>${number}</nc:IdentificationID><ident:CountryISO3166Alpha3Code>${country}</ident:CountryISO3166Alpha3Code></ident:PassportIdentification>`;
  const birth = (day: string) => `<nc:PersonBirthDate><nc:Date>${day}</nc:Date></nc:PersonBirthDate>`;

  const whole =
    identityWith(
      birth("1980-02-03") +
        name("字", "NATIVE_SCRIPT") +
        name("Alias", "ALIAS") +
        name("Own", "PRIMARY") +
        encounterWith(at("2024-01-01T00:00:00Z") + aNumber("A222 222 222") + passport("ZZ123456", "GTM"), "E9") +
        encounterWith(aNumber("ILLEGIBLE") + id("j:PersonFBIIdentification", "77A"), "E8"),
      "FIN0000003",
    ) +
    identityWith(
      birth("1981-12-31") +
        name("Own", "PRIMARY") +
        name("Other", "PRIMARY") +
        encounterWith(
          at("2020-01-01T00:00:00Z") + aNumber("111111111") + id("im:AdmissionIdentification", "944617592b1"),
          "E2",
        ) +
        encounterWith(at("2020-01-01T00:00:00Z") + aNumber("A111111111") + passport("AA123456", "MEX"), "E1"),
      "FIN0000002",
    ) +
    identityWith(
      encounterWith(aNumber("111111111") + passport("ZZ123456", "GTM") + id("j:PersonFBIIdentification", "77A"), "E7") +
        encounterWith(aNumber("?"), "E6"),
      "FIN0000001",
    ) +
    id("ident:SharedAlienNumberIdentification", "222222222");

  test("has everything of the cluster, and birth date and citizenship of the FIN asked for", () => {
    const source = { system: "IDENT", asOf: "2026-10-19T14:00:00Z" };
    const { unreadable: _lost, encounters, ...rest } = person(whole, "FIN0000002");
    expect(rest).toEqual({
      fin: "FIN0000002",
      fins: ["FIN0000002", "FIN0000001", "FIN0000003"],
      aNumbers: ["111111111", "222222222"],
      aNumberRecords: [
        { value: "111111111", raw: "111111111", sharedWithAnotherPerson: false, source },
        { value: "111111111", raw: "A111111111", sharedWithAnotherPerson: false, source },
        { value: "222222222", raw: "A222 222 222", sharedWithAnotherPerson: true, source },
        { value: null, raw: "?", sharedWithAnotherPerson: false, source },
        { value: null, raw: "ILLEGIBLE", sharedWithAnotherPerson: false, source },
      ],
      names: [
        { family: "Own", given: null, kind: "PRIMARY" },
        { family: "Other", given: null, kind: "PRIMARY" },
        { family: "Alias", given: null, kind: "ALIAS" },
        { family: "字", given: null, kind: "NATIVE_SCRIPT" },
      ],
      birthDate: "1981-12-31",
      citizenship: null,
      i94Numbers: ["944617592B1"],
      passports: [
        { number: "ZZ123456", country: "GTM" },
        { number: "AA123456", country: "MEX" },
      ],
      receiptNumbers: [],
      sevisIds: [],
      fbiNumbers: ["77A"],
      eidSubjectIds: [],
      source,
      minor: false,
    });
    expect(encounters.map((each) => each.id)).toEqual(["E1", "E2", "E9", "E6", "E7", "E8"]);
    expect(encounters.every((each) => each.source.asOf === source.asOf)).toBe(true);
  });

  const unreadable = (field: string) => ({ withheld: "UNREADABLE", system: "IDENT", field });
  test.each<[string, readonly string[], unknown]>([
    ["a child", ["2017-09-02"], true],
    ["on the day before the eighteenth birthday", ["2008-10-20"], true],
    ["on the eighteenth birthday", ["2008-10-19"], false],
    ["an adult", ["1980-02-03"], false],
    ["two birth dates, one a child's", ["1980-02-03", "2010-01-01"], true],
    ["no birth date", [], null],
    ["a birth date in the future alone", ["2026-10-20"], null],
    ["somebody of over 120 years alone", ["1906-10-18"], null],
    ["an adult, and a birth date in the future", ["1980-02-03", "2027-01-01"], false],
    ["an adult, and one that cannot be read", ["1980-02-03", "1980-02-30"], unreadable("nc:PersonBirthDate")],
    ["a child, and one that cannot be read", ["2017-09-02", "1980-02-30"], true],
  ])("is a minor or not (%s): %j gives %j", (_case, dates, expected) => {
    const identities = [...dates.map(birth), ""].map((date, place) => identityWith(date, `FIN000000${place + 1}`));
    expect(person(identities.join("")).minor).toEqual(expected);
  });

  test("is not said to be an adult while one of the identities cannot be read", () => {
    const lost = identityWith(birth("1980-01-01"), "FIN0000002").replaceAll("FIN0000002", "?");
    expect(person(identityWith(birth("1980-02-03"), "FIN0000001") + lost).minor).toEqual(unreadable("ident:Identity"));
  });

  test.each([
    ["CBP-USBP", "Apprehension", false, false],
    ["ICE-ERO", "Detention", false, false],
    ["DOS", "Visa application", false, false],
    ["USCIS", "Biometrics appointment", false, true],
    ["USCIS", "Credible fear interview", true, true],
    ["CBP-OFO", "Admission as refugee", true, false],
    ["ICE-ERO", "VAWA self-petition", false, true],
  ])("an encounter from %s for %j: asylum %j, a filing %j", (sender, reason, asylumRelated, filingRelated) => {
    const told = `<ident:SenderText>${sender}</ident:SenderText><nc:ActivityReasonText>${reason}</nc:ActivityReasonText>`;
    const [encounter] = person(identityWith(encounterWith(told, "E1"), "FIN0000001")).encounters;
    expect(encounter).toMatchObject({ asylumRelated, filingRelated });
  });

  test("an encounter with a receipt number goes back to a filing, whoever sent it", () => {
    const receipt = id("im:ImmigrationReceiptNumberIdentification", "IOE0912345678");
    const [encounter] = person(identityWith(encounterWith(receipt, "E1"), "FIN0000001")).encounters;
    expect(encounter).toMatchObject({ asylumRelated: false, filingRelated: true });
  });

  test("whose A-numbers cannot all be read is said to lack them", () => {
    expect(person(whole).unreadable.aNumbers).toEqual([
      { system: "IDENT", field: "im:AlienNumberIdentification", position: "encounter 4" },
      { system: "IDENT", field: "im:AlienNumberIdentification", position: "encounter 6" },
    ]);
  });

  test("with an identifier in no known form lacks it in that list, and only there", () => {
    const { unreadable: lost, i94Numbers } = person(identityWith(encounterWith(id("im:AdmissionIdentification", "1"))));
    expect(i94Numbers).toEqual([]);
    expect(lost.i94Numbers).toEqual([
      { system: "IDENT", field: "im:AdmissionIdentification", position: "encounter 1" },
    ]);
    expect([lost.encounters, lost.sevisIds]).toEqual([[], []]);
  });

  test("is nobody where the cluster does not have the FIN", () => {
    expect(personOf(cluster(whole), "FIN0000009", "2026-10-19T14:00:00Z")).toBeNull();
  });

  test.each<[Identifier, string[]]>([
    [{ kind: "fin", value: "FIN0000002" }, ["FIN0000002"]],
    [{ kind: "aNumber", value: "111111111" }, ["FIN0000001", "FIN0000002"]],
    [{ kind: "passport", value: { number: "ZZ123456", country: "GTM" } }, ["FIN0000001", "FIN0000003"]],
    [{ kind: "passport", value: { number: "ZZ123456", country: "MEX" } }, []],
    [{ kind: "fbiNumber", value: "77A" }, ["FIN0000001", "FIN0000003"]],
    [{ kind: "i94Number", value: "944617592B1" }, ["FIN0000002"]],
    [{ kind: "sevisId", value: "N0012345678" }, []],
  ])("by %j is found under the FINs that carry it, lowest first", (identifier, fins) => {
    expect(finsCarrying(cluster(whole), identifier)).toEqual(fins);
  });
});
