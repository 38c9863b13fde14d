/** S2, S3 and S6 to S10: one person each. */
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
import type { EidStay, PersonFile } from "./types.ts";

type Stint = EidStay["stints"][number];
const inCustodySince = (stage: Stage, since: string, facility: string, facilityCode: string): Stint => ({
  facility,
  facilityCode,
  bookInAt: stage.at(since),
  bookOutAt: null,
  releaseReason: null,
});
const removalOn = (stage: Stage, when: string, country: string): PersonFile["eid"]["removals"] => [
  {
    ...eidKeys(stage),
    removalId: stage.serial(60_000_000),
    caseId: stage.caseId,
    scheduledAt: stage.at(when),
    departedAt: null,
    country,
    port: null,
  },
];

/** S2: a reasonable fear was found, and the paper never reached the officers who booked the flight. */
export function personS2(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const aNumberRaw = `A${stage.aNumber()}`;
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on("1990-02-11"),
        sex: "F",
        citizenship: "GTM",
        names: [{ family: "Tzul Ajú", given: "Marisol", kind: "PRIMARY" }],
        encounters: [
          stage.encounter("2019-05-02 14:00", {
            sender: "ICE-ERO",
            reason: "Detention",
            aNumberRaw,
            eidSubjectId: stage.subject,
          }),
          stage.encounter("2026-08-14 09:30", { sender: "CBP-USBP", reason: "Apprehension", aNumberRaw }),
        ],
      }),
    ],
    e3: [
      e3Subject(stage, {
        apprehendedAt: stage.at("2026-08-14 04:15"),
        citizenship: "GTM",
        fearClaim: { entered: true, derived: true },
        disposition: "Reinstatement of Prior Removal Order",
        bookedOutAt: stage.at("2026-08-16 08:00"),
        transferredTo: "ERO",
      }),
    ],
    eid: {
      arrests: [{ ...eidKeys(stage), at: stage.at("2026-08-14 04:15"), method: "Patrol Border", state: "TX" }],
      stays: [
        eidStay(stage, [inCustodySince(stage, "2026-08-16 14:30", "SOUTH PRAIRIE PROCESSING CENTER", "SPRAITX")]),
      ],
      removals: [
        {
          ...eidKeys(stage),
          removalId: stage.serial(60_000_000, 1),
          caseId: stage.caseId,
          scheduledAt: stage.at("2019-06-10 12:00"),
          departedAt: stage.at("2019-06-11 13:00"),
          country: "GTM",
          port: "Alexandria, LA",
        },
        ...removalOn(stage, "2026-10-22 12:00", "GTM"),
      ],
      cases: [
        eidCase(stage, {
          category: categories.reinstated,
          finalOrder: true,
          finalOrderDate: stage.on("2019-05-20"),
          lastScreenedDate: stage.on("2026-08-17"),
        }),
      ],
    },
    global: {
      screenings: [
        {
          screeningId: `APSS${stage.serial(70_000_000)}`,
          aNumber: stage.aNumber(),
          kind: "RF",
          referredDate: stage.on("2026-08-20"),
          decision: "POSITIVE",
          decisionDate: stage.on("2026-09-22"),
          servedApplicantDate: stage.on("2026-09-23"),
          servedEroDate: null,
          servedCourtDate: null,
          closeEffectiveDate: null,
        },
      ],
      applications: [],
    },
  });
}

/** S3: nothing stands in the way of this removal, but only the court can say so. */
export function personS3(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on("1985-10-30"),
        sex: "M",
        citizenship: "ECU",
        names: [{ family: "Bermúdez Ríos", given: "Julián", kind: "PRIMARY" }],
        encounters: [
          stage.encounter("2026-05-11 16:00", {
            sender: "ICE-ERO",
            reason: "Detention",
            aNumberRaw: `A${stage.aNumber()}`,
            eidSubjectId: stage.subject,
          }),
        ],
      }),
    ],
    eid: {
      arrests: [{ ...eidKeys(stage), at: stage.at("2026-05-11 13:00"), method: "Located", state: "TX" }],
      stays: [
        eidStay(stage, [inCustodySince(stage, "2026-05-11 18:00", "HIGH MESA SERVICE PROCESSING CENTER", "HMESANM")]),
      ],
      removals: removalOn(stage, "2026-10-21 11:00", "ECU"),
      cases: [
        eidCase(stage, { category: categories.finalOrder, finalOrder: true, finalOrderDate: stage.on("2026-08-10") }),
      ],
    },
    cases: [
      courtCase(stage, {
        nationality: "EC",
        custody: "D",
        proceeding: {
          baseCity: "ELP",
          hearingLocation: "ELD",
          oscDate: stage.on("2026-05-12"),
          inputDate: stage.on("2026-05-20"),
          decType: "O",
          decCode: "X",
          completedDate: stage.on("2026-07-10"),
          absentia: "N",
          appealDueDate: stage.on("2026-08-09"),
        },
        hearings: [{ date: stage.on("2026-07-10"), adjournReason: "8A", calType: "I" }],
      }),
    ],
  });
}

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

/** S7: two FINs, linked; ICE works under the first A-number, the judge's order stands under the second. */
export function personS7(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const who = { sex: "M", citizenship: "RUS" } as const;
  return stage.file({
    ident: [
      stage.identity(0, {
        ...who,
        birthDate: stage.on("1979-08-09"),
        names: [
          { family: "Shcherbakov", given: "Dmitry", kind: "PRIMARY" },
          { family: "Щербаков", given: "Дмитрий", kind: "NATIVE_SCRIPT" },
        ],
        encounters: [
          stage.encounter("2026-10-05 17:20", {
            sender: "ICE-ERO",
            reason: "Detention",
            aNumberRaw: `A${stage.aNumber(0)}`,
            eidSubjectId: stage.subject,
          }),
        ],
      }),
      stage.identity(1, {
        ...who,
        birthDate: stage.on("1978-08-09"),
        names: [
          { family: "Scherbakov", given: "Dmitrii", kind: "PRIMARY" },
          { family: "Щербаков", given: "Дмитрий", kind: "NATIVE_SCRIPT" },
        ],
        encounters: [
          stage.encounter("2022-01-19 08:10", {
            sender: "CBP-USBP",
            reason: "Apprehension",
            aNumberRaw: `A${stage.aNumber(1)}`,
          }),
        ],
      }),
    ],
    e3: [
      e3Subject(stage, {
        fin: stage.fin(1),
        aNumber: stage.aNumber(1),
        apprehendedAt: stage.at("2022-01-19 02:30"),
        sector: "San Diego",
        citizenship: "RUS",
        disposition: "Notice to Appear - Released on Own Recognizance",
        bookedOutAt: stage.at("2022-01-21 20:00"),
        releaseAddress: {
          lines: ["FAILED TO PROVIDE ADDRESS"],
          since: stage.at("2022-01-21 20:00"),
          undeliverable: null,
        },
      }),
    ],
    eid: {
      arrests: [{ ...eidKeys(stage), at: stage.at("2026-10-05 14:10"), method: "Located", state: "CA" }],
      stays: [
        eidStay(stage, [inCustodySince(stage, "2026-10-05 19:00", "IMPERIAL FLATS DETENTION FACILITY", "IMPFLCA")]),
      ],
      cases: [eidCase(stage, { category: categories.beforeJudge })],
    },
    cases: [
      courtCase(stage, {
        aNumber: stage.aNumber(1),
        nationality: "RS",
        city: null,
        state: null,
        zip: null,
        proceeding: {
          baseCity: "LOS",
          hearingLocation: "LOS",
          oscDate: stage.on("2022-01-21"),
          inputDate: stage.on("2022-03-01"),
          decType: "O",
          decCode: "X",
          completedDate: stage.on("2023-09-14"),
          absentia: "Y",
        },
        hearings: [{ date: stage.on("2023-09-14"), adjournReason: "8A" }],
      }),
    ],
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

/** S9: one arrest, typed three times: twice the same minute, once the next morning as a reprocessed arrest. */
export function personS9(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  const arrest = { ...eidKeys(stage), at: stage.at("2026-07-08 11:25"), method: "Located", state: "GA" };
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on("1988-03-23"),
        sex: "M",
        citizenship: "BRA",
        names: [{ family: "Guimarães", given: "Thiago", kind: "PRIMARY" }],
        encounters: [
          stage.encounter("2026-07-08 13:00", {
            sender: "ICE-ERO",
            reason: "Detention",
            aNumberRaw: `A${stage.aNumber()}`,
            eidSubjectId: stage.subject,
          }),
        ],
      }),
    ],
    eid: {
      arrests: [
        arrest,
        arrest,
        { ...arrest, aFileNumber: null, at: stage.at("2026-07-09 07:50"), method: "ERO Reprocessed Arrest" },
      ],
      stays: [
        eidStay(stage, [
          {
            facility: "CEDAR FALLS ICE PROCESSING CENTER",
            facilityCode: "CEDFAGA",
            bookInAt: stage.at("2026-07-08 15:10"),
            bookOutAt: stage.at("2026-08-20 18:00"),
            releaseReason: "Bonded Out",
          },
        ]),
      ],
      cases: [eidCase(stage, { category: categories.beforeJudge })],
    },
    cases: [
      courtCase(stage, {
        nationality: "BR",
        custody: "R",
        city: "Atlanta",
        state: "GA",
        zip: "30303",
        proceeding: {
          baseCity: "ATL",
          hearingLocation: "ATL",
          oscDate: stage.on("2026-07-09"),
          inputDate: stage.on("2026-07-16"),
        },
        hearings: [
          { date: stage.on("2026-08-11"), adjournReason: "12", scheduleType: "CY" },
          { date: stage.on("2027-03-16") },
        ],
      }),
    ],
  });
}

/** S10: a detainer that stands until `lift-detainer` lifts it, and must be gone everywhere at once. */
export function personS10(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  return stage.file({
    ident: [
      stage.identity(0, {
        birthDate: stage.on("1992-06-14"),
        sex: "M",
        citizenship: "EGY",
        names: [
          { family: "Shaheen", given: "Tarek", kind: "PRIMARY" },
          { family: "Chahine", given: "Tariq", kind: "ALIAS" },
          { family: "شاهين", given: "طارق", kind: "NATIVE_SCRIPT" },
        ],
        encounters: [
          stage.encounter("2026-10-12 04:20", {
            sender: "ICE-ERO",
            reason: "Local arrest",
            aNumberRaw: `A${stage.aNumber()}`,
            eidSubjectId: stage.subject,
            fbiNumber: stage.fbi,
          }),
        ],
      }),
    ],
    eid: {
      detainers: [
        eidDetainer(stage, {
          preparedAt: stage.at("2026-10-12 06:00"),
          orderToShowCauseServed: true,
          servedAt: stage.at("2026-10-12 14:30"),
          apprehensionDate: stage.on("2026-10-11"),
        }),
      ],
      cases: [eidCase(stage, { category: categories.beforeJudge })],
    },
    cases: [
      courtCase(stage, {
        nationality: "EG",
        proceeding: { oscDate: stage.on("2025-11-03"), inputDate: stage.on("2025-12-01") },
        hearings: [{ date: stage.on("2027-01-12") }],
      }),
    ],
  });
}
