/** e3, the Border Patrol's processing portal: one row for each subject of each event, by FIN or A-file number. */
import { changeLog } from "../change-log.ts";
import { type HttpAnswer, type HttpRequest, json, listenHttp } from "../http.ts";
import type { E3Subject, PersonFile } from "../population/types.ts";
import { type Act, BadAct, type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { optionalFlag, optionalText, personOf, timeOf } from "./acts.ts";
import { e3Row, isDoubled } from "./e3-format.ts";
import { answerChanges, answerSearch, type Hit, nineDigits, personsWith, type RowChange } from "./search.ts";

const acts = ["new-apprehension", "change-address"] as const;

/** How long changes gather before the file with them is dropped. */
const dropEveryMs = 500;

/** e3 over the context's world; its wire format is in README.md. */
export function e3(context: SimulatorContext): Simulator {
  const drops = dropFolder(context.clock);
  return {
    system: "e3",
    agency: "cbp",
    protocol: "http",
    acts,
    async start() {
      const listener = await listenHttp((request) => {
        if (request.path.startsWith("/e3/v1/drops")) return drops.answer(request);
        if (request.path !== "/e3/v1/subjects/search") return json(404, { error: "no such path" });
        return answerSearch(
          request,
          ["fins", "afileNumbers"],
          ({ fins, afileNumbers }) => findSubjects(context, fins, afileNumbers),
          ({ rows, next }) => ({ extractedAt: context.clock.now(), rows, next }),
        );
      });
      return {
        port: listener.port,
        async close() {
          drops.close();
          await listener.close();
        },
      };
    },
    async act(act) {
      if (act.act === "new-apprehension") return newApprehension(context, drops.gather, act);
      if (act.act === "change-address") return changeAddress(context, drops.gather, act);
      throw new UnknownAct("e3", acts);
    },
  };
}

type Gather = (change: RowChange) => void;

/** The folder in which e3 drops a file with the rows that have changed since the last one. */
function dropFolder(clock: SimulatorContext["clock"]) {
  const files = new Map<string, { readonly extractedAt: string; readonly changes: readonly RowChange[] }>();
  const listed = changeLog<string>();
  let gathered: RowChange[] = [];
  /** While something is gathered that has not been dropped, no listing is of a later time. */
  let gatheredSince: string | null = null;
  let timer: NodeJS.Timeout | null = null;
  const extractedAt = () => gatheredSince ?? clock.now();

  function drop(): void {
    timer = null;
    const name = `drop-${String(files.size + 1).padStart(6, "0")}.json`;
    files.set(name, { extractedAt: clock.now(), changes: gathered });
    gathered = [];
    gatheredSince = null;
    listed.add(name);
  }

  return {
    gather(change: RowChange): void {
      gathered.push(change);
      gatheredSince ??= clock.now();
      timer ??= setTimeout(drop, dropEveryMs).unref();
    },
    answer(request: HttpRequest): HttpAnswer {
      if (request.path === "/e3/v1/drops")
        return answerChanges(request, listed, (names) => ({ extractedAt: extractedAt(), files: names }));
      const file = files.get(request.path.slice("/e3/v1/drops/".length));
      return file === undefined ? json(404, { error: "no such file" }) : json(200, file);
    },
    close(): void {
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}

function findSubjects(
  { world }: SimulatorContext,
  fins: readonly string[],
  afileNumbers: readonly string[],
): readonly Hit[] {
  const askedFins = new Set(fins);
  const askedNumbers = new Set(afileNumbers.map(nineDigits).filter((each) => each !== null));
  return personsWith(world, [
    ["fin", askedFins],
    ["aNumber", askedNumbers],
  ])
    .flatMap((file) => file.e3)
    .filter(({ fin, aNumber }) => askedFins.has(fin ?? "") || askedNumbers.has(nineDigits(aNumber) ?? ""))
    .flatMap((subject) => {
      const hit = { key: `${subject.eventNumber}/${subject.subjectKey}`, row: e3Row(subject) };
      return isDoubled(subject) ? [hit, hit] : [hit];
    });
}

function newApprehension({ world, clock }: SimulatorContext, gather: Gather, act: Act): unknown {
  const person = personOf(world, act);
  const at = timeOf(act, "at", clock.now());
  const familyUnitNumber = optionalText(act, "familyUnitNumber");
  const subject: E3Subject = {
    eventNumber: `ACT${person.index}E${person.e3.length + 1}`,
    subjectKey: "1",
    fin: optionalText(act, "fin") ?? person.ident[0]?.fin ?? null,
    aNumber: nineDigits(optionalText(act, "aNumber")),
    apprehendedAt: at,
    arrestedAt: timeOf(act, "arrestedAt", at),
    sector: optionalText(act, "sector"),
    citizenship: person.ident[0]?.citizenship ?? null,
    familyUnitNumber,
    familyUnitType: optionalText(act, "familyUnitType"),
    familyMember: { entered: familyUnitNumber !== null, derived: familyUnitNumber !== null },
    unaccompaniedChild: { entered: false, derived: false },
    fearClaim: { entered: optionalFlag(act, "fearClaim"), derived: null },
    disposition: optionalText(act, "disposition"),
    bookedOutAt: null,
    transferredTo: null,
    releaseAddress: null,
  };
  world.change(person.index, (file) => ({ ...file, e3: [...file.e3, subject] }));
  gather({ before: null, after: e3Row(subject) });
  return { eventNumber: subject.eventNumber, subjectKey: subject.subjectKey, apprehendedAt: at };
}

function changeAddress({ world, clock }: SimulatorContext, gather: Gather, act: Act): unknown {
  const person = personOf(world, act);
  const { lines } = act;
  if (!Array.isArray(lines) || !lines.every((line) => typeof line === "string"))
    throw new BadAct("lines is a list of texts");
  const releaseAddress = {
    lines: lines as readonly string[],
    since: timeOf(act, "since", clock.now()),
    undeliverable: optionalFlag(act, "undeliverable"),
  };
  const subject = subjectToChange(person, optionalText(act, "eventNumber"));
  world.change(person.index, (file) => ({
    ...file,
    // Every row of that subject: an exact duplicate stays one.
    e3: file.e3.map((each) =>
      each.eventNumber === subject.eventNumber && each.subjectKey === subject.subjectKey
        ? { ...each, releaseAddress }
        : each,
    ),
  }));
  gather({ before: e3Row(subject), after: e3Row({ ...subject, releaseAddress }) });
  return { eventNumber: subject.eventNumber, subjectKey: subject.subjectKey, since: releaseAddress.since };
}

/** The event named, else the latest of which the time is known. Throws BadAct when there is none. */
function subjectToChange({ e3: subjects }: PersonFile, eventNumber: string | null): E3Subject {
  const found = subjects
    .filter((each) => eventNumber === null || each.eventNumber === eventNumber)
    .sort((a, b) => ((a.apprehendedAt ?? "") < (b.apprehendedAt ?? "") ? -1 : 1))
    .at(-1);
  if (found === undefined) throw new BadAct("e3 holds no such event of this person");
  return found;
}
