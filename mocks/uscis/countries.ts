/**
 * Countries as USCIS's systems print them: CLAIMS 3's codes (up to five letters; INS table of 2001) and ELIS's names.
 * The last four states are younger than that table; their codes are this simulator's.
 */

export type PrintedCountry = { readonly claims: string; readonly name: string };

const table = `
AFG AFGHA Afghanistan
ALB ALBAN Albania
DZA ALGER Algeria
AND ANDOR Andorra
AGO ANGOL Angola
ATG ANTIG Antigua and Barbuda
ARG ARGEN Argentina
ARM ARMEN Armenia
AUS RALIA Australia
AUT STRIA Austria
AZE AZERB Azerbaijan
BHS BAHAM Bahamas
BHR BAHRA Bahrain
BGD BANGL Bangladesh
BRB BARBA Barbados
BLR BYELA Belarus
BEL BELGI Belgium
BLZ BELIZ Belize
BEN BENIN Benin
BTN BHUTA Bhutan
BOL BOLIV Bolivia
BIH BOSNI Bosnia and Herzegovina
BWA BOTSW Botswana
BRA BRAZI Brazil
BRN BRUNE Brunei
BGR BULGA Bulgaria
BFA BURKI Burkina Faso
MMR BURMA Burma
BDI BURUN Burundi
KHM CAMBO Cambodia
CMR CAMER Cameroon
CAN CANAD Canada
CPV CAPEV Cape Verde
CAF CAFRI Central African Republic
TCD CHAD Chad
CHL CHILE Chile
CHN CHINA China
COL COLOM Colombia
COM COMOR Comoros
COG CONGO Congo
COD DECON Democratic Republic of the Congo
CRI COSTA Costa Rica
CIV IVORY Côte d'Ivoire
HRV CROAT Croatia
CUB CUBA Cuba
CYP CYPRU Cyprus
CZE CZREP Czech Republic
DNK DENMA Denmark
DJI DJIBO Djibouti
DMA DOMIN Dominica
DOM DR Dominican Republic
ECU ECUAD Ecuador
EGY EGYPT Egypt
SLV ELSAL El Salvador
GNQ EQUAT Equatorial Guinea
ERI ERITR Eritrea
EST ESTON Estonia
SWZ SWAZI Eswatini
ETH ETHIO Ethiopia
FJI FIJI Fiji
FIN FINLA Finland
FRA FRANC France
GAB GABON Gabon
GMB GAMBI Gambia
GEO GEORG Georgia
DEU GERMA Germany
GHA GHANA Ghana
GRC GREEC Greece
GRD GRENA Grenada
GTM GUATE Guatemala
GIN GUINE Guinea
GNB GUIBI Guinea-Bissau
GUY GUYAN Guyana
HTI HAITI Haiti
HND HONDU Honduras
HKG HONGK Hong Kong
HUN HUNGA Hungary
ISL ICELA Iceland
IND INDIA India
IDN INDON Indonesia
IRN IRAN Iran
IRQ IRAQ Iraq
IRL IRELA Ireland
ISR ISRAE Israel
ITA ITALY Italy
JAM JAMAI Jamaica
JPN JAPAN Japan
JOR JORDA Jordan
KAZ KAZAK Kazakhstan
KEN KENYA Kenya
KIR KIRIB Kiribati
PRK NKORE Korea, North
KOR SKORE Korea, South
KWT KUWAI Kuwait
KGZ KYRGY Kyrgyzstan
LAO LAOS Laos
LVA LATVI Latvia
LBN LEBAN Lebanon
LSO LESOT Lesotho
LBR LIBER Liberia
LBY LIBYA Libya
LIE LIECH Liechtenstein
LTU LITHU Lithuania
LUX LUXEM Luxembourg
MAC MACAU Macau
MKD MACED North Macedonia
MDG MADAG Madagascar
MWI MALAW Malawi
MYS MALAY Malaysia
MDV MALDI Maldives
MLI MALI Mali
MLT MALTA Malta
MHL MARSH Marshall Islands
MRT MAUTA Mauritania
MUS MAUTI Mauritius
MEX MEXIC Mexico
FSM FSM Micronesia
MDA MOLDO Moldova
MCO MONAC Monaco
MNG MONGO Mongolia
MAR MOROC Morocco
MOZ MOZAM Mozambique
NAM NAMIB Namibia
NRU NAURU Nauru
NPL NEPAL Nepal
NLD NETHE Netherlands
NZL NEWZE New Zealand
NIC NICAR Nicaragua
NER NIGER Niger
NGA NIGIA Nigeria
NOR NORWA Norway
OMN OMAN Oman
PAK PAKIS Pakistan
PLW PALAU Palau
PAN PANAM Panama
PNG PAPUA Papua New Guinea
PRY PARAG Paraguay
PER PERU Peru
PHL PHILI Philippines
POL POLAN Poland
PRT PORTU Portugal
PRI PR Puerto Rico
QAT QATAR Qatar
ROU ROMAN Romania
RUS RUSSI Russia
RWA RWAND Rwanda
KNA STKIT Saint Kitts and Nevis
LCA STLUC Saint Lucia
VCT STVIN Saint Vincent and the Grenadines
WSM WSAMO Samoa
SMR SANMA San Marino
STP SAOTO São Tomé and Príncipe
SAU SAUDI Saudi Arabia
SEN SENEG Senegal
SYC SEYCH Seychelles
SLE SIERR Sierra Leone
SGP SINGA Singapore
SVK SLOVA Slovakia
SVN SLOVE Slovenia
SLB SOLOM Solomon Islands
SOM SOMAL Somalia
ZAF SAFRI South Africa
ESP SPAIN Spain
LKA SRILA Sri Lanka
SDN SUDAN Sudan
SUR SURIN Suriname
SWE SWEDE Sweden
CHE SWITZ Switzerland
SYR SYRIA Syria
TWN TAIWA Taiwan
TJK TAJIK Tajikistan
TZA TANZA Tanzania
THA THAIL Thailand
TGO TOGO Togo
TON TONGA Tonga
TTO TRINI Trinidad and Tobago
TUN TUNIS Tunisia
TUR TURKE Türkiye
TKM TURKM Turkmenistan
TUV TUVAL Tuvalu
UGA UGAND Uganda
UKR UKRAI Ukraine
ARE UAE United Arab Emirates
GBR UK United Kingdom
USA US United States
URY URUGU Uruguay
UZB UZBEK Uzbekistan
VUT VANUA Vanuatu
VEN VENEZ Venezuela
VNM VIETN Vietnam
YEM YEMEN Yemen
ZMB ZAMBI Zambia
ZWE ZIMBA Zimbabwe
MNE MONTE Montenegro
SRB SERBI Serbia
SSD SSUDA South Sudan
TLS ETIMO Timor-Leste`;

/** By ISO 3166-1 alpha-3. */
export const printedCountries: ReadonlyMap<string, PrintedCountry> = new Map(
  table
    .trim()
    .split("\n")
    .map((line) => {
      const [iso = "", claims = "", ...name] = line.split(" ");
      return [iso, { claims, name: name.join(" ") }];
    }),
);

/** What the systems print for a country; throws for one missing here, so that no value is lost without a word. */
export function printedCountry(iso: string): PrintedCountry {
  const found = printedCountries.get(iso);
  if (found === undefined) throw new Error(`mocks/uscis/countries.ts lacks ${iso}`);
  return found;
}
