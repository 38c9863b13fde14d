/** S6 and S8: what benefit records say that others must know of, or must never learn. */
import type { Making } from "./block.ts";
import { courtCase, crossing, eidDetainer, elisCase, openStage } from "./stage.ts";
import type { PersonFile } from "./types.ts";

/** S6: a citizen since his father was naturalized; one database match and a foreign place of birth hold him. */
export function personS6(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const passport = stage.passport("MEX");
  const i94Number = stage.i94(0, "2009-06-03");
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on("2001-04-17"),
        sex: "M",
        citizenship: "MEX",
        names: [{ family: "Ochoa Lagos", given: "Iván", kind: "PRIMARY" }],
        encounters: [
          stage.encounter("2009-06-03 18:40", {
            sender: "CBP-OFO",
            reason: "Admission",
            passport,
            aNumberRaw: `A${stage.aNumber()}`,
            i94Number,
          }),
          stage.encounter("2020-03-12 15:00", {
            sender: "USCIS",
            reason: "Biometrics appointment",
            aNumberRaw: stage.aNumber(),
            receiptNumber: stage.receipt(0),
          }),
          stage.encounter("2026-10-16 21:30", {
            sender: "ICE-ERO",
            reason: "Local arrest",
            eidSubjectId: stage.subject,
            fbiNumber: stage.fbi,
          }),
        ],
      }),
    ],
    adis: [
      crossing(stage, 0, {
        i94Number,
        passport,
        direction: "ARRIVAL",
        at: stage.at("2009-06-03 18:20"),
        port: "SYS",
        carrier: null,
      }),
    ],
    i94: [
      {
        i94Number,
        admittedAt: stage.at("2009-06-03 18:20"),
        classOfAdmission: "IR2",
        admitUntil: null,
        port: "SYS",
        passport,
      },
    ],
    eid: {
      detainers: [
        eidDetainer(stage, {
          aFileNumber: null,
          caseId: null,
          preparedAt: stage.at("2026-10-16 22:45"),
          facility: "EAST KESTREL CITY JAIL",
          facilityCode: "EKESTCA",
          warrantForm: null,
          servedAt: stage.at("2026-10-17 09:00"),
        }),
      ],
    },
    elis: {
      cases: [
        elisCase(stage, 0, {
          form: "N-600",
          receivedDate: stage.on("2020-02-18"),
          status: "Case Was Approved",
          statusDate: stage.on("2021-01-25"),
          birthCountry: "MEX",
          gender: "Male",
        }),
      ],
    },
  });
}

/** S8: an ordinary file, and a self-petition that nobody may learn of (8 USC 1367). */
export function personS8(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const passport = stage.passport("UKR");
  const i94Number = stage.i94(0);
  const born = { birthCountry: "UKR", gender: "Female" } as const;
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on("1994-12-05"),
        sex: "F",
        citizenship: "UKR",
        names: [
          { family: "Lysenko", given: "Oksana", kind: "PRIMARY" },
          { family: "Лисенко", given: "Оксана", kind: "NATIVE_SCRIPT" },
        ],
        encounters: [
          stage.encounter("2023-05-15 19:30", { sender: "CBP-OFO", reason: "Admission", i94Number, passport }),
          stage.encounter("2023-10-10 14:00", {
            sender: "USCIS",
            reason: "Biometrics appointment",
            aNumberRaw: `A${stage.aNumber()}`,
            receiptNumber: stage.receipt(0),
          }),
          stage.encounter("2025-04-02 14:00", {
            sender: "USCIS",
            reason: "Biometrics appointment",
            aNumberRaw: stage.aNumber(),
            receiptNumber: stage.receipt(2),
          }),
        ],
      }),
    ],
    adis: [
      crossing(stage, 0, {
        i94Number,
        passport,
        direction: "ARRIVAL",
        at: stage.at("2023-05-15 19:10"),
        port: "CHI",
        carrier: "LH",
      }),
    ],
    i94: [
      {
        i94Number,
        admittedAt: stage.at("2023-05-15 19:10"),
        classOfAdmission: "K1",
        admitUntil: stage.on("2023-08-13"),
        port: "CHI",
        passport,
      },
    ],
    elis: {
      cases: [
        elisCase(stage, 0, {
          ...born,
          form: "I-485",
          receivedDate: stage.on("2023-09-01"),
          status: "Case Was Denied",
          statusDate: stage.on("2024-11-08"),
        }),
        elisCase(stage, 1, {
          ...born,
          form: "I-765",
          receivedDate: stage.on("2023-09-01"),
          status: "Case Was Approved",
          statusDate: stage.on("2023-11-30"),
        }),
        elisCase(stage, 2, { ...born, form: "I-360 VAWA", receivedDate: stage.on("2025-02-24"), protection: "1367" }),
      ],
    },
    cases: [
      courtCase(stage, {
        nationality: "UP",
        city: "Chicago",
        state: "IL",
        zip: "60604",
        proceeding: {
          baseCity: "CHI",
          hearingLocation: "CHI",
          oscDate: stage.on("2024-12-02"),
          inputDate: stage.on("2025-01-10"),
        },
        hearings: [{ date: stage.on("2025-08-05"), adjournReason: "01" }, { date: stage.on("2027-02-09") }],
      }),
    ],
  });
}
