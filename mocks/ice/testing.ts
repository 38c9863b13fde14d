/** For tests: hand-made persons, and a world of just them. */
import type { PersonFile } from "../population/types.ts";
import type { Clock, IdentifierKind, World } from "../world.ts";

type Known = { readonly index?: number; readonly subjectId?: string; readonly aNumber?: string };

/** In custody since September, with a detainer, a removal to come and an open case. */
export function heldPerson({ index = 0, subjectId = "S1", aNumber = "012345678" }: Known = {}): PersonFile {
  const keys = { subjectId, aFileNumber: aNumber };
  return {
    ...unknownToEid({ index, subjectId, aNumber }),
    eid: {
      stays: [
        {
          ...keys,
          bookInAt: "2026-09-01T10:00:00Z",
          bookOutAt: null,
          releaseReason: null,
          stints: [
            {
              bookInAt: "2026-09-01T10:00:00Z",
              bookOutAt: "2026-10-18T08:00:00Z",
              facility: "OAK JAIL",
              facilityCode: "OAKJAIL",
              releaseReason: "Transferred",
            },
            {
              bookInAt: "2026-10-18T09:00:00Z",
              bookOutAt: null,
              facility: "ELM CENTER",
              facilityCode: "ELMCENT",
              releaseReason: null,
            },
          ],
        },
      ],
      detainers: [
        {
          ...keys,
          dtaId: `D-${subjectId}`,
          caseId: null,
          preparedAt: "2026-08-30T12:30:00Z",
          facility: "OAK JAIL",
          facilityCode: "OAKJAIL",
          deportationOrdered: true,
          orderToShowCauseServed: false,
          biometricMatch: true,
          statementsMade: null,
          warrantForm: "I-205",
          servedAt: "2026-08-31",
          liftedAt: null,
          liftReason: null,
          apprehensionDate: null,
        },
      ],
      removals: [
        {
          ...keys,
          removalId: `R-${subjectId}`,
          caseId: `C-${subjectId}`,
          scheduledAt: "2026-10-20T13:00:00Z",
          departedAt: null,
          country: "HND",
          port: null,
        },
      ],
      arrests: [{ ...keys, at: "2026-08-30T09:00:00Z", method: "CAP Local Incarceration", state: "TX" }],
      cases: [
        {
          ...keys,
          caseId: `C-${subjectId}`,
          status: "ACTIVE",
          category: "[8G] Expedited Removal - Credible Fear Referral",
          finalOrder: true,
          finalOrderDate: "2026-09-15",
          departedDate: null,
          lastScreenedDate: "2026-09-02",
        },
      ],
    },
  };
}

/** Somebody IDENT knows, and EID has no row of. */
export function unknownToEid({ index = 1, subjectId = "S2", aNumber = "087654321" }: Known = {}): PersonFile {
  return {
    index,
    ident: [
      {
        fin: `100000000${index}`,
        clusterId: `K${index}`,
        birthDate: "1990-02-03",
        sex: "M",
        citizenship: "CHN",
        names: [],
        encounters: [
          {
            encounterId: `E${index}`,
            at: "2026-08-30T09:00:00Z",
            sender: "ICE-ERO",
            reason: "BOOKING",
            aNumberRaw: `A${aNumber}`,
            i94Number: null,
            passport: null,
            eidSubjectId: subjectId,
            fbiNumber: null,
            sevisId: null,
            receiptNumber: null,
          },
        ],
      },
    ],
    adis: [],
    i94: [],
    e3: [],
    eid: { stays: [], detainers: [], removals: [], arrests: [], cases: [] },
    global: { screenings: [], applications: [] },
    elis: { cases: [] },
    cases: [],
  };
}

/** A world of these, found by the A-numbers typed at their encounters. */
export function worldOf(files: readonly PersonFile[]): World {
  return {
    size: files.length,
    persons: () => files,
    find: (kind: IdentifierKind, value: string) =>
      kind === "aNumber"
        ? files.filter(({ ident }) =>
            ident.some(({ encounters }) => encounters.some(({ aNumberRaw }) => aNumberRaw === `A${value}`)),
          )
        : [],
    change: () => {
      throw new Error("this world does not change");
    },
  };
}

export function clockAt(start: string): Clock {
  const listeners: (() => void)[] = [];
  let now = start;
  return {
    now: () => now,
    set(next) {
      now = next;
      for (const listener of listeners) listener();
    },
    onChange: (listener) => void listeners.push(listener),
  };
}
