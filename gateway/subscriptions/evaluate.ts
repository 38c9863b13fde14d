/**
 * One alert for those who are told alike: asked for as a query (alert-query.ts) by the rights of this moment, it is told,
 * withheld as if it had not happened, or cannot be settled now.
 */
import type { Told } from "../answer.ts";
import { type ErrorCode, type PartError, type Path, partError, type Refusal } from "../errors.ts";
import { allRights, type Rights } from "../execution/rights.ts";
import type { PreparedOperation } from "../operation/operation-preparer.ts";
import type { Origin } from "../subgraph/caller.ts";
import type { AlertContract, AlertRecords } from "../supergraph/alert-contract.ts";
import type { Supergraph } from "../supergraph/supergraph.ts";
import { type AlertRequest, alertQueryOf, byVariable, witnessKey } from "./alert-query.ts";

export type AlertEvent = {
  readonly kind: string;
  readonly at: string | null;
  readonly system: string;
  /** What the change named beside identifiers: a type and a key. */
  readonly about: readonly (readonly [string, string])[];
};

/** Whom it is about, as found by one of the identifiers that the change named. */
export type AlertPerson = {
  /** Its key, as the contract's argument takes it; and all by which it is known. */
  readonly by: Readonly<Record<string, unknown>>;
  readonly tags: ReadonlySet<string>;
};

export type Evaluating = {
  readonly supergraph: Supergraph;
  readonly contract: AlertContract;
  readonly request: AlertRequest;
  readonly operation: PreparedOperation;
  readonly rights: Rights;
  readonly origin: Origin;
  readonly deadline: number;
  readonly signal: AbortSignal;
};

export type Outcome = Told | "withheld" | "unavailable";

/** Another try may end otherwise. */
const passing: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "GUARD_UNAVAILABLE",
  "GATEWAY_TIMEOUT",
  "SUBREQUEST_HTTP_ERROR",
  "SUBREQUEST_MALFORMED_RESPONSE",
  "SUBREQUEST_NOT_SENT",
  "SUBGRAPH_ERROR",
  "SOURCE_UNAVAILABLE",
  "SOURCE_TIMEOUT",
  "SOURCE_INVALID",
]);

/** Rejects for a fault of ours, and where no plan could be had. */
export async function evaluate(evaluating: Evaluating, event: AlertEvent, person: AlertPerson): Promise<Outcome> {
  const { supergraph, contract, request, operation, rights, origin, deadline, signal } = evaluating;
  const records = contract.records.get(event.kind);
  if (!records || refusedField(supergraph, request, rights) !== null) return "withheld";
  const query = alertQueryOf(operation, contract, records);
  const by = request.by ?? person.by;
  const asked = { ...operation, document: query.document, variables: { ...operation.variables, [byVariable]: by } };
  const { data, errors } = await supergraph.execute(asked, { signal, deadline, rights, origin });
  const witness = memberOf(data, witnessKey);
  const seen = seenBy(witness, errors, contract, records, person);
  if (seen !== "told") return seen;
  const isOne = await isThisOneSeen(evaluating, event, records, by, memberOf(witness, records.field));
  return isOne === "told" ? told(query.fields, request.clientKey, event, data, errors) : isOne;
}

/** The element of the schema that is refused, whoever it is about; null: nothing is. */
export function refusedField(
  { apiSchema }: Pick<Supergraph, "apiSchema">,
  { field }: AlertRequest,
  rights: Rights,
): string | null {
  const subscription = apiSchema.getSubscriptionType()?.name ?? "";
  if (rights.refusesField(subscription, field)) return `${subscription}.${field}`;
  const refused = ["kind", "at", "system", "person"].find((each) => rights.refusesField("Alert", each));
  return refused === undefined ? null : `Alert.${refused}`;
}

function seenBy(
  witness: unknown,
  errors: readonly PartError[],
  { key, tagOf }: AlertContract,
  { field }: AlertRecords,
  person: AlertPerson,
): "told" | "withheld" | "unavailable" {
  const records = memberOf(witness, field);
  const own = errors.filter(({ path }) => path.length === 0 || path[0] === witnessKey);
  if (!Array.isArray(records))
    return own.some(({ code, path }) => passing.has(code) || path.length === 0) ? "unavailable" : "withheld";
  // The identifier may have become another's meanwhile.
  const tag = tagOf({ [key.member]: memberOf(witness, key.field) });
  return tag !== null && person.tags.has(tag) ? "told" : "withheld";
}

/**
 * Where some records of this type may be hidden from this caller and others not, it has to be known which one the alert is
 * about; where the change does not say, all of them must be seen.
 */
async function isThisOneSeen(
  { supergraph, contract, rights, deadline, signal }: Evaluating,
  { about }: AlertEvent,
  { field, type, id }: AlertRecords,
  by: Readonly<Record<string, unknown>>,
  visible: unknown,
): Promise<"told" | "withheld" | "unavailable"> {
  if (rights === allRights || rights.guardsOf(type).length === 0) return "told";
  if (id === null) return "withheld";
  const ids = new Set((visible as readonly unknown[]).map((each) => memberOf(each, id)));
  const named = about.find(([kind]) => kind === type);
  if (named) return ids.has(named[1]) ? "told" : "withheld";
  const { find } = contract;
  const text = `query($${byVariable}:${find.input}!){${find.field}(${find.argument}:$${byVariable}){${field}{${id}}}}`;
  const all = await supergraph.execute.lookUp(text, { [byVariable]: by }, { signal, deadline });
  const every = memberOf(memberOf(all.data, find.field), field);
  if (!all.isWhole || !Array.isArray(every)) return "unavailable";
  return every.every((each) => ids.has(memberOf(each, id))) ? "told" : "withheld";
}

function told(
  fields: ReturnType<typeof alertQueryOf>["fields"],
  clientKey: string,
  event: AlertEvent,
  data: unknown,
  errors: readonly PartError[],
): Told {
  const values: Readonly<Record<string, unknown>> = { ...event, __typename: "Alert" };
  const alert: Record<string, unknown> = {};
  for (const { name, key, clientKey: own } of fields)
    define(alert, own, name === "person" ? memberOf(data, key) : (values[name] ?? null));
  const paths = new Map<string, Path>(
    fields.flatMap(({ name, key, clientKey: own }) => (name === "person" ? [[key, [clientKey, own]] as const] : [])),
  );
  const placed = errors.flatMap((each): readonly PartError[] => {
    const [first, ...rest] = each.path;
    const at = paths.get(String(first));
    return at ? [{ ...each, path: [...at, ...rest] }] : [];
  });
  const whole: Record<string, unknown> = {};
  define(whole, clientKey, alert);
  return toldOf(whole, placed);
}

export function toldOf(data: unknown, errors: readonly PartError[]): Told {
  const said = errors.length > 0 ? { errors: errors.map(partError), data } : { data };
  return { ...said, text: JSON.stringify(said).slice(0, -1) };
}

/** A client may call something `__proto__`. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Readonly<Record<string, unknown>>)[name];
}

export function isRefusal(rights: Rights | Refusal): rights is Refusal {
  return "refused" in rights;
}
