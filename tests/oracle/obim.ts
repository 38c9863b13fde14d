/** What IDENT's own bytes say of a person: the XML of PersonRetrieve, read by `mocks/obim/README.md` alone. */
import { chunks, isDay, Listed, unreadable } from "./answer.ts";
import { type Element, readXml } from "./xml.ts";

const soap = "{http://www.w3.org/2003/05/soap-envelope}";
const nc = "{https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/}";
const im = "{https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/}";
const ident = "{https://ident.obim.example/ws/1.0/}";

/** The elements of a cluster's identities, by FIN. */
export type Identities = ReadonlyMap<string, readonly Element[]>;

/** The identifiers by which every other agency's rows belong to a person. */
export type Keys = {
  readonly fins: ReadonlySet<string>;
  readonly aNumbers: ReadonlySet<string>;
  /** Some A-number was typed that cannot be read: the set lacks it. */
  readonly aNumbersLack: boolean;
  readonly i94Numbers: ReadonlySet<string>;
  readonly eidSubjectIds: ReadonlySet<string>;
};

/** Asks for all FINs, 100 in a call. */
export async function readIdentities(url: string, fins: readonly string[]): Promise<Identities> {
  const found = new Map<string, readonly Element[]>();
  for (const some of chunks(fins, 100)) {
    const answer = readXml(await retrieve(url, some));
    const response = only(only(answer, `${soap}Body`), `${ident}PersonRetrieveResponse`);
    for (const cluster of all(response, `${ident}IdentityCluster`)) {
      const identities = all(cluster, `${ident}Identity`);
      for (const identity of identities) found.set(finOf(identity), identities);
    }
  }
  return found;
}

async function retrieve(url: string, fins: readonly string[]): Promise<string> {
  const asked = fins.map(
    (fin) =>
      `<FingerprintIdentification><n:IdentificationID xmlns:n="${nc.slice(1, -1)}">${fin}</n:IdentificationID></FingerprintIdentification>`,
  );
  const body = `<e:Envelope xmlns:e="${soap.slice(1, -1)}"><e:Body><PersonRetrieveRequest xmlns="${ident.slice(1, -1)}">${asked.join("")}</PersonRetrieveRequest></e:Body></e:Envelope>`;
  const response = await fetch(`${url}/ident`, {
    method: "POST",
    headers: { "content-type": "application/soap+xml; charset=utf-8" },
    body,
  });
  if (response.status !== 200) throw new Error(`IDENT answered ${response.status}`);
  return new TextDecoder("utf-8", { fatal: true }).decode(await response.arrayBuffer());
}

/** The person's own part of the answer. */
export function personOf(identities: readonly Element[], fin: string): Record<string, unknown> {
  const own = identities.filter((each) => finOf(each) === fin);
  const ownFirst = [...own, ...identities.filter((each) => finOf(each) !== fin)];
  const { aNumbers, aNumbersLack } = keysOf(identities);
  const birthDate = textIn(own[0]!, `${nc}PersonBirthDate`, `${nc}Date`);
  return {
    fin,
    aNumbers: new Listed([...aNumbers].sort(), aNumbersLack ? ["IDENT"] : []),
    names: namesOf(ownFirst),
    birthDate: birthDate === null || isDay(birthDate) ? birthDate : unreadable("IDENT"),
  };
}

/** Everything the encounters of the whole cluster recorded; what is not in a readable form finds nothing. */
export function keysOf(identities: readonly Element[]): Keys {
  const encounters = identities.flatMap((each) => all(each, `${nc}PersonEncounter`));
  const values = (name: string) => encounters.flatMap((each) => textIn(each, name, `${nc}IdentificationID`) ?? []);
  const typed = values(`${im}AlienNumberIdentification`).map((raw) => {
    const digits = /^A?([0-9]{7,9})$/i.exec(raw.replaceAll(/[ -]/g, ""))?.[1];
    return digits?.padStart(9, "0") ?? null;
  });
  const i94 = values(`${im}AdmissionIdentification`).map((raw) => raw.replaceAll(/[ -]/g, "").toUpperCase());
  return {
    fins: new Set(identities.map(finOf)),
    aNumbers: new Set(typed.filter((each) => each !== null)),
    aNumbersLack: typed.includes(null),
    i94Numbers: new Set(i94.filter((number) => /^([0-9]{11}|[0-9]{9}[A-Z][0-9])$/.test(number))),
    eidSubjectIds: new Set(values(`${ident}EIDSubjectIdentification`)),
  };
}

/** Distinct names: the primary ones, then aliases, then those in their own script; this FIN's first among equals. */
function namesOf(identities: readonly Element[]): unknown {
  const names = identities.flatMap((identity) =>
    all(identity, `${ident}IdentityName`).map((name) => ({
      category: textIn(name, `${ident}NameCategoryCode`),
      family: textIn(name, `${nc}PersonName`, `${nc}PersonSurName`),
      given: textIn(name, `${nc}PersonName`, `${nc}PersonGivenName`),
    })),
  );
  const kinds = ["PRIMARY", "ALIAS", "NATIVE_SCRIPT"];
  const once = [...new Map(names.map((name) => [JSON.stringify(name), name])).values()];
  const readable = kinds.flatMap((kind) => once.filter(({ category }) => category === kind));
  return new Listed(
    readable.map(({ family, given }) => ({ family, given })),
    readable.length < once.length ? ["IDENT"] : [],
  );
}

const finOf = (identity: Element): string =>
  textIn(identity, `${ident}FingerprintIdentification`, `${nc}IdentificationID`) ?? "";

const all = (parent: Element, name: string): Element[] => parent.children.filter((each) => each.name === name);

function only(parent: Element, name: string): Element {
  const [one, ...more] = all(parent, name);
  if (one === undefined || more.length > 0) throw new Error(`IDENT's answer has not one ${name}`);
  return one;
}

/** The text at the end of a path of elements; null where one is absent, nil or empty. */
function textIn(parent: Element, ...names: string[]): string | null {
  let at: Element | undefined = parent;
  for (const name of names) at = at === undefined || at.nil ? undefined : all(at, name)[0];
  const text = at === undefined || at.nil ? "" : at.text.trim();
  return text === "" ? null : text;
}
