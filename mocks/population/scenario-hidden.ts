/** S11 to S16: people of whom the law lets some learn one thing and others nothing. */
import type { Making } from "./block.ts";
import { categories } from "./custody.ts";
import {
  courtCase,
  crossing,
  e3Subject,
  eidCase,
  eidDetainer,
  eidKeys,
  eidStay,
  elisCase,
  openStage,
  type Stage,
} from "./stage.ts";
import type { IdentIdentity, PersonFile } from "./types.ts";

type Person = Pick<IdentIdentity, "sex" | "citizenship" | "encounters"> & {
  readonly born: string;
  readonly name: readonly [family: string, given: string];
};

const only = (stage: Stage, { born, name: [family, given], ...who }: Person): PersonFile["ident"] => [
  stage.identity(0, { ...who, birthDate: stage.on(born), names: [{ family, given, kind: "PRIMARY" }] }),
];

const booked = (stage: Stage, since: string, facility: string, facilityCode: string) => [
  eidStay(stage, [{ facility, facilityCode, bookInAt: stage.at(since), bookOutAt: null, releaseReason: null }]),
];

/** S11: ICE holds her, so ICE must see her; where she lived and what she asked for, it must not. */
export function personS11(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const released = stage.at("2025-01-16 20:30");
  return stage.file({
    ident: only(stage, {
      born: "1991-07-22",
      sex: "F",
      citizenship: "NGA",
      name: ["Nwosu", "Chiamaka"],
      encounters: [
        stage.encounter("2025-01-14 08:15", {
          sender: "CBP-USBP",
          reason: "Apprehension",
          aNumberRaw: `A${stage.aNumber()}`,
        }),
        stage.encounter("2026-08-19 13:40", {
          sender: "USCIS",
          reason: "Biometrics appointment",
          aNumberRaw: stage.aNumber(),
          receiptNumber: stage.receipt(0),
        }),
        stage.encounter("2026-09-28 16:05", {
          sender: "ICE-ERO",
          reason: "Detention",
          aNumberRaw: `A${stage.aNumber()}`,
          eidSubjectId: stage.subject,
        }),
      ],
    }),
    e3: [
      e3Subject(stage, {
        apprehendedAt: stage.at("2025-01-14 04:10"),
        sector: "Tucson",
        citizenship: "NGA",
        disposition: "Notice to Appear - Released on Own Recognizance",
        bookedOutAt: released,
        releaseAddress: { lines: ["208 Juniper Ave", "Baltimore, MD 21201"], since: released, undeliverable: false },
      }),
    ],
    eid: {
      arrests: [{ ...eidKeys(stage), at: stage.at("2026-09-28 12:20"), method: "Located", state: "MD" }],
      stays: booked(stage, "2026-09-28 17:30", "TIDEWATER REGIONAL JAIL", "TIDEWVA"),
      cases: [eidCase(stage, { category: categories.beforeJudge, lastScreenedDate: stage.on("2026-09-29") })],
    },
    elis: {
      cases: [
        elisCase(stage, 0, {
          form: "I-918",
          receivedDate: stage.on("2026-07-20"),
          birthCountry: "NGA",
          gender: "Female",
          protection: "1367",
        }),
      ],
    },
    cases: [
      courtCase(stage, {
        nationality: "NI",
        custody: "D",
        asylumType: "E",
        proceeding: {
          oscDate: stage.on("2025-01-16"),
          inputDate: stage.on("2025-02-24"),
          applications: [
            { idn: stage.idncase() * 16, code: "ASYL", receivedDate: stage.on("2025-11-04"), decision: null },
          ],
        },
        hearings: [
          { date: stage.on("2025-11-04"), adjournReason: "02" },
          { date: stage.on("2026-11-17"), scheduleType: "IA", calType: "I" },
        ],
      }),
    ],
  });
}

/** S12: he came without a visa, so that he may ask for asylum and nothing else: the case's very type says so. */
export function personS12(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const passport = stage.passport("POL");
  const i94Number = stage.i94(0);
  return stage.file({
    ident: only(stage, {
      born: "1987-03-30",
      sex: "M",
      citizenship: "POL",
      name: ["Wilczek", "Marek"],
      encounters: [
        stage.encounter("2025-05-06 21:10", { sender: "CBP-OFO", reason: "Admission", i94Number, passport }),
        stage.encounter("2026-02-11 15:25", {
          sender: "ICE-ERO",
          reason: "Detention",
          aNumberRaw: `A${stage.aNumber()}`,
          eidSubjectId: stage.subject,
        }),
      ],
    }),
    adis: [
      crossing(stage, 0, {
        i94Number,
        passport,
        direction: "ARRIVAL",
        at: stage.at("2025-05-06 20:55"),
        port: "CHI",
        carrier: "LH",
      }),
    ],
    i94: [
      {
        i94Number,
        admittedAt: stage.at("2025-05-06 20:55"),
        classOfAdmission: "WT",
        admitUntil: stage.on("2025-08-03"),
        port: "CHI",
        passport,
      },
    ],
    eid: {
      arrests: [{ ...eidKeys(stage), at: stage.at("2026-02-11 11:45"), method: "Located", state: "IL" }],
      stays: booked(stage, "2026-02-11 17:00", "CEDAR FALLS ICE PROCESSING CENTER", "CEDFAGA"),
      cases: [eidCase(stage, { category: categories.beforeJudge })],
    },
    cases: [
      courtCase(stage, {
        caseType: "AOC",
        nationality: "PL",
        custody: "D",
        city: "Chicago",
        state: "IL",
        zip: "60604",
        asylumType: "E",
        proceeding: {
          baseCity: "CHI",
          hearingLocation: "CHI",
          oscDate: stage.on("2026-02-20"),
          inputDate: stage.on("2026-02-25"),
          decType: "O",
          decCode: "D",
          completedDate: stage.on("2026-09-30"),
          absentia: "N",
          appealReserved: "A",
          appealDueDate: stage.on("2026-10-30"),
          applications: [
            { idn: stage.idncase() * 16, code: "ASYL", receivedDate: stage.on("2026-03-12"), decision: "D" },
          ],
        },
        hearings: [{ date: stage.on("2026-09-30"), adjournReason: "8A", scheduleType: "IA", calType: "I" }],
      }),
    ],
  });
}

/** S13: a girl who came alone. */
export function personS13(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  return stage.file({
    ident: only(stage, {
      born: "2014-05-09",
      sex: "F",
      citizenship: "HND",
      name: ["Cálix Mejía", "Dulce"],
      encounters: [
        stage.encounter("2026-08-30 10:20", {
          sender: "CBP-USBP",
          reason: "Apprehension",
          aNumberRaw: `A${stage.aNumber()}`,
        }),
      ],
    }),
    e3: [
      e3Subject(stage, {
        apprehendedAt: stage.at("2026-08-30 05:50"),
        citizenship: "HND",
        unaccompaniedChild: { entered: true, derived: true },
        disposition: "Notice to Appear - Unaccompanied Child",
        bookedOutAt: stage.at("2026-09-01 15:00"),
        transferredTo: "HHS",
      }),
    ],
    cases: [
      courtCase(stage, {
        nationality: "HO",
        city: "Houston",
        state: "TX",
        zip: "77002",
        birthDate: stage.on("2014-05-09"),
        juvenile: "UJ",
        proceeding: {
          baseCity: "HOU",
          hearingLocation: "HOU",
          oscDate: stage.on("2026-08-31"),
          inputDate: stage.on("2026-09-14"),
        },
        hearings: [{ date: stage.on("2027-01-20") }],
      }),
    ],
  });
}

/** S14: he said that he was afraid to go back, and the screening is still to come. */
export function personS14(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const aNumberRaw = `A${stage.aNumber()}`;
  return stage.file({
    ident: only(stage, {
      born: "1996-11-02",
      sex: "M",
      citizenship: "ECU",
      name: ["Chimbo Guamán", "Wilson"],
      encounters: [
        stage.encounter("2026-10-09 07:30", { sender: "CBP-USBP", reason: "Apprehension", aNumberRaw }),
        stage.encounter("2026-10-11 12:00", {
          sender: "ICE-ERO",
          reason: "Detention",
          aNumberRaw,
          eidSubjectId: stage.subject,
        }),
      ],
    }),
    e3: [
      e3Subject(stage, {
        apprehendedAt: stage.at("2026-10-09 03:05"),
        sector: "El Paso",
        citizenship: "ECU",
        fearClaim: { entered: true, derived: true },
        disposition: "Expedited Removal - Credible Fear Referral",
        bookedOutAt: stage.at("2026-10-11 09:00"),
        transferredTo: "ERO",
      }),
    ],
    eid: {
      arrests: [{ ...eidKeys(stage), at: stage.at("2026-10-09 03:05"), method: "Patrol Border", state: "TX" }],
      stays: booked(stage, "2026-10-11 13:15", "HIGH MESA SERVICE PROCESSING CENTER", "HMESANM"),
      cases: [eidCase(stage, { category: categories.credibleFear })],
    },
    global: {
      screenings: [
        {
          screeningId: `APSS${stage.serial(70_000_000)}`,
          aNumber: stage.aNumber(),
          kind: "CF",
          referredDate: stage.on("2026-10-13"),
          decision: null,
          decisionDate: null,
          servedApplicantDate: null,
          servedEroDate: null,
          servedCourtDate: null,
          closeEffectiveDate: null,
        },
      ],
      applications: [],
    },
  });
}

/** S15: brought here to work and made to; beside IDENT, USCIS alone has anything on her. */
export function personS15(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  return stage.file({
    ident: only(stage, {
      born: "1999-02-17",
      sex: "F",
      citizenship: "NPL",
      name: ["Gurung", "Sunita"],
      encounters: [
        stage.encounter("2026-06-23 14:30", {
          sender: "USCIS",
          reason: "Biometrics appointment",
          aNumberRaw: `A${stage.aNumber()}`,
          receiptNumber: stage.receipt(0),
        }),
      ],
    }),
    elis: {
      cases: [
        elisCase(stage, 0, {
          form: "I-914",
          receivedDate: stage.on("2026-05-18"),
          birthCountry: "NPL",
          gender: "Female",
          protection: "1367",
        }),
      ],
    },
  });
}

/** S16: a jail asks whether ICE wants him; he petitioned against the one who beat him, and the jail may not learn more. */
export function personS16(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  return stage.file({
    ident: only(stage, {
      born: "1984-09-12",
      sex: "M",
      citizenship: "COL",
      name: ["Arango Builes", "Fabián"],
      encounters: [
        stage.encounter("2026-04-02 15:10", {
          sender: "USCIS",
          reason: "Biometrics appointment",
          aNumberRaw: stage.aNumber(),
          receiptNumber: stage.receipt(0),
        }),
        stage.encounter("2026-10-15 02:35", {
          sender: "ICE-ERO",
          reason: "Local arrest",
          aNumberRaw: `A${stage.aNumber()}`,
          eidSubjectId: stage.subject,
          fbiNumber: stage.fbi,
        }),
      ],
    }),
    eid: {
      detainers: [
        eidDetainer(stage, {
          preparedAt: stage.at("2026-10-15 06:10"),
          facility: "SANDOVAL CREEK COUNTY JAIL",
          facilityCode: "SANDCTX",
          statementsMade: true,
          servedAt: stage.at("2026-10-15 15:20"),
          apprehensionDate: stage.on("2026-10-14"),
        }),
      ],
      cases: [eidCase(stage, { category: categories.beforeJudge })],
    },
    elis: {
      cases: [
        elisCase(stage, 0, {
          form: "I-360 VAWA",
          receivedDate: stage.on("2026-03-09"),
          birthCountry: "COL",
          gender: "Male",
          protection: "1367",
        }),
      ],
    },
  });
}
