/** ADIS, the Arrival and Departure Information System: border crossings by FIN or admission number. */
import { type ChangeLog, changeLog } from "../change-log.ts";
import { json, listenHttp } from "../http.ts";
import type { AdisCrossing } from "../population/types.ts";
import { type Act, type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { optionalText, personOf, timeOf } from "./acts.ts";
import { admissionNumber, answerChanges, answerSearch, type Hit, personsWith, type RowChange } from "./search.ts";

const acts = ["record-departure"] as const;

/** ADIS over the context's world; its wire format is in README.md. */
export function adis(context: SimulatorContext): Simulator {
  const changed = changeLog<RowChange>();
  return {
    system: "adis",
    agency: "cbp",
    protocol: "http",
    acts,
    start: () =>
      listenHttp((request) => {
        if (request.path === "/adis/v2/changes")
          return answerChanges(request, changed, (changes) => ({ asOf: context.clock.now(), changes }));
        if (request.path !== "/adis/v2/crossings/search") return json(404, { error: "no such path" });
        return answerSearch(
          request,
          ["fins", "admissionNumbers"],
          ({ fins, admissionNumbers }) => findCrossings(context, fins, admissionNumbers),
          ({ rows, next }) => ({ asOf: context.clock.now(), crossings: rows, next }),
        );
      }),
    async act(act) {
      if (act.act !== "record-departure") throw new UnknownAct("adis", acts);
      return recordDeparture(context, changed, act);
    },
  };
}

function findCrossings(
  { world }: SimulatorContext,
  fins: readonly string[],
  admissionNumbers: readonly string[],
): readonly Hit[] {
  const askedFins = new Set(fins);
  const askedNumbers = new Set(admissionNumbers.map(admissionNumber));
  return personsWith(world, [
    ["fin", askedFins],
    ["i94Number", askedNumbers],
  ])
    .flatMap((file) => file.adis)
    .filter(
      ({ fin, i94Number }) =>
        askedFins.has(fin) || (i94Number !== null && askedNumbers.has(admissionNumber(i94Number))),
    )
    .map((crossing) => ({ key: crossing.recordId, row: wireRow(crossing) }));
}

function wireRow({ recordId, fin, i94Number, passport, direction, at, port, carrier }: AdisCrossing): unknown {
  return {
    recordId,
    fin,
    admissionNumber: i94Number,
    travelDocument: passport === null ? null : { number: passport.number, issuingCountry: passport.country },
    direction: direction === "ARRIVAL" ? "I" : "O",
    crossingDateTime: at,
    port,
    carrier,
  };
}

function recordDeparture({ world, clock }: SimulatorContext, changed: ChangeLog<RowChange>, act: Act): unknown {
  const person = personOf(world, act);
  const latest = person.adis
    .filter(({ direction }) => direction === "ARRIVAL")
    .sort(byTime)
    .at(-1);
  const crossing: AdisCrossing = {
    recordId: `ACT-${person.index}-${person.adis.length + 1}`,
    fin: optionalText(act, "fin") ?? latest?.fin ?? person.ident[0]!.fin,
    i94Number: optionalText(act, "i94Number") ?? latest?.i94Number ?? null,
    passport: latest?.passport ?? null,
    direction: "DEPARTURE",
    at: timeOf(act, "at", clock.now()),
    port: optionalText(act, "port") ?? "LAX",
    carrier: optionalText(act, "carrier"),
  };
  world.change(person.index, (file) => ({ ...file, adis: [...file.adis, crossing] }));
  changed.add({ before: null, after: wireRow(crossing) });
  return { recordId: crossing.recordId, crossingDateTime: crossing.at };
}

function byTime(a: AdisCrossing, b: AdisCrossing): number {
  return a.at < b.at ? -1 : a.at > b.at ? 1 : 0;
}
