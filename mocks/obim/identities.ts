/** Who is who in IDENT: from an identifier to whole identity clusters, and the acts that change them. */
import { type ChangeLog, changeLog } from "../change-log.ts";
import type { IdentEncounter, IdentIdentity, PersonFile } from "../population/types.ts";
import { type Act, BadAct, type IdentifierKind, type SimulatorContext } from "../world.ts";

export type SearchKind = Exclude<IdentifierKind, "idncase">;

export type Cluster = {
  readonly clusterId: string;
  /** Ascending by FIN. */
  readonly identities: readonly IdentIdentity[];
  /** Nine digits each: A-numbers of this cluster that also stand in an encounter of a FIN outside it. */
  readonly sharedANumbers: readonly string[];
};

export type Identities = {
  /** Whole clusters, ascending by their first FIN. `value`: A-numbers in any typed form; passports `COUNTRY:NUMBER`. */
  search(kind: SearchKind, value: string): readonly Cluster[];
  link(act: Act): unknown;
  addEncounter(act: Act): unknown;
  /** FINs of the clusters in which something has changed. */
  readonly changed: ChangeLog<readonly string[]>;
};

/** IDENT's own reading of a typed A-number: nine digits, or null for what cannot be read as one. */
export function canonicalANumber(raw: string): string | null {
  const digits = raw.replaceAll(/[\s-]/g, "").replace(/^[Aa]/, "");
  return /^\d{7,9}$/.test(digits) ? digits.padStart(9, "0") : null;
}

type Placed = { readonly identity: IdentIdentity; readonly file: PersonFile };

export function identities({ world, clock }: SimulatorContext): Identities {
  /** FINs that acts have brought into a cluster from several persons' files; the files themselves decide who is in. */
  const linkedFins = new Map<string, Set<string>>();
  const changed = changeLog<readonly string[]>();

  const find = (kind: SearchKind, value: string): readonly Placed[] => {
    const asked = kind === "aNumber" ? canonicalANumber(value) : value;
    if (asked === null) return [];
    return world
      .find(kind, asked)
      .flatMap((file) => file.ident.map((identity) => ({ identity, file })))
      .filter(({ identity }) => stands(identity, kind, asked));
  };

  const members = ({ identity: { clusterId }, file }: Placed): readonly Placed[] => {
    const elsewhere = [...(linkedFins.get(clusterId) ?? [])].flatMap((fin) => find("fin", fin));
    const all = [...file.ident.map((identity) => ({ identity, file })), ...elsewhere]
      .filter(({ identity }) => identity.clusterId === clusterId)
      .map((placed) => [placed.identity.fin, placed] as const);
    return [...new Map(all).values()].sort((a, b) => (a.identity.fin < b.identity.fin ? -1 : 1));
  };

  const sharedANumbers = (inside: readonly Placed[]): readonly string[] => {
    const clusterId = inside[0]?.identity.clusterId;
    const numbers = inside.flatMap(({ identity }) => identity.encounters.map(({ aNumberRaw }) => aNumberRaw ?? ""));
    return [...new Set(numbers.map(canonicalANumber))]
      .filter((number) => number !== null)
      .filter((number) => find("aNumber", number).some(({ identity }) => identity.clusterId !== clusterId))
      .sort();
  };

  const clusters = (kind: SearchKind, value: string): readonly (readonly Placed[])[] => {
    const found = new Map(find(kind, value).map((placed) => [placed.identity.clusterId, placed]));
    return [...found.values()].map(members).sort((a, b) => (firstFin(a) < firstFin(b) ? -1 : 1));
  };

  const clusterOfAct = ({ aNumber }: Act): readonly Placed[] => {
    const [cluster, ...others] = clusters("aNumber", aNumber);
    if (cluster === undefined) throw new BadAct("IDENT knows nobody by this A-number");
    if (others.length > 0) throw new BadAct("several persons share this A-number; use one that only one has");
    return cluster;
  };

  /** The clusters themselves, and all those with whom they share an A-number: they say so. */
  const enterChange = (placed: readonly Placed[]): void => {
    const encounters = placed.flatMap(({ identity }) => identity.encounters);
    const numbers = new Set(encounters.map(({ aNumberRaw }) => canonicalANumber(aNumberRaw ?? "")));
    const sharing = [...numbers].flatMap((number) => (number === null ? [] : clusters("aNumber", number).flat()));
    changed.add([...new Set([...placed, ...sharing].map(({ identity }) => identity.fin))]);
  };

  return {
    changed,

    search: (kind, value) =>
      clusters(kind, value).map((inside) => ({
        clusterId: inside[0]?.identity.clusterId ?? "",
        identities: inside.map(({ identity }) => identity),
        sharedANumbers: sharedANumbers(inside),
      })),

    link(act) {
      const into = clusterOfAct(act);
      const clusterId = into[0]?.identity.clusterId as string;
      const [joining] = clusters("fin", String(act.fin));
      if (joining === undefined) throw new BadAct("link-identities needs `fin`: one that IDENT knows");
      const joiningId = joining[0]?.identity.clusterId;
      if (joiningId === clusterId) throw new BadAct("these identities are linked already");
      // The whole other cluster comes along: its FINs are known to be one person.
      for (const index of new Set(joining.map(({ file }) => file.index)))
        world.change(index, (file) => ({
          ...file,
          ident: file.ident.map((each) => (each.clusterId === joiningId ? { ...each, clusterId } : each)),
        }));
      const fins = [...into, ...joining].map(({ identity }) => identity.fin).sort();
      linkedFins.set(clusterId, new Set(fins));
      enterChange(clusters("fin", fins[0] as string).flat());
      return { clusterId, fins };
    },

    addEncounter(act) {
      const inside = clusterOfAct(act);
      const carrying = inside.filter(({ identity }) =>
        stands(identity, "aNumber", canonicalANumber(act.aNumber) ?? ""),
      );
      const placed = act.fin === undefined ? carrying[0] : inside.find(({ identity }) => identity.fin === act.fin);
      if (placed === undefined) throw new BadAct("`fin` is not one of this person's");
      const { fin, encounters } = placed.identity;
      const encounter = newEncounter(act, `${fin}-${encounters.length + 1}`, clock.now());
      world.change(placed.file.index, (file) => ({
        ...file,
        ident: file.ident.map((each) =>
          each.fin === fin ? { ...each, encounters: [...each.encounters, encounter] } : each,
        ),
      }));
      enterChange(clusters("fin", fin).flat());
      return { fin, encounterId: encounter.encounterId };
    },
  };
}

function firstFin(cluster: readonly Placed[]): string {
  return cluster[0]?.identity.fin ?? "";
}

function stands(identity: IdentIdentity, kind: SearchKind, asked: string): boolean {
  if (kind === "fin") return identity.fin === asked;
  return identity.encounters.some((encounter) => {
    if (kind === "aNumber") return encounter.aNumberRaw !== null && canonicalANumber(encounter.aNumberRaw) === asked;
    if (kind === "passport") return passportKey(encounter.passport) === asked;
    return encounter[kind] === asked;
  });
}

function passportKey(passport: IdentEncounter["passport"]): string | null {
  return passport === null ? null : `${passport.country}:${passport.number}`;
}

const senders: readonly string[] = [
  "CBP-OFO",
  "CBP-USBP",
  "ICE-ERO",
  "USCIS",
  "DOS",
] satisfies readonly IdentEncounter["sender"][];

/** `typedANumber`: what the officer typed, where it is not the number the person was found by. */
function newEncounter(act: Act, encounterId: string, at: string): IdentEncounter {
  const text = (name: string): string | null => (typeof act[name] === "string" ? act[name] : null);
  const sender = text("sender") ?? "ICE-ERO";
  if (!senders.includes(sender)) throw new BadAct(`\`sender\` is one of ${senders.join(", ")}`);
  return {
    encounterId,
    at,
    sender: sender as IdentEncounter["sender"],
    reason: text("reason") ?? "Custody intake",
    aNumberRaw: text("typedANumber") ?? act.aNumber,
    i94Number: text("i94Number"),
    passport: null,
    eidSubjectId: text("eidSubjectId"),
    fbiNumber: text("fbiNumber"),
    sevisId: text("sevisId"),
    receiptNumber: text("receiptNumber"),
  };
}
