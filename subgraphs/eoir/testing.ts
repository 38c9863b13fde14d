/** For tests: a snapshot folder written by hand, in the published format. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TableName, tableFormats } from "./snapshot.ts";

export type Rows = Partial<Record<TableName, readonly (Readonly<Record<string, string>> | string)[]>>;

export type Folder = { readonly path: string; remove(): void };

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "case-test-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Every table; a row given as text is written as it is. Counts are what is written, unless `counts` says otherwise. */
export function writeSnapshot(
  folder: string,
  rows: Rows,
  { date = "2026-10-01 06:00:00", counts = {} }: { date?: string; counts?: Partial<Record<TableName, number>> } = {},
): void {
  const stated = [`SnapshotDate\t${date}`];
  for (const { name, keys, columns } of tableFormats) {
    const header = [...new Set([...columns, ...keys])];
    const lines = (rows[name] ?? []).map((row) =>
      typeof row === "string" ? row : header.map((column) => row[column] ?? "").join("\t"),
    );
    writeFileSync(join(folder, `${name}.csv`), Buffer.from([header.join("\t"), ...lines, ""].join("\r\n"), "latin1"));
    stated.push(`${name}\t${counts[name] ?? lines.length}`);
  }
  writeFileSync(join(folder, "Count.txt"), `${stated.join("\r\n")}\r\n`);
}

/** One person, A-number 012345678, with an in-absentia order and a pending motion to reopen it. */
export const oneCase: Rows = {
  tbl_AlienNumber: [{ IDNCASE: "1", ALIEN_NBR: "12345678" }],
  A_TblCase: [{ IDNCASE: "1", CASE_TYPE: "RMV", ALIEN_CITY: "Cañon City" }],
  B_TblProceeding: [
    {
      IDNPROCEEDING: "11",
      IDNCASE: "1",
      CASE_TYPE: "RMV",
      OSC_DATE: "2024-05-01 00:00:00",
      DEC_CODE: "X",
      COMP_DATE: "2025-05-12 00:00:00",
      ABSENTIA: "Y",
    },
  ],
  tbl_Court_Motions: [
    { IDNMOTION: "21", IDNPROCEEDING: "11", IDNCASE: "1", REC_TYPE: "MA", MOTION_RECD_DATE: "2026-09-30 00:00:00" },
  ],
  tblLookupCourtDecision: [{ strCaseType: "RMV", strDecCode: "X", strDecDescription: "Remove    ", strDecType: "C" }],
  tblLookup_Juvenile: [{ idnJuvenile: "1", strCode: "UJ" }],
};

type Served = { readonly url: string; close(): Promise<void> };

/** A folder over HTTP; `instead` may give other bytes for the nth request of a file, or break the answer off. */
export async function serveFiles(
  folder: string,
  instead: (name: string, time: number) => Buffer | "break off" | null,
): Promise<Served> {
  const times = new Map<string, number>();
  const server = createServer((request, response) => {
    const name = (request.url ?? "").split("/").at(-1) as string;
    times.set(name, (times.get(name) ?? 0) + 1);
    const other = instead(name, times.get(name) as number);
    if (other === "break off") {
      response.writeHead(200, { "content-length": "1000" });
      response.write("x", () => response.destroy());
    } else if (existsSync(join(folder, name))) response.end(other ?? readFileSync(join(folder, name)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/snapshot/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
