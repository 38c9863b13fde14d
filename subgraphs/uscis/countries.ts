/**
 * Countries as USCIS's systems write them → ISO 3166-1 alpha-3. CLAIMS 3 has codes of up to five letters (table of
 * 2001, several for one country), ELIS has names.
 *
 * Left out on purpose, so that they are unreadable and never guessed: states that are several today (CZECH, USSR,
 * YUGOS), KOREA without north or south, PALES and TIMOR (filed under another state), places within a state.
 */

const table = `
ABW ARUBA|Aruba
AFG AFGHA|Afghanistan
AGO ANGOL,CABIN|Angola
AIA ANQUI|Anguilla
ALB ALBAN|Albania
AND ANDOR|Andorra
ARE UAE,UAL|United Arab Emirates
ARG ARGEN|Argentina
ARM ARMEN|Armenia
ATG ANTIG,BARBU|Antigua and Barbuda
AUS RALIA|Australia
AUT STRIA|Austria
AZE AZERB|Azerbaijan
BDI BURUN|Burundi
BEL BELGI|Belgium
BEN BENIN,DAHOM|Benin
BFA BURKI,UPPER|Burkina Faso
BGD BANGL|Bangladesh
BGR BULGA|Bulgaria
BHR BAHRA|Bahrain
BHS BAHAM|Bahamas
BIH BOSNI|Bosnia and Herzegovina
BLR BYELA|Belarus
BLZ BELIZ,BHOND,BRHON|Belize
BMU BERMU|Bermuda
BOL BOLIV|Bolivia
BRA BRAZI|Brazil
BRB BARBA|Barbados
BRN BRUNE|Brunei
BTN BHUTA|Bhutan
BWA BOTSW|Botswana
CAF CAFRI,CAR,CENTR|Central African Republic
CAN CANAD|Canada
CHE SWITZ|Switzerland
CHL CHILE|Chile
CHN CHINA,MAINL|China
CIV IVORY|Côte d'Ivoire|Ivory Coast
CMR CAMER|Cameroon
COD DECON,ZAIRE,CONKI|Democratic Republic of the Congo
COG CONGO|Congo
COL COLOM|Colombia
COM COMOR|Comoros
CPV CAPEV,CVI|Cape Verde|Cabo Verde
CRI COSTA|Costa Rica
CUB CUBA|Cuba
CYM CAYMA|Cayman Islands
CYP CYPRU|Cyprus
CZE CZREP|Czech Republic|Czechia
DEU GERMA,FRG,GDR,EGERM,WGERM|Germany
DJI DJIBO,AFARS,FSOMA,ISSAS|Djibouti
DMA DOMIN|Dominica
DNK DENMA|Denmark
DOM DR|Dominican Republic
DZA ALGER|Algeria
ECU ECUAD|Ecuador
EGY EGYPT,UAR|Egypt
ERI ERITR|Eritrea
ESH WSAHA,SPSAH|Western Sahara
ESP SPAIN|Spain
EST ESTON|Estonia
ETH ETHIO|Ethiopia
FIN FINLA|Finland
FJI FIJI|Fiji
FRA FRANC|France
FSM FSM|Micronesia
GAB GABON|Gabon
GBR UK,GRBR,ENGLA,SCOTL,WALES,NIREL|United Kingdom
GEO GEORG|Georgia
GHA GHANA|Ghana
GIB GIBRA|Gibraltar
GIN GUINE,UINEA|Guinea
GLP GUADE|Guadeloupe
GMB GAMBI|Gambia
GNB GUIBI,BISSA,PGUIN|Guinea-Bissau
GNQ EQUAT|Equatorial Guinea
GRC GREEC|Greece
GRD GRENA|Grenada
GRL GREEN|Greenland
GTM GUATE|Guatemala
GUF FGUIA|French Guiana
GUM GUAM|Guam
GUY GUYAN,BGUIA|Guyana
HKG HONGK|Hong Kong
HND HONDU|Honduras
HRV CROAT|Croatia
HTI HAITI|Haiti
HUN HUNGA|Hungary
IDN INDON|Indonesia
IND INDIA|India
IRL IRELA|Ireland
IRN IRAN|Iran
IRQ IRAQ|Iraq
ISL ICELA|Iceland
ISR ISRAE|Israel
ITA ITALY|Italy
JAM JAMAI|Jamaica
JOR JORDA|Jordan
JPN JAPAN|Japan
KAZ KAZAK|Kazakhstan
KEN KENYA|Kenya
KGZ KYRGY|Kyrgyzstan
KHM CAMBO,KAMPU|Cambodia
KIR KIRIB|Kiribati
KNA STKIT,NEVIS|Saint Kitts and Nevis
KOR SKORE|Korea, South|South Korea
KWT KUWAI,ALKUW|Kuwait
LAO LAOS|Laos
LBN LEBAN|Lebanon
LBR LIBER|Liberia
LBY LIBYA|Libya
LCA STLUC|Saint Lucia
LIE LIECH|Liechtenstein
LKA SRILA,CEYLO|Sri Lanka
LSO LESOT|Lesotho
LTU LITHU|Lithuania
LUX LUXEM|Luxembourg
LVA LATVI|Latvia
MAC MACAU|Macau
MAR MOROC|Morocco
MCO MONAC|Monaco
MDA MOLDO|Moldova
MDG MADAG|Madagascar
MDV MALDI|Maldives
MEX MEXIC|Mexico
MHL MARSH|Marshall Islands
MKD MACED|North Macedonia|Macedonia
MLI MALI|Mali
MLT MALTA,GOZO|Malta
MMR BURMA|Burma|Myanmar
MNE MONTE|Montenegro
MNG MONGO|Mongolia
MNP NMARI|Northern Mariana Islands
MOZ MOZAM|Mozambique
MRT MAUTA|Mauritania
MSR MONTS|Montserrat
MTQ MARTI|Martinique
MUS MAUTI|Mauritius
MWI MALAW|Malawi
MYS MALAY,FEDMA|Malaysia
NAM NAMIB|Namibia
NCL NEWCA|New Caledonia
NER NIGER,NIGE|Niger
NGA NIGIA,NIGEI|Nigeria
NIC NICAR|Nicaragua
NIU NIUE|Niue
NLD NETHE,HOLLA|Netherlands
NOR NORWA|Norway
NPL NEPAL|Nepal
NRU NAURU|Nauru
NZL NEWZE|New Zealand
OMN OMAN,MUSCA|Oman
PAK PAKIS|Pakistan
PAN PANAM|Panama
PER PERU|Peru
PHL PHILI|Philippines
PLW PALAU|Palau
PNG PAPUA,NEWGU|Papua New Guinea
POL POLAN,DANZI|Poland
PRI PR,PUERT|Puerto Rico
PRK NKORE|Korea, North|North Korea
PRT PORTU|Portugal
PRY PARAG|Paraguay
PYF FPOLY|French Polynesia
QAT QATAR|Qatar
REU REUNI|Réunion
ROU ROMAN|Romania
RUS RUSSI|Russia
RWA RWAND|Rwanda
SAU SAUDI|Saudi Arabia
SDN SUDAN|Sudan
SEN SENEG|Senegal
SGP SINGA|Singapore
SLB SOLOM,BSOLO|Solomon Islands
SLE SIERR|Sierra Leone
SLV ELSAL,SALVA|El Salvador
SMR SANMA|San Marino
SOM SOMAL|Somalia
SRB SERBI|Serbia
SSD SSUDA|South Sudan
STP SAOTO,PRINC|São Tomé and Príncipe
SUR SURIN,NGUIA|Suriname
SVK SLOVA|Slovakia
SVN SLOVE|Slovenia
SWE SWEDE|Sweden
SWZ SWAZI|Eswatini|Swaziland
SYC SEYCH|Seychelles
SYR SYRIA|Syria
TCA TURKS,CAICO|Turks and Caicos Islands
TCD CHAD|Chad
TGO TOGO|Togo
THA THAIL|Thailand
TJK TAJIK|Tajikistan
TKM TURKM|Turkmenistan
TLS ETIMO|Timor-Leste|East Timor
TON TONGA|Tonga
TTO TRINI,TOBAG|Trinidad and Tobago
TUN TUNIS|Tunisia
TUR TURKE|Türkiye|Turkey
TUV TUVAL|Tuvalu
TWN TAIWA,FORMO|Taiwan
TZA TANZA,TANGA,ZANZI,PEMBA|Tanzania
UGA UGAND|Uganda
UKR UKRAI|Ukraine
URY URUGU|Uruguay
USA US|United States
UZB UZBEK|Uzbekistan
VCT STVIN|Saint Vincent and the Grenadines
VEN VENEZ|Venezuela
VGB BVI,BVIRG|British Virgin Islands
VIR VIRGI|U.S. Virgin Islands
VNM VIETN,NVIET,SVIET|Vietnam
VUT VANUA,NEWHE|Vanuatu
WSM WSAMO|Samoa
YEM YEMEN,SANAA,ADEN,NYEME|Yemen
ZAF SAFRI|South Africa
ZMB ZAMBI,NRHOD|Zambia
ZWE ZIMBA,SRHOD|Zimbabwe`;

type Country = { readonly iso: string; readonly codes: readonly string[]; readonly names: readonly string[] };

/** INVARIANT: no code and no name stands for two countries. */
export const countries: readonly Country[] = table
  .trim()
  .split("\n")
  .map((line) => {
    const [written = "", ...names] = line.split("|");
    const [iso = "", codes = ""] = written.split(" ");
    return { iso, codes: codes.split(","), names };
  });

const byCode = new Map(countries.flatMap(({ iso, codes }) => codes.map((code) => [code, iso])));
const byName = new Map(countries.flatMap(({ iso, names }) => names.map((name) => [name.toLowerCase(), iso])));

/** CLAIMS 3 code → alpha-3; null for a code that stands for no single country. */
export function countryOfCode(code: string): string | null {
  return byCode.get(code) ?? null;
}

/** ELIS's name, double-encoded or not → alpha-3; null for a name that stands for no single country. */
export function countryOfName(name: string): string | null {
  return byName.get(name.toLowerCase()) ?? byName.get(repaired(name)?.toLowerCase() ?? "") ?? null;
}

const strictUtf8 = new TextDecoder("utf-8", { fatal: true });

/**
 * Undoes UTF-8 that was read as Latin-1 and encoded once more (`CÃ´te` → `Côte`). Null unless the repair is exact:
 * every character is a byte, the bytes are UTF-8, and spoiling the result again gives back what came.
 */
export function repaired(text: string): string | null {
  const bytes = Buffer.from(text, "latin1");
  if (bytes.toString("latin1") !== text) return null;
  try {
    const result = strictUtf8.decode(bytes);
    return result !== text && Buffer.from(result, "utf8").toString("latin1") === text ? result : null;
  } catch {
    return null;
  }
}
