/** I-94, the electronic admission record: by admission number alone, as the public look-up is. */

import { type ChangeLog, changeLog } from "../change-log.ts";
import { isDay } from "../days.ts";
import { type HttpAnswer, type HttpRequest, json, listenHttp } from "../http.ts";
import type { I94Admission } from "../population/types.ts";
import { type Act, BadAct, type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { optionalText, personOf } from "./acts.ts";
import {
  admissionNumber,
  answerChanges,
  answerSearch,
  type Hit,
  type Page,
  personsWith,
  type RowChange,
} from "./search.ts";

const acts = ["extend-stay"] as const;
const single = /^\/i94\/v1\/admissions\/([^/]+)$/;

/** I-94 over the context's world; its wire format is in README.md. */
export function i94(context: SimulatorContext): Simulator {
  const changed = changeLog<RowChange>();
  const envelope = ({ rows, next }: Page) => ({ dataAsOf: context.clock.now(), admissions: rows, next });
  return {
    system: "i94",
    agency: "cbp",
    protocol: "http",
    acts,
    start: () =>
      listenHttp((request) => {
        if (request.path === "/i94/v1/changes")
          return answerChanges(request, changed, (changes) => ({ dataAsOf: context.clock.now(), changes }));
        return request.path === "/i94/v1/admissions/search"
          ? answerSearch(
              request,
              ["admissionNumbers"],
              ({ admissionNumbers }) => findAdmissions(context, admissionNumbers),
              envelope,
            )
          : answerSingle(context, request, envelope);
      }),
    async act(act) {
      if (act.act !== "extend-stay") throw new UnknownAct("i94", acts);
      return extendStay(context, changed, act);
    },
  };
}

function answerSingle(
  context: SimulatorContext,
  { method, path }: HttpRequest,
  envelope: (page: Page) => unknown,
): HttpAnswer {
  const number = single.exec(path)?.[1];
  if (number === undefined) return json(404, { error: "no such path" });
  if (method !== "GET") return json(405, { error: "use GET" }, { allow: "GET" });
  const rows = findAdmissions(context, [number]).map(({ row }) => row);
  return json(rows.length === 0 ? 404 : 200, envelope({ rows, next: null }));
}

function findAdmissions({ world }: SimulatorContext, numbers: readonly string[]): readonly Hit[] {
  const asked = new Set(numbers.map(admissionNumber));
  return personsWith(world, [["i94Number", asked]])
    .flatMap((file) => file.i94)
    .filter(({ i94Number }) => asked.has(admissionNumber(i94Number)))
    .map((admission) => ({ key: admission.i94Number, row: wireRow(admission) }));
}

function wireRow({ i94Number, admittedAt, classOfAdmission, admitUntil, port, passport }: I94Admission): unknown {
  return {
    admissionNumber: i94Number,
    admissionDateTime: admittedAt,
    classOfAdmission,
    admitUntilDate: admitUntil === null ? "" : usDate(admitUntil),
    portOfEntry: port,
    passportNumber: passport?.number ?? "",
    passportCountry: passport?.country ?? "",
  };
}

/** `2026-10-09` → `10/9/2026`; what is no day (`D/S`) stays as it is. */
function usDate(value: string): string {
  const [, year, month, day] = /^(\d{4})-(\d{2})-(\d{2})/.exec(value) ?? [];
  return year === undefined ? value : `${Number(month)}/${Number(day)}/${year}`;
}

function extendStay({ world }: SimulatorContext, changed: ChangeLog<RowChange>, act: Act): unknown {
  const person = personOf(world, act);
  const until = optionalText(act, "until");
  if (until === null || !isDay(until)) throw new BadAct("until is a day such as 2026-12-31");
  const asked = optionalText(act, "i94Number");
  const admission = [...person.i94]
    .sort((a, b) => (a.admittedAt < b.admittedAt ? -1 : 1))
    .filter(({ i94Number }) => asked === null || admissionNumber(i94Number) === admissionNumber(asked))
    .at(-1);
  if (admission === undefined) throw new BadAct("this person has no such admission");
  if (admission.admitUntil === "D/S") throw new BadAct("admitted for the duration of status: nothing to extend");
  world.change(person.index, (file) => ({
    ...file,
    i94: file.i94.map((each) => (each.i94Number === admission.i94Number ? { ...each, admitUntil: until } : each)),
  }));
  changed.add({ before: wireRow(admission), after: wireRow({ ...admission, admitUntil: until }) });
  return { admissionNumber: admission.i94Number, admitUntil: until };
}
