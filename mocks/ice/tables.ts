/**
 * EID's tables: the columns of ICE's public releases under their own names, then the few columns that the agencies
 * hold and the releases lack. SQL types follow the names: see `columnType`.
 */

const columns = (text: string): string[] => text.split("|").map((column) => column.trim().replace(/\s+/g, " "));

/** Public release: detention stints, 53 columns. One row for each facility; the columns of the stay are repeated. */
const detentionStints = columns(`
  Stay Book In Date Time | Book In Date Time | Detention Facility | Book Out Date Time | Stay Book Out Date Time |
  Detention Release Reason | Stay Book Out Date | Stay Release Reason | Religion | Gender | Marital Status | Ethnicity |
  Birth Country | Citizenship Country | Entry Status | Known Terrorist Yes No | Suspected Gang Yes No | MSC Charge |
  MSC Sentence Days | MSC Sentence Months | MSC Sentence Years | MSC Charge Code | Aggravated Felon Yes No |
  Offense INA 236C Yes No | Case INA 236C Yes No | Bond Posted Date | Bond Posted Amount | Case Status | Case Category |
  Final Order Yes No | Final Order Date | Case Threat Level | Detainee Classification | Final Charge | Departed Date |
  Departure Country | Initial Bond Set Amount | Initial Bond Set Date | Detention Facility Code | Birth Date |
  Birth Year | Book In Criminality | Race | Entry Date | Apprehension Final Program | MSC Charge Date |
  MSC Conviction Date | MSC Criminal Charge Status | MSC Criminal Charge Status Code | MSC Crime Class | Book In Site |
  Book In AOR | Anonymized Identifier`);

/** Public release: detainers, 65 columns. Form I-247A's box 1 is in Deportation Ordered to Statements Made. */
const detainers = columns(`
  Detainer Prepare Date | Facility State | Facility AOR | Port of Departure | Departure Country | Departed Date |
  Case Status | Detainer Criminality | Detainer Facility | Detainer Facility Code | Facility City |
  Detainer Threat Level | Gender | Citizenship Country | Birth Country | Birth Date | Birth Year | Entry Status |
  MSC Charge | MSC Sentence Days | MSC Sentence Months | MSC Sentence Years | MSC Charge Code | MSC Charge Date |
  MSC Conviction Date | Aggravated Felon Yes No | Processing Disposition | Case Category | TOA Case Category |
  TOA Current Program | Apprehension Method | Final Order Yes No | Final Order Date | Apprehension Date | Entry Date |
  Prior Felony Yes No | Multiple Prior MISD Yes No | Violent Misdemeanor Yes No | Illegal Entry Yes No |
  Illegal Reentry Yes No | Immigration Fraud Yes No | Significant Risk Yes No | Other Removal Reason Yes No |
  Other Removal Reason | Criminal Street Gang | Aggravated Felony | Deportation Ordered | Order to Show Cause Served |
  Order to Show Cause Served Date | Biometric Match | Statements Made | Unlawful Attempt | Unlawful Entry | Visa |
  Federal Register Notice | Resume Custody Yes No | Detainer Lift Reason | Detainer Lift Reason Code |
  Active Investigation | Arrest Warrant Served Date | Detainer Type | Notify Release Request | TOD Current Duty Site |
  EID DTA ID | Anonymized Identifier`);

/** Public release: removals, 41 columns. */
const removals = columns(`
  Departed Date | Port of Departure | Departure Country | Docket AOR | Apprehension State | Apprehension County |
  Case Status | Gender | Birth Country | Citizenship Country | Birth Date | Birth Year | Entry Date | Entry Status |
  MSC NCIC Charge | MSC NCIC Charge Code | MSC Charge Date | MSC Criminal Charge Status |
  MSC Criminal Charge Status Code | MSC Conviction Date | Case Threat Level | Case Criminality | Felon |
  Processing Disposition | Case Category | Final Program | Final Program Code | Case Category Time of Arrest |
  Latest Arrest Program Current | Latest Arrest Program Current Code | Latest Person Apprehension Date |
  Final Order Yes No | Final Order Date | Final Charge Code | Final Charge Section Code | Prior Deport Yes No |
  Latest Person Departed Date | Alien File Number | EID Case ID | EID Subject ID | Unique Identifier`);

/** Public release: arrests, 25 columns. */
const arrests = columns(`
  Apprehension Date | Apprehension Type | State | County | TOA Current Duty AOR | Apprehension Final Program |
  Arresting Agency | Apprehension Method | Apprehension Criminality | Case Status | Case Category | Departure Country |
  Final Order Yes No | Birth Date | Birth Year | Citizenship Country | Gender | Departed Date | Final Order Date |
  Apprehension Site Landmark | Operation | TOA Current Duty Site | Case Criminality | Case Threat Level |
  Anonymized Identifier`);

/** Not published as a table of its own; its columns are those that the other releases repeat from the case. */
const cases = [
  "EID Case ID",
  "Case Status",
  "Case Category",
  "Final Order Yes No",
  "Final Order Date",
  "Departed Date",
];

const keys = ["EID Subject ID", "Alien File Number"];

/** By table: every column, public ones first. */
export const tables = {
  "Detention Stints": [...detentionStints, ...keys],
  Detainers: [...detainers, "EID Case ID", ...keys, "Detainer Served Date", "Detainer Lifted Date", "Warrant Form"],
  Removals: [...removals, "EID Removal ID", "Removal Scheduled Date"],
  Arrests: [...arrests, ...keys],
  Cases: [...cases, ...keys, "Last Screened Date"],
} as const satisfies Record<string, readonly string[]>;

export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[];

/** One row; columns that are not named are NULL. */
export type Row = Readonly<Record<string, string | number | null>>;

export const schemaName = '"EID"';
export const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
export const tablePath = (table: TableName | "Replication Status" | "Change Log") => `${schemaName}.${quoted(table)}`;

const numbers = /^(Birth Year|MSC Sentence (Days|Months|Years)|.*Amount)$/;

/** Instants are timestamps; what is called a date is text as printed, for it holds days and date-times alike. */
export function columnType(column: string): "timestamp(0)" | "numeric" | "text" {
  if (column.endsWith("Date Time")) return "timestamp(0)";
  return numbers.test(column) ? "numeric" : "text";
}

/** Statements that make the empty schema. */
export function createSchema(): string[] {
  return [
    `CREATE SCHEMA ${schemaName}`,
    `CREATE TABLE ${tablePath("Replication Status")} (
       "As Of" timestamp(0) NOT NULL, "Log Id" uuid NOT NULL DEFAULT gen_random_uuid())`,
    ...tableNames.map((table) => {
      const columns = tables[table].map((column) => `${quoted(column)} ${columnType(column)}`);
      return `CREATE TABLE ${tablePath(table)} (${columns.join(", ")})`;
    }),
  ];
}

/** Made after loading. Every table is looked up by subject and by A-file; detainers, removals, cases by their own id. */
export function createIndexes(): string[] {
  const ownIds = { Detainers: "EID DTA ID", Removals: "EID Removal ID", Cases: "EID Case ID" } as const;
  return tableNames.flatMap((table) =>
    [...keys, ...(table in ownIds ? [ownIds[table as keyof typeof ownIds]] : [])].map(
      (column) => `CREATE INDEX ON ${tablePath(table)} (${quoted(column)})`,
    ),
  );
}

/**
 * Made after loading: from then on every row that is inserted, updated or deleted leaves what it was and what it is in
 * the change log, in the transaction that changes it.
 */
export function createChangeLog(): string[] {
  return [
    `CREATE TABLE ${tablePath("Change Log")} (
       "Change Number" bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
       "Transaction" bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint),
       "Changed At" timestamp(0) NOT NULL,
       "Table Name" text NOT NULL,
       "Before" json,
       "After" json)`,
    `CREATE INDEX ON ${tablePath("Change Log")} ("Transaction")`,
    `CREATE FUNCTION ${schemaName}."Log Change"() RETURNS trigger LANGUAGE plpgsql AS $$
     BEGIN
       INSERT INTO ${tablePath("Change Log")} ("Changed At", "Table Name", "Before", "After")
       SELECT "As Of", TG_TABLE_NAME,
         CASE WHEN TG_OP <> 'INSERT' THEN json_strip_nulls(to_json(OLD)) END,
         CASE WHEN TG_OP <> 'DELETE' THEN json_strip_nulls(to_json(NEW)) END
       FROM ${tablePath("Replication Status")};
       RETURN NULL;
     END $$`,
    ...tableNames.map(
      (table) =>
        `CREATE TRIGGER "Log Change" AFTER INSERT OR UPDATE OR DELETE ON ${tablePath(table)}
         FOR EACH ROW EXECUTE FUNCTION ${schemaName}."Log Change"()`,
    ),
  ];
}
