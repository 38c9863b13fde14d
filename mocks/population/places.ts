/** Countries, ports, sectors, facilities, courts and streets that records name. Agencies' own codes where they have some. */
import type { CultureName } from "./names.ts";
import type { Random } from "./random.ts";

export type Country = {
  /** ISO 3166-1 alpha-3. */
  readonly iso: string;
  /** The court's legacy two letters: neither ISO nor NCIC. */
  readonly court: string;
  readonly culture: CultureName;
  /** How often visitors, asylum seekers and people stopped at the border come from here. */
  readonly weights: readonly [visit: number, asylum: number, border: number];
};

const country = (
  iso: string,
  court: string,
  culture: CultureName,
  visit: number,
  asylum: number,
  border: number,
): Country => ({ iso, court, culture, weights: [visit, asylum, border] });

export const countries: readonly Country[] = [
  country("HND", "HO", "spanish", 2, 4, 16),
  country("GTM", "GT", "spanish", 3, 4, 16),
  country("SLV", "ES", "spanish", 3, 4, 9),
  country("MEX", "MX", "spanish", 22, 4, 20),
  country("VEN", "VE", "spanish", 2, 14, 12),
  country("CUB", "CU", "spanish", 1, 5, 6),
  country("NIC", "NU", "spanish", 1, 6, 6),
  country("ECU", "EC", "spanish", 3, 4, 8),
  country("COL", "CO", "spanish", 7, 8, 6),
  country("PER", "PE", "spanish", 3, 2, 4),
  country("BRA", "BR", "portuguese", 9, 3, 4),
  country("HTI", "HA", "haitian", 1, 4, 5),
  country("IND", "IN", "hindi", 9, 4, 4),
  country("NPL", "NP", "nepali", 1, 2, 1),
  country("CHN", "CH", "chinese", 8, 7, 4),
  country("KOR", "KS", "korean", 6, 0, 0),
  country("JPN", "JA", "japanese", 6, 0, 0),
  country("VNM", "VM", "vietnamese", 2, 1, 1),
  country("TUR", "TU", "turkish", 2, 3, 2),
  country("RUS", "RS", "russian", 1, 6, 3),
  country("UKR", "UP", "ukrainian", 2, 2, 1),
  country("SYR", "SY", "arabic", 1, 2, 0.5),
  country("EGY", "EG", "arabic", 2, 3, 0.5),
  country("YEM", "YM", "arabic", 0.5, 1, 0.3),
  country("AFG", "AF", "persian", 0.5, 6, 1),
  country("IRN", "IR", "persian", 0.5, 2, 0.5),
  country("ETH", "ET", "amharic", 1, 2, 0.5),
  country("ERI", "ER", "amharic", 0.3, 1, 0.5),
  country("NGA", "NI", "westAfrican", 2, 2, 0.3),
  country("CMR", "CM", "westAfrican", 0.5, 3, 0.5),
  country("GHA", "GH", "westAfrican", 1, 1, 0.5),
  country("GBR", "UK", "european", 8, 0, 0),
  country("DEU", "GM", "european", 7, 0, 0),
  country("FRA", "FR", "european", 6, 0, 0),
  country("POL", "PL", "european", 3, 0, 0),
  country("ROU", "RO", "european", 1, 1, 1),
];

const byIso = new Map(countries.map((each) => [each.iso, each]));
export const countryOf = (iso: string): Country => byIso.get(iso)!;

const wheels = [0, 1, 2].map((column) =>
  countries.filter((each) => each.weights[column]! > 0).map((each) => [each.weights[column]!, each] as const),
);
export const pickCountry = (random: Random, among: "visit" | "asylum" | "border"): Country =>
  random.weighted(wheels[among === "visit" ? 0 : among === "asylum" ? 1 : 2]!);

/** Site code and Schedule D of the same port: systems hold the one or the other. */
export const airports: readonly (readonly [site: string, scheduleD: string])[] = [
  ["LAX", "2720"],
  ["MIA", "5206"],
  ["NYC", "4701"],
  ["HHW", "3205"],
  ["CHI", "3901"],
  ["SFR", "2801"],
  ["ATL", "1704"],
  ["DAL", "5501"],
  ["HOU", "5309"],
  ["WAS", "5401"],
];
export const landPorts: readonly (readonly [site: string, scheduleD: string])[] = [
  ["SYS", "2504"],
  ["ELP", "2402"],
  ["LAR", "2304"],
  ["NOG", "2604"],
  ["HID", "2305"],
];
export const carriers = ["AA", "UA", "DL", "AM", "CM", "AV", "LA", "IB", "LH", "BA", "KE", "NH", "AI", "TK", "ET"];

export const sectors = [
  { code: "RGV", name: "Rio Grande Valley" },
  { code: "TCA", name: "Tucson" },
  { code: "EPT", name: "El Paso" },
  { code: "DRT", name: "Del Rio" },
  { code: "SDC", name: "San Diego" },
  { code: "LRT", name: "Laredo" },
  { code: "YUM", name: "Yuma" },
  { code: "BBT", name: "Big Bend" },
] as const;

export type Facility = { readonly facility: string; readonly facilityCode: string };
export const facilities: readonly Facility[] = [
  { facility: "SOUTH PRAIRIE PROCESSING CENTER", facilityCode: "SPRAITX" },
  { facility: "LAGUNA VISTA DETENTION CENTER", facilityCode: "LGVISTX" },
  { facility: "OCOTILLO PROCESSING CENTER", facilityCode: "OCOTLAZ" },
  { facility: "PINE BARRENS CORRECTIONAL CENTER", facilityCode: "PINEBLA" },
  { facility: "BAYOU NORTH DETENTION FACILITY", facilityCode: "BAYONLA" },
  { facility: "HIGH MESA SERVICE PROCESSING CENTER", facilityCode: "HMESANM" },
  { facility: "CEDAR FALLS ICE PROCESSING CENTER", facilityCode: "CEDFAGA" },
  { facility: "IMPERIAL FLATS DETENTION FACILITY", facilityCode: "IMPFLCA" },
  { facility: "TIDEWATER REGIONAL JAIL", facilityCode: "TIDEWVA" },
  { facility: "PUGET NARROWS ICE PROCESSING CENTER", facilityCode: "PUGNAWA" },
];
export const holdRooms: readonly Facility[] = [
  { facility: "HARLINGEN HOLD ROOM", facilityCode: "HLGHOLD" },
  { facility: "EL PASO HOLD ROOM", facilityCode: "ELPHOLD" },
  { facility: "BALTIMORE HOLD ROOM", facilityCode: "BALHOLD" },
  { facility: "LOS ANGELES B-18 HOLD ROOM", facilityCode: "LOSHOLD" },
];
export const stagingFacilities: readonly Facility[] = [
  { facility: "SONORAN STAGING FACILITY", facilityCode: "SONSTAZ" },
  { facility: "RED RIVER STAGING FACILITY", facilityCode: "REDRSLA" },
];
export const jails: readonly Facility[] = [
  { facility: "SANDOVAL CREEK COUNTY JAIL", facilityCode: "SANDCTX" },
  { facility: "MARLOW COUNTY DETENTION CENTER", facilityCode: "MARLOMD" },
  { facility: "EAST KESTREL CITY JAIL", facilityCode: "EKESTCA" },
  { facility: "FENWICK PARISH PRISON", facilityCode: "FENWKLA" },
  { facility: "HOLLIS COUNTY JAIL", facilityCode: "HOLLSNC" },
];

export type Court = {
  readonly code: string;
  readonly hearingLocation: string;
  readonly city: string;
  readonly state: string;
  readonly zip: string;
};
export const courts: readonly Court[] = [
  { code: "NYC", hearingLocation: "NYC", city: "New York", state: "NY", zip: "10014" },
  { code: "LOS", hearingLocation: "LOS", city: "Los Angeles", state: "CA", zip: "90012" },
  { code: "MIA", hearingLocation: "MIA", city: "Miami", state: "FL", zip: "33130" },
  { code: "HOU", hearingLocation: "HOU", city: "Houston", state: "TX", zip: "77002" },
  { code: "ATL", hearingLocation: "ATL", city: "Atlanta", state: "GA", zip: "30303" },
  { code: "CHI", hearingLocation: "CHI", city: "Chicago", state: "IL", zip: "60604" },
  { code: "BAL", hearingLocation: "BAL", city: "Baltimore", state: "MD", zip: "21201" },
  { code: "SFR", hearingLocation: "SFR", city: "San Francisco", state: "CA", zip: "94104" },
  { code: "ELP", hearingLocation: "ELD", city: "El Paso", state: "TX", zip: "79925" },
  { code: "DEN", hearingLocation: "DEN", city: "Denver", state: "CO", zip: "80202" },
];
export const states = ["TX", "CA", "FL", "GA", "MD", "NY", "IL", "LA", "NC", "AZ", "CO", "WA"];

const streets = ["Linden", "Palmetto", "Mesquite", "Harbor", "Juniper", "Calhoun", "Orchard", "Bayview", "Cottonwood"];
const kinds = ["St", "Ave", "Blvd", "Ln", "Dr"];
const buildings = ["Willow Court Apartments", "Riverside Apartments", "Las Brisas Apartments", "Maple Park Apartments"];
export const NO_ADDRESS = "FAILED TO PROVIDE ADDRESS";

/** A street address without its unit; buildings of several units say so by name. Lines as typed. */
export function inventAddress(random: Random, severalUnits: boolean): readonly string[] {
  const court = random.pick(courts);
  const street = `${random.between(100, 9899)} ${random.pick(streets)} ${random.pick(kinds)}`;
  const city = `${court.city}, ${court.state} ${court.zip}`;
  return severalUnits ? [random.pick(buildings), street, city] : [street, city];
}
