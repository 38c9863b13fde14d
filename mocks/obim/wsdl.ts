/** The service's WSDL 1.1 with its schemas inside: the subset of NIEM it uses, and its own names. */
import { namespaces } from "./names.ts";

const { nc, im, j, ident } = namespaces;

/** `location` is the address the service is reached at. */
export function wsdl(location: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>
<wsdl:definitions name="IdentService" targetNamespace="${ident}"
    xmlns:wsdl="http://schemas.xmlsoap.org/wsdl/" xmlns:soap12="http://schemas.xmlsoap.org/wsdl/soap12/"
    xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:nc="${nc}" xmlns:im="${im}" xmlns:j="${j}" xmlns:ident="${ident}">
  <wsdl:documentation>Persons by their identifiers. All clock times are UTC.</wsdl:documentation>
  <wsdl:types>
${schemas}
  </wsdl:types>
${operations.map(message).join("\n")}
  <wsdl:message name="SystemClock"><wsdl:part name="clock" element="ident:SystemClock"/></wsdl:message>
  <wsdl:portType name="IdentPort">
${operations.map(portOperation).join("\n")}
  </wsdl:portType>
  <wsdl:binding name="IdentSoap12" type="ident:IdentPort">
    <soap12:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>
${operations.map(bindingOperation).join("\n")}
  </wsdl:binding>
  <wsdl:service name="IdentService">
    <wsdl:port name="IdentSoap12" binding="ident:IdentSoap12"><soap12:address location="${location}"/></wsdl:port>
  </wsdl:service>
</wsdl:definitions>
`;
}

const operations = ["PersonSearch", "PersonRetrieve", "PersonChanges"] as const;

function message(name: string): string {
  return ["Request", "Response"]
    .map(
      (side) =>
        `  <wsdl:message name="${name}${side}"><wsdl:part name="body" element="ident:${name}${side}"/></wsdl:message>`,
    )
    .join("\n");
}

function portOperation(name: string): string {
  return `    <wsdl:operation name="${name}">
      <wsdl:input message="ident:${name}Request"/><wsdl:output message="ident:${name}Response"/>
    </wsdl:operation>`;
}

function bindingOperation(name: string): string {
  return `    <wsdl:operation name="${name}">
      <soap12:operation soapAction="${ident}${name}" style="document"/>
      <wsdl:input><soap12:body use="literal"/></wsdl:input>
      <wsdl:output><soap12:body use="literal"/><soap12:header message="ident:SystemClock" part="clock" use="literal"/></wsdl:output>
    </wsdl:operation>`;
}

function schema(namespace: string, imports: readonly string[], declarations: string): string {
  return `    <xsd:schema targetNamespace="${namespace}" elementFormDefault="qualified">
${imports.map((each) => `      <xsd:import namespace="${each}"/>`).join("\n")}
${declarations}
    </xsd:schema>`;
}

function identifications(names: readonly string[]): string {
  return names
    .map((name) => `      <xsd:element name="${name}" type="nc:IdentificationType" nillable="true"/>`)
    .join("\n");
}

const schemas = [
  schema(
    nc,
    [im, j, ident],
    `      <xsd:element name="IdentificationID" type="xsd:string"/>
      <xsd:complexType name="IdentificationType"><xsd:sequence><xsd:element ref="nc:IdentificationID" minOccurs="0"/></xsd:sequence></xsd:complexType>
      <xsd:element name="Date" type="xsd:date"/>
      <xsd:element name="DateTime" type="xsd:dateTime"/>
      <xsd:complexType name="DateType">
        <xsd:choice minOccurs="0"><xsd:element ref="nc:Date"/><xsd:element ref="nc:DateTime"/></xsd:choice>
      </xsd:complexType>
      <xsd:element name="PersonBirthDate" type="nc:DateType" nillable="true"/>
      <xsd:element name="PersonSexText" type="xsd:string" nillable="true"/>
      <xsd:element name="PersonGivenName" type="xsd:string" nillable="true"/>
      <xsd:element name="PersonSurName" type="xsd:string" nillable="true"/>
      <xsd:complexType name="PersonNameType"><xsd:sequence>
        <xsd:element ref="nc:PersonGivenName" minOccurs="0"/>
        <xsd:element ref="nc:PersonSurName" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="PersonName" type="nc:PersonNameType"/>
${identifications(["ActivityIdentification"])}
      <xsd:element name="ActivityDate" type="nc:DateType"/>
      <xsd:element name="ActivityReasonText" type="xsd:string"/>
      <xsd:complexType name="PersonEncounterType"><xsd:sequence>
        <xsd:element ref="nc:ActivityIdentification"/>
        <xsd:element ref="nc:ActivityDate"/>
        <xsd:element ref="nc:ActivityReasonText"/>
        <xsd:element ref="ident:SenderText"/>
        <xsd:element ref="im:AlienNumberIdentification" minOccurs="0"/>
        <xsd:element ref="im:AdmissionIdentification" minOccurs="0"/>
        <xsd:element ref="ident:PassportIdentification" minOccurs="0"/>
        <xsd:element ref="im:ImmigrationReceiptNumberIdentification" minOccurs="0"/>
        <xsd:element ref="im:SEVISID" minOccurs="0"/>
        <xsd:element ref="j:PersonFBIIdentification" minOccurs="0"/>
        <xsd:element ref="ident:EIDSubjectIdentification" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="PersonEncounter" type="nc:PersonEncounterType"/>`,
  ),
  schema(
    im,
    [nc],
    `${identifications(["AlienNumberIdentification", "AdmissionIdentification", "ImmigrationReceiptNumberIdentification"])}
      <xsd:element name="SEVISID" type="xsd:string" nillable="true"/>`,
  ),
  schema(j, [nc], identifications(["PersonFBIIdentification"])),
  schema(
    ident,
    [nc, im, j],
    `      <xsd:element name="SystemClock" type="xsd:dateTime"/>
${identifications(["FingerprintIdentification", "ClusterIdentification", "EIDSubjectIdentification", "SharedAlienNumberIdentification", "UnknownFingerprintIdentification"])}
      <xsd:element name="CountryISO3166Alpha3Code" type="xsd:string"/>
      <xsd:element name="CitizenshipCountryISO3166Alpha3Code" type="xsd:string" nillable="true"/>
      <xsd:element name="SenderText" type="xsd:string"/>
      <xsd:complexType name="PassportIdentificationType"><xsd:sequence>
        <xsd:element ref="nc:IdentificationID" minOccurs="0"/>
        <xsd:element ref="ident:CountryISO3166Alpha3Code" minOccurs="0"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="PassportIdentification" type="ident:PassportIdentificationType" nillable="true"/>
      <xsd:element name="NameCategoryCode">
        <xsd:simpleType><xsd:restriction base="xsd:string">
          <xsd:enumeration value="PRIMARY"/><xsd:enumeration value="ALIAS"/><xsd:enumeration value="NATIVE_SCRIPT"/>
        </xsd:restriction></xsd:simpleType>
      </xsd:element>
      <xsd:complexType name="IdentityNameType"><xsd:sequence>
        <xsd:element ref="nc:PersonName"/>
        <xsd:element ref="ident:NameCategoryCode"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="IdentityName" type="ident:IdentityNameType"/>
      <xsd:complexType name="IdentityType"><xsd:sequence>
        <xsd:element ref="ident:FingerprintIdentification"/>
        <xsd:element ref="ident:IdentityName" minOccurs="0" maxOccurs="unbounded"/>
        <xsd:element ref="nc:PersonBirthDate" minOccurs="0"/>
        <xsd:element ref="nc:PersonSexText" minOccurs="0"/>
        <xsd:element ref="ident:CitizenshipCountryISO3166Alpha3Code" minOccurs="0"/>
        <xsd:element ref="nc:PersonEncounter" minOccurs="0" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="Identity" type="ident:IdentityType"/>
      <xsd:complexType name="IdentityClusterType"><xsd:sequence>
        <xsd:element ref="ident:ClusterIdentification"/>
        <xsd:element ref="ident:Identity" maxOccurs="unbounded"/>
        <xsd:element ref="ident:SharedAlienNumberIdentification" minOccurs="0" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType>
      <xsd:element name="IdentityCluster" type="ident:IdentityClusterType"/>
      <xsd:element name="PersonSearchRequest"><xsd:complexType><xsd:choice>
        <xsd:element ref="ident:FingerprintIdentification"/>
        <xsd:element ref="im:AlienNumberIdentification"/>
        <xsd:element ref="im:AdmissionIdentification"/>
        <xsd:element ref="ident:PassportIdentification"/>
        <xsd:element ref="im:ImmigrationReceiptNumberIdentification"/>
        <xsd:element ref="im:SEVISID"/>
        <xsd:element ref="j:PersonFBIIdentification"/>
        <xsd:element ref="ident:EIDSubjectIdentification"/>
      </xsd:choice></xsd:complexType></xsd:element>
      <xsd:element name="PersonSearchResponse"><xsd:complexType><xsd:sequence>
        <xsd:element ref="ident:IdentityCluster" minOccurs="0" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="PersonRetrieveRequest"><xsd:complexType><xsd:sequence>
        <xsd:element ref="ident:FingerprintIdentification" maxOccurs="100"/>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="PersonRetrieveResponse"><xsd:complexType><xsd:sequence>
        <xsd:element ref="ident:IdentityCluster" minOccurs="0" maxOccurs="unbounded"/>
        <xsd:element ref="ident:UnknownFingerprintIdentification" minOccurs="0" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="ChangePosition" type="xsd:string"/>
      <xsd:element name="MoreIndicator" type="xsd:boolean"/>
      <xsd:element name="CompleteIndicator" type="xsd:boolean"/>
      <xsd:element name="PersonChangesRequest"><xsd:complexType><xsd:sequence>
        <xsd:element ref="ident:ChangePosition" minOccurs="0"/>
      </xsd:sequence></xsd:complexType></xsd:element>
      <xsd:element name="PersonChangesResponse"><xsd:complexType><xsd:sequence>
        <xsd:element ref="ident:ChangePosition"/>
        <xsd:element ref="ident:MoreIndicator"/>
        <xsd:element ref="ident:CompleteIndicator"/>
        <xsd:element ref="ident:FingerprintIdentification" minOccurs="0" maxOccurs="unbounded"/>
      </xsd:sequence></xsd:complexType></xsd:element>`,
  ),
].join("\n");
