/**
 * Acts of ICE's officers: each changes EID's own tables as the officers' application would. They run in a transaction
 * of the caller's.
 */
import type { ClientBase } from "pg";
import { isDay } from "../days.ts";
import type { PersonFile } from "../population/types.ts";
import { type Act, BadAct, type World } from "../world.ts";
import { isKnownCountry, printCountry } from "./countries.ts";
import { insertRows } from "./load.ts";
import { hash, printInstant } from "./print.ts";
import { quoted, type Row, type TableName, tableNames, tablePath } from "./tables.ts";

export type Desk = { readonly client: ClientBase; readonly world: World; readonly now: string };

type Perform = (desk: Desk, act: Act) => Promise<Readonly<Record<string, unknown>>>;

const liftDetainer: Perform = async (desk, act) => {
  const reason = textOf(act, "reason", "Case Closed");
  const [detainer] = await find(desk, act, "Detainers", activeDetainer, '"Detainer Prepare Date" DESC');
  if (detainer === undefined) throw new BadAct("no active detainer stands under this A-number");
  const dtaId = detainer["EID DTA ID"] as string;
  await update(
    desk,
    "Detainers",
    { "EID DTA ID": dtaId },
    {
      "Detainer Lifted Date": printInstant(desk.now),
      "Detainer Lift Reason": reason,
    },
  );
  return { dtaId, liftReason: reason };
};

const activeDetainer = '"Detainer Lifted Date" IS NULL AND "Detainer Lift Reason" IS NULL';

const lodgeDetainer: Perform = async (desk, act) => {
  const warrantForm = textOf(act, "warrantForm", "I-200");
  if (warrantForm !== "I-200" && warrantForm !== "I-205") throw new BadAct("warrantForm must be I-200 or I-205");
  const person = await personOf(desk, act);
  const dtaId = await unused(desk, "Detainers", "EID DTA ID", newId("DTA", person.subjectId, desk.now));
  await insertRows(desk.client, "Detainers", [
    {
      ...person.columns,
      "EID DTA ID": dtaId,
      "Detainer Prepare Date": printInstant(desk.now),
      "Detainer Facility": textOf(act, "facility", "SANDOVAL CREEK COUNTY JAIL"),
      "Detainer Facility Code": textOf(act, "facilityCode", "SANDCTX"),
      "Deportation Ordered": warrantForm === "I-205" ? "YES" : "NO",
      "Order to Show Cause Served": "NO",
      "Biometric Match": "YES",
      "Statements Made": "NO",
      "Warrant Form": warrantForm,
    },
  ]);
  return { dtaId };
};

const openStay = '"Stay Book Out Date Time" IS NULL AND "Stay Book In Date Time" IS NOT NULL';
const newestStint = '"Stay Book In Date Time" DESC, "Book In Date Time" DESC NULLS LAST';

const bookIn: Perform = async (desk, act) => {
  const [held] = await find(desk, act, "Detention Stints", openStay, newestStint);
  if (held !== undefined) throw new BadAct("this person is in custody already; book-out or transfer instead");
  const person = await personOf(desk, act);
  await insertRows(desk.client, "Detention Stints", [
    {
      ...person.columns,
      "Stay Book In Date Time": printInstant(desk.now),
      "Book In Date Time": printInstant(desk.now),
      ...facilityOf(act),
    },
  ]);
  return { subjectId: person.subjectId, stayBookedInAt: desk.now };
};

const bookOut: Perform = async (desk, act) => {
  const reason = textOf(act, "reason", "Released");
  const { stay, columns } = await openStayOf(desk, act);
  await closeStint(desk, stay, reason);
  await update(desk, "Detention Stints", stay, {
    "Stay Book Out Date Time": printInstant(desk.now),
    "Stay Book Out Date": desk.now.slice(0, 10),
    "Stay Release Reason": reason,
  });
  return { subjectId: columns["EID Subject ID"], bookedOutAt: desk.now, releaseReason: reason };
};

const transfer: Perform = async (desk, act) => {
  const { stay, columns } = await openStayOf(desk, act);
  await closeStint(desk, stay, "Transferred");
  const facility = facilityOf(act);
  const stint = { "Book In Date Time": printInstant(desk.now), "Book Out Date Time": null, ...facility };
  await insertRows(desk.client, "Detention Stints", [{ ...columns, "Detention Release Reason": null, ...stint }]);
  return { subjectId: columns["EID Subject ID"], transferredAt: desk.now, facility: facility["Detention Facility"] };
};

const scheduleRemoval: Perform = async (desk, act) => {
  const at = act.at;
  if (typeof at !== "string" || !/^.{10}(T([01]\d|2[0-3]):[0-5]\d:[0-5]\dZ)?$/.test(at) || !isDay(at.slice(0, 10)))
    throw new BadAct("at must be a day or an instant, such as 2026-10-20 or 2026-10-20T09:00:00Z");
  const person = await personOf(desk, act);
  const country = countryOf(act) ?? person.columns["Citizenship Country"] ?? null;
  const removalId = await unused(desk, "Removals", "EID Removal ID", newId("RMV", person.subjectId, desk.now));
  await insertRows(desk.client, "Removals", [
    {
      ...person.columns,
      "EID Removal ID": removalId,
      "Removal Scheduled Date": at.length > 10 ? printInstant(at) : at,
      "Departure Country": country,
    },
  ]);
  return { removalId, scheduledAt: at, country };
};

const scheduled = '"Departed Date" IS NULL AND "Removal Scheduled Date" IS NOT NULL';

const cancelRemoval: Perform = async (desk, act) => {
  const [removal] = await find(desk, act, "Removals", scheduled, '"Removal Scheduled Date" DESC');
  if (removal === undefined) throw new BadAct("no removal is scheduled under this A-number");
  const removalId = removal["EID Removal ID"] as string;
  await desk.client.query(`DELETE FROM ${tablePath("Removals")} WHERE "EID Removal ID" = $1`, [removalId]);
  return { removalId, cancelled: true };
};

const recordDeparture: Perform = async (desk, act) => {
  const [removal] = await find(desk, act, "Removals", scheduled, '"Removal Scheduled Date" DESC');
  const departed = { "Departed Date": printInstant(desk.now), "Port of Departure": textOf(act, "port", "HLG") };
  const country = countryOf(act);
  if (removal !== undefined) {
    const removalId = removal["EID Removal ID"] as string;
    const to = country === null ? {} : { "Departure Country": country };
    await update(desk, "Removals", { "EID Removal ID": removalId }, { ...departed, ...to });
    return { removalId, departedAt: desk.now };
  }
  const person = await personOf(desk, act);
  const removalId = await unused(desk, "Removals", "EID Removal ID", newId("RMV", person.subjectId, desk.now));
  const to = country ?? person.columns["Citizenship Country"] ?? null;
  await insertRows(desk.client, "Removals", [
    { ...person.columns, "EID Removal ID": removalId, ...departed, "Departure Country": to },
  ]);
  return { removalId, departedAt: desk.now };
};

/** By name, as the control listener knows them. */
export const acts: Readonly<Record<string, Perform>> = {
  "lift-detainer": liftDetainer,
  "lodge-detainer": lodgeDetainer,
  "book-in": bookIn,
  "book-out": bookOut,
  transfer,
  "schedule-removal": scheduleRemoval,
  "cancel-removal": cancelRemoval,
  "record-departure": recordDeparture,
};

/** Rows of this A-number's person: of the file itself, else of the subjects that the world knows by the number. */
async function find({ client, world }: Desk, act: Act, table: TableName, where: string, order: string): Promise<Row[]> {
  const subjects = world.find("aNumber", act.aNumber).flatMap((file) => subjectsOf(file, act.aNumber));
  const { rows } = await client.query(
    `SELECT * FROM ${tablePath(table)}
     WHERE ("Alien File Number" = $1 OR "EID Subject ID" = ANY($2)) AND ${where}
     ORDER BY ("Alien File Number" IS NOT DISTINCT FROM $1) DESC, ${order} LIMIT 1`,
    [act.aNumber, subjects],
  );
  return rows.map((row: Row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)));
}

async function openStayOf(desk: Desk, act: Act): Promise<{ readonly stay: Row; readonly columns: Row }> {
  const [columns] = await find(desk, act, "Detention Stints", openStay, newestStint);
  if (columns === undefined) throw new BadAct("this person is not in custody");
  const { "EID Subject ID": subject = null, "Stay Book In Date Time": since = null } = columns;
  return { stay: { "EID Subject ID": subject, "Stay Book In Date Time": since }, columns };
}

async function closeStint(desk: Desk, stay: Row, reason: string): Promise<void> {
  await update(
    desk,
    "Detention Stints",
    { ...stay, "Book Out Date Time": null },
    {
      "Book Out Date Time": printInstant(desk.now),
      "Detention Release Reason": reason,
    },
  );
}

async function update({ client }: Desk, table: TableName, where: Row, set: Row): Promise<void> {
  const values = [...Object.values(set), ...Object.values(where)];
  const assignments = Object.keys(set).map((column, at) => `${quoted(column)} = $${at + 1}`);
  const offset = assignments.length + 1;
  const conditions = Object.keys(where).map((column, at) => `${quoted(column)} IS NOT DISTINCT FROM $${at + offset}`);
  await client.query(
    `UPDATE ${tablePath(table)} SET ${assignments.join(", ")} WHERE ${conditions.join(" AND ")}`,
    values,
  );
}

type Known = { readonly subjectId: string; readonly columns: Row };

const personal = ["Gender", "Birth Date", "Birth Year", "Birth Country", "Citizenship Country"];
const fromCase = ["EID Case ID", "Case Status", "Case Category", "Final Order Yes No", "Final Order Date"];

/** What a new row repeats of the person: from rows that stand, else from what is known elsewhere. */
async function personOf(desk: Desk, act: Act): Promise<Known> {
  const rows: Row[] = [];
  for (const table of ["Cases", ...tableNames] as const)
    rows.push(...(await find(desk, act, table, "TRUE", '"EID Subject ID"')));
  const [file] = desk.world.find("aNumber", act.aNumber);
  if (rows.length === 0 && file === undefined) throw new BadAct("nobody has this A-number");
  const named = file === undefined ? undefined : subjectsOf(file, act.aNumber)[0];
  const subjectId =
    (rows[0]?.["EID Subject ID"] as string | undefined) ?? named ?? `N${hash(`subject ${act.aNumber}`)}`;
  const own = rows.filter((row) => row["EID Subject ID"] === subjectId);
  const repeated = [...personal, ...fromCase].flatMap((column) => {
    const value = own.find((row) => row[column] !== undefined)?.[column];
    return value === undefined ? [] : [[column, value] as const];
  });
  const citizenship = printCountry(file?.ident[0]?.citizenship ?? null);
  return {
    subjectId,
    columns: {
      "Citizenship Country": citizenship,
      ...Object.fromEntries(repeated),
      "EID Subject ID": subjectId,
      "Alien File Number": act.aNumber,
    },
  };
}

/** The subjects this file ties to the number: those of its rows under it, else all that the file names. */
function subjectsOf({ eid, ident }: PersonFile, aNumber: string): string[] {
  const rows = Object.values(eid).flat() as { subjectId: string; aFileNumber: unknown }[];
  const own = rows.filter((row) => row.aFileNumber === aNumber);
  const encounters = ident.flatMap((identity) => identity.encounters);
  const named = encounters.flatMap(({ eidSubjectId }) => (eidSubjectId === null ? [] : [eidSubjectId]));
  return [
    ...new Set((own.length > 0 ? own : rows).map(({ subjectId }) => subjectId).concat(own.length > 0 ? [] : named)),
  ];
}

function facilityOf(act: Act): Row {
  return {
    "Detention Facility": textOf(act, "facility", "SOUTH PRAIRIE PROCESSING CENTER"),
    "Detention Facility Code": textOf(act, "facilityCode", "SPRAITX"),
  };
}

/** The country as EID prints it, when the act names one. */
function countryOf({ country }: Act): string | null {
  if (country === undefined) return null;
  if (typeof country !== "string" || !isKnownCountry(country))
    throw new BadAct("country must be the ISO alpha-3 code of a country that EID has a name for");
  return printCountry(country);
}

function textOf(act: Act, name: string, fallback: string): string {
  const value = act[name] ?? fallback;
  if (typeof value !== "string" || value.length === 0 || value.length > 100)
    throw new BadAct(`${name} must be a text of 1 to 100 characters`);
  return value;
}

const newId = (prefix: string, subjectId: string, now: string) => `${prefix}${hash(`${prefix} ${subjectId} ${now}`)}`;

/** The id itself, or with a suffix where it is taken. */
async function unused({ client }: Desk, table: TableName, column: string, id: string): Promise<string> {
  const { rows } = await client.query(
    `SELECT ${quoted(column)} AS id FROM ${tablePath(table)} WHERE ${quoted(column)} LIKE $1`,
    [`${id}%`],
  );
  return rows.length === 0 ? id : `${id}-${rows.length + 1}`;
}
