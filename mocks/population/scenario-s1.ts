/**
 * S1: the case this project exists for, moved fifteen years on. An in-absentia order stands; a motion to reopen it was
 * received nineteen days ago, is pending, and stays removal by operation of law: nothing is keyed, nothing was granted,
 * and in the officers' system the flight leaves tomorrow.
 */
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
import type { PersonFile } from "./types.ts";

const HND = "HND";

export function personS1(making: Making, index: number): PersonFile {
  const stage = openStage(making, index);
  return stage.file({
    ident: identities(stage),
    ...border(stage),
    eid: custody(stage),
    ...uscis(stage),
    cases: [caseOfS1(stage)],
  });
}

function identities(stage: Stage): PersonFile["ident"] {
  const aNumber = stage.aNumber();
  const passport = stage.passport(HND);
  const eidSubjectId = stage.subject;
  return [
    stage.identity(0, {
      birthDate: stage.on("2003-07-21"),
      sex: "M",
      citizenship: HND,
      names: [
        { family: "Núñez Villeda", given: "Óscar Noé", kind: "PRIMARY" },
        { family: "Nunez Villeda", given: "Oscar", kind: "ALIAS" },
      ],
      encounters: [
        stage.encounter("2021-11-18 17:25", {
          sender: "CBP-OFO",
          reason: "Admission",
          i94Number: stage.i94(0),
          passport,
        }),
        stage.encounter("2023-03-04 07:40", { sender: "CBP-USBP", reason: "Apprehension", aNumberRaw: `A${aNumber}` }),
        stage.encounter("2023-12-14 15:00", {
          sender: "USCIS",
          reason: "Biometrics appointment",
          aNumberRaw: aNumber,
          receiptNumber: stage.receipt(0),
        }),
        stage.encounter("2024-06-05 15:30", {
          sender: "USCIS",
          reason: "Biometrics appointment",
          aNumberRaw: `${aNumber.slice(0, 3)}-${aNumber.slice(3, 6)}-${aNumber.slice(6)}`,
          receiptNumber: stage.receipt(1),
        }),
        stage.encounter("2026-08-28 22:10", {
          sender: "ICE-ERO",
          reason: "Local arrest",
          aNumberRaw: `A${aNumber}`,
          eidSubjectId,
          fbiNumber: stage.fbi,
        }),
      ],
    }),
  ];
}

function border(stage: Stage): Pick<PersonFile, "adis" | "i94" | "e3"> {
  const passport = stage.passport(HND);
  const i94Number = stage.i94(0);
  return {
    adis: [
      crossing(stage, 0, {
        i94Number,
        passport,
        direction: "ARRIVAL",
        at: stage.at("2021-11-18 17:05"),
        port: "MIA",
        carrier: "AA",
      }),
      crossing(stage, 1, {
        i94Number,
        passport,
        direction: "DEPARTURE",
        at: stage.at("2022-05-02 12:30"),
        port: "5206",
        carrier: "AV",
      }),
    ],
    i94: [
      {
        i94Number,
        admittedAt: stage.at("2021-11-18 17:05"),
        classOfAdmission: "B2",
        admitUntil: stage.on("2022-05-17"),
        port: "MIA",
        passport,
      },
    ],
    e3: [
      e3Subject(stage, {
        apprehendedAt: stage.at("2023-03-04 03:20"),
        arrestedAt: stage.at("2023-03-04 05:10"),
        citizenship: HND,
        fearClaim: { entered: true, derived: true },
        disposition: "Notice to Appear - Released on Own Recognizance",
        bookedOutAt: stage.at("2023-03-10 19:45"),
        releaseAddress: {
          lines: ["1814 Calhoun St", "Baltimore, MD 21201"],
          since: stage.at("2023-03-10 19:45"),
          undeliverable: true,
        },
      }),
    ],
  };
}

function custody(stage: Stage): PersonFile["eid"] {
  const keys = eidKeys(stage);
  const { caseId } = stage;
  const moved = { releaseReason: "Transferred" };
  return {
    arrests: [{ ...keys, at: stage.at("2026-09-02 15:40"), method: "CAP Local Incarceration", state: "MD" }],
    detainers: [
      eidDetainer(stage, {
        preparedAt: stage.at("2026-08-28 23:05"),
        deportationOrdered: true,
        warrantForm: "I-205",
        servedAt: stage.at("2026-08-29 10:20"),
        liftedAt: stage.at("2026-09-02 15:40"),
        liftReason: "Booked into Detention",
        apprehensionDate: stage.on("2026-08-28"),
      }),
    ],
    stays: [
      eidStay(stage, [
        {
          facility: "BALTIMORE HOLD ROOM",
          facilityCode: "BALHOLD",
          bookInAt: stage.at("2026-09-02 17:15"),
          bookOutAt: stage.at("2026-09-03 11:00"),
          ...moved,
        },
        {
          facility: "TIDEWATER REGIONAL JAIL",
          facilityCode: "TIDEWVA",
          bookInAt: stage.at("2026-09-03 16:30"),
          bookOutAt: stage.at("2026-10-19 05:10"),
          ...moved,
        },
        {
          facility: "SONORAN STAGING FACILITY",
          facilityCode: "SONSTAZ",
          bookInAt: stage.at("2026-10-19 13:20"),
          bookOutAt: null,
          releaseReason: null,
        },
      ]),
    ],
    removals: [
      {
        ...keys,
        removalId: stage.serial(60_000_000),
        caseId,
        scheduledAt: stage.at("2026-10-20 13:30"),
        departedAt: null,
        country: HND,
        port: null,
      },
    ],
    cases: [
      eidCase(stage, {
        category: categories.finalOrder,
        finalOrder: true,
        finalOrderDate: stage.on("2025-05-12"),
        lastScreenedDate: stage.on("2026-09-03"),
      }),
    ],
  };
}

function uscis(stage: Stage): Pick<PersonFile, "global" | "elis"> {
  const aNumber = stage.aNumber();
  return {
    global: {
      screenings: [
        {
          screeningId: `APSS${stage.serial(70_000_000)}`,
          aNumber,
          kind: "CF",
          referredDate: stage.on("2023-03-05"),
          decision: "POSITIVE",
          decisionDate: stage.on("2023-03-09"),
          servedApplicantDate: stage.on("2023-03-09"),
          servedEroDate: stage.on("2023-03-10"),
          servedCourtDate: stage.on("2023-03-13"),
          closeEffectiveDate: null,
        },
      ],
      applications: [
        {
          receiptNumber: stage.receipt(0),
          aNumber,
          filedDate: stage.on("2023-11-20"),
          decision: "REFERRAL",
          decisionDate: stage.on("2024-03-12"),
          birthCountry: HND,
        },
      ],
    },
    elis: {
      cases: [
        elisCase(stage, 1, {
          form: "I-765",
          receivedDate: stage.on("2024-05-20"),
          status: "Case Was Approved",
          statusDate: stage.on("2024-07-02"),
          birthCountry: HND,
          gender: "Male",
        }),
      ],
    },
  };
}

function caseOfS1(stage: Stage): PersonFile["cases"][number] {
  const idncase = stage.idncase();
  const idnproceeding = idncase * 4 + 1;
  return courtCase(stage, {
    nationality: "HO",
    custody: "D",
    asylumType: "E",
    birthDate: stage.on("2003-07-21"),
    proceeding: {
      oscDate: stage.on("2023-03-10"),
      inputDate: stage.on("2024-03-20"),
      decType: "O",
      decCode: "X",
      completedDate: stage.on("2025-05-12"),
      absentia: "Y",
      applications: [{ idn: idncase * 16, code: "ASYL", receivedDate: stage.on("2024-03-20"), decision: "A" }],
    },
    hearings: [
      { date: stage.on("2024-07-15"), adjournReason: "02" },
      // The notice went to the address of 2023, from which mail came back: nobody appeared.
      { date: stage.on("2025-05-12"), time: "13:00", adjournReason: "8A" },
      { date: stage.on("2026-11-03"), time: "09:00" },
    ],
    motions: [
      {
        idnmotion: idncase * 16,
        idnproceeding,
        kind: "MA",
        receivedDate: stage.on("2026-09-30"),
        filedBy: "A",
        decision: null,
        completedDate: null,
        stayGrant: null,
        deleted: false,
      },
    ],
    appeals: [
      // Filed without counsel; the Board has no jurisdiction over a direct appeal of an in-absentia order.
      {
        idnappeal: idncase * 4,
        idnproceeding,
        category: "IJ",
        type: "Case Appeal",
        filedDate: stage.on("2025-06-05"),
        filedBy: "A",
        decision: "DIS",
        decisionDate: stage.on("2025-11-20"),
        federalCourtStayDate: null,
      },
    ],
  });
}
