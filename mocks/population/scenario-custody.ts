/** S2, S3, S7, S9 and S10: people whom ICE holds, or asks others to hold. */
import type { Making } from "./block.ts";
import { categories } from "./custody.ts";
import { courtCase, e3Subject, eidCase, eidDetainer, eidKeys, eidStay, openStage, type Stage } from "./stage.ts";
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

/** S10: a detainer that stands until `lift-detainer` lifts it, and then must be active nowhere. */
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
