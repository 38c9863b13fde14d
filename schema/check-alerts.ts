/** Alerts: each kind is told to who may see the records that it is about, so each kind names a field where they stand. */
import { fieldsOf, type Graph, texts } from "./contract.ts";

export function unheldAlerts({ subgraphs }: Graph): readonly string[] {
  const contracts = [...subgraphs.values()];
  const kinds = contracts.flatMap((each) => each.get("AlertKind") ?? [])[0];
  const placed = contracts
    .flatMap(fieldsOf)
    .flatMap(({ type, name, labels }) =>
      labels
        .filter((each) => each.name === "alerts")
        .flatMap(({ given, place }) => texts(given.kinds).map((kind) => ({ kind, element: `${type}.${name}`, place }))),
    );
  const unknown = placed
    .filter(({ kind }) => !kinds?.values.includes(kind))
    .map(({ kind, element, place }) => `${place}: @alerts on ${element} names ${kind}, which is no AlertKind`);
  const unheld = (kinds?.values ?? []).flatMap((kind) => {
    const fields = placed.filter((each) => each.kind === kind);
    if (fields.length === 1) return [];
    const said = fields.length === 0 ? "no field" : fields.map(({ element }) => element).join(" and ");
    return [
      `${kinds?.place}: ${kind} is about records of ${said}: write \`@alerts(kinds: ["${kind}"])\` on the one field where they stand`,
    ];
  });
  return [...unknown, ...unheld];
}
