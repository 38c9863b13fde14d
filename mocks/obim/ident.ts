/** IDENT: OBIM's biometric identity system, as a SOAP 1.2 service. README.md beside this has the wire format. */
import { type HttpAnswer, type HttpRequest, listenHttp } from "../http.ts";
import { type Simulator, type SimulatorContext, UnknownAct } from "../world.ts";
import { type Identities, identities } from "./identities.ts";
import { writeChanged, writeFound, writeRetrieved } from "./messages.ts";
import { qname } from "./names.ts";
import { readPosition, readRetrieval, readSearch } from "./requests.ts";
import { answer, fault, readRequest, SoapFault } from "./soap.ts";
import { wsdl } from "./wsdl.ts";

const acts = ["link-identities", "new-encounter"] as const;

export function ident(context: SimulatorContext): Simulator {
  const known = identities(context);
  return {
    system: "ident",
    agency: "obim",
    protocol: "http",
    acts,
    start: () => listenHttp((request) => respond(request, known, context)),
    async act(act) {
      if (act.act === "link-identities") return known.link(act);
      if (act.act === "new-encounter") return known.addEncounter(act);
      throw new UnknownAct("ident", acts);
    },
  };
}

function respond(request: HttpRequest, known: Identities, { clock }: SimulatorContext): HttpAnswer {
  if (request.path !== "/ident") return { status: 404 };
  if (request.method === "GET" && request.query.has("wsdl")) return describe(request);
  if (request.method !== "POST") return { status: 405, headers: { allow: "POST" } };
  try {
    return answer(clock.now(), carryOut(request, known));
  } catch (error) {
    if (error instanceof SoapFault) return fault(clock.now(), error);
    console.error("ident:", error instanceof Error ? error.stack : error);
    return fault(clock.now(), new SoapFault("Receiver", "Internal", "IDENT could not carry this out"));
  }
}

function carryOut(request: HttpRequest, known: Identities): string {
  const operation = readRequest(request);
  if (operation.name === qname("ident", "PersonSearchRequest")) {
    const { kind, value } = readSearch(operation);
    return writeFound(known.search(kind, value));
  }
  if (operation.name === qname("ident", "PersonRetrieveRequest")) {
    const fins = readRetrieval(operation);
    const found = fins.map((fin) => [fin, known.search("fin", fin)[0]] as const);
    return writeRetrieved(
      [...new Map(found.flatMap(([, cluster]) => (cluster ? [[cluster.clusterId, cluster]] : []))).values()],
      found.filter(([, cluster]) => cluster === undefined).map(([fin]) => fin),
    );
  }
  if (operation.name === qname("ident", "PersonChangesRequest"))
    return writeChanged(known.changed.since(readPosition(operation)));
  throw new SoapFault("Sender", "UnknownOperation", "this service has PersonSearch, PersonRetrieve and PersonChanges");
}

function describe({ headers }: HttpRequest): HttpAnswer {
  const host = /^[\w.:[\]-]+$/.test(headers.host ?? "") ? headers.host : "127.0.0.1";
  return { status: 200, headers: { "content-type": "text/xml; charset=utf-8" }, body: wsdl(`http://${host}/ident`) };
}
