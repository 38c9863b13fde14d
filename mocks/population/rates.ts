/**
 * How often the agencies' records are missing, wrong or in conflict: the one table that the population is made from and
 * that `rates.test.ts` measures it against. `assumed` marks what no public source gives a figure for.
 */
export type Rate = { readonly rate: number; readonly of: string; readonly source: string; readonly assumed?: true };

export const rates = {
  aNumberOnTwoFins: {
    rate: 0.005,
    of: "A-numbers known to IDENT that stand with FINs not linked to each other",
    source: "OIG-16-130",
    assumed: true,
  },
  identityCluster: {
    rate: 0.02,
    of: "persons with more than one FIN, linked",
    source: "IDENT PIA, 7 Dec 2012",
    assumed: true,
  },
  clusterBirthDateConflict: {
    rate: 0.35,
    of: "identity clusters whose FINs have different birth dates",
    source: "Gonzalez v. ICE, 975 F.3d 788 (9th Cir. 2020)",
    assumed: true,
  },
  aNumberSeveral: {
    rate: 0.06,
    of: "persons with an A-number in IDENT who have several",
    source: "OIG-16-130",
    assumed: true,
  },
  aNumberUnreadable: {
    rate: 0.01,
    of: "A-numbers typed in encounters",
    source: "no public figure",
    assumed: true,
  },
  identBirthDateMissing: {
    rate: 0.02,
    of: "IDENT identities outside clusters",
    source: "Gonzalez v. ICE, 975 F.3d 788 (9th Cir. 2020)",
    assumed: true,
  },
  departureMissing: {
    rate: 0.06,
    of: "I-94 admissions followed by another, without a departure in ADIS between them",
    source: "OIG-17-56",
    assumed: true,
  },
  e3ReleaseANumberMissing: { rate: 107 / 384, of: "e3 rows with a release", source: "OIG-22-71" },
  e3TimesDiffer: {
    rate: 0.3,
    of: "e3 rows with both times, apprehended ≠ arrested",
    source: "deportationdata/cbp: cbp_data_codebook.qmd",
    assumed: true,
  },
  e3EnteredNotDerived: {
    rate: 0.03,
    of: "entered/derived pairs of e3 that disagree",
    source: "deportationdata/cbp: cbp_data_codebook.qmd",
    assumed: true,
  },
  e3Redacted: {
    rate: 0.02,
    of: "e3 sectors and dispositions",
    source: "deportationdata/ice: is_not_blank_or_redacted.R",
    assumed: true,
  },
  e3FamilyUnitMismatch: {
    rate: 0.04,
    of: "accompanied e3 rows whose family unit number is not the first one's of the same event",
    source: "OIG-20-06",
    assumed: true,
  },
  addressRecorded: { rate: 0.65, of: "e3 releases with an address", source: "OIG-22-66" },
  addressBlank: { rate: 54_663 / 981_671, of: "e3 releases", source: "OIG-23-47" },
  addressUnitMissing: {
    rate: 97_000 / 981_671,
    of: "e3 releases to a building of several units, no unit given",
    source: "OIG-23-47",
  },
  addressUndeliverable: { rate: 26_093 / 981_671, of: "e3 releases", source: "OIG-23-47" },
  addressShared: { rate: 0.8, of: "distinct release addresses used at least twice", source: "OIG-23-47" },
  ntaNeverFiled: {
    rate: 1 / 6,
    of: "e3 releases on a Notice to Appear, without a court case",
    source: "TRAC reports 699 and 739",
  },
  eidAFileMissing: { rate: 0.055, of: "EID rows", source: "deportationdata.org: missingness_by_field.rds" },
  eidAFileRedacted: {
    rate: 0.004,
    of: "EID rows",
    source: "deportationdata/ice: is_not_blank_or_redacted.R",
    assumed: true,
  },
  eidArrestStateMissing: { rate: 0.21, of: "arrests", source: "deportationdata.org: missingness_by_field.rds" },
  eidArrestDuplicate: {
    rate: 0.05,
    of: "arrest rows within 24 h of an earlier one of the same subject",
    source: "deportationdata/ice",
  },
  eidStayOpen: { rate: 0.12, of: "custody stays without a book-out", source: "deportationdata/ice" },
  eidStayOrderImpossible: {
    rate: 0.004,
    of: "ended custody stays, booked out before they were booked in",
    source: "deportationdata/ice",
    assumed: true,
  },
  eidDepartedActive: {
    rate: 0.02,
    of: "EID cases with a departure that still read ACTIVE",
    source: "OIG-13-11",
    assumed: true,
  },
  eidLastScreenedMissing: { rate: 0.35, of: "EID cases", source: "OIG-18-36", assumed: true },
  detainerCaseIdMissing: { rate: 0.528, of: "detainers", source: "deportationdata.org: missingness_by_field.rds" },
  detainerLiftReasonMissing: {
    rate: 0.4,
    of: "detainers (active ones included)",
    source: "deportationdata.org: missingness_by_field.rds",
  },
  detainerActive: { rate: 0.25, of: "detainers not lifted", source: "8 CFR 287.7; ICE Policy 10074.2", assumed: true },
  detainerApprehensionMissing: { rate: 0.78, of: "detainers", source: "deportationdata.org: missingness_by_field.rds" },
  detainerWarrantMissing: { rate: 0.08, of: "detainers", source: "8 CFR 287.7; ICE Policy 10074.2", assumed: true },
  detainerNotServed: { rate: 0.15, of: "detainers", source: "8 CFR 287.7; ICE Policy 10074.2", assumed: true },
  screeningServiceMissing: {
    rate: 0.12,
    of: "services due on applicant and ERO after a screening was decided",
    source: "OIG-12-39",
    assumed: true,
  },
  protected1367: {
    rate: 0.015,
    of: "persons with a request to ELIS who have a VAWA, T or U filing",
    source: "8 USC 1367",
    assumed: true,
  },
  caseBirthDateMissing: { rate: 0.46, of: "EOIR cases", source: "deportationdata/eoir: codebook.xlsx" },
  caseCompletionMissing: { rate: 0.26, of: "EOIR proceedings", source: "deportationdata/eoir: codebook.xlsx" },
  caseSinceSnapshot: {
    rate: 0.02,
    of: "EOIR cases opened since the snapshot",
    source: "deportationdata/eoir",
    assumed: true,
  },
  caseAddressMissing: { rate: 0.08, of: "EOIR cases", source: "deportationdata/eoir: codebook.xlsx", assumed: true },
  hearingForgotten: {
    rate: 0.03,
    of: "pending proceedings with a hearing in the past, and none ahead",
    source: "TRAC reports 699 and 739; OIG-24-46",
    assumed: true,
  },
} as const satisfies Readonly<Record<string, Rate>>;

export type RateName = keyof typeof rates;
