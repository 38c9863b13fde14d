/** Faults that the comparison has to see: in an answer itself, and in what a subgraph says. */
import type { Answer } from "./compare.ts";
import type { Request } from "./subgraphs.ts";

/** Gives back the spoilt answer, or null where this fault has no place in it. */
type Spoil = (answer: Answer) => Answer | null;

/** In the gateway's answer: each is seen in every answer that it changes. */
export const plantedInAnswers: readonly (readonly [string, Spoil])[] = [
  ["an error is left out", ({ data, errors }) => (errors?.length ? { data, errors: [] } : null)],
  [
    "an error names the next element of a list",
    ({ data, errors = [] }) => {
      const [first, ...rest] = errors;
      const at = first?.path?.findLastIndex((step) => typeof step === "number") ?? -1;
      if (rest.length > 0 || at < 0) return null;
      return { data, errors: [{ path: first?.path?.map((step, i) => (i === at ? Number(step) + 1 : step)) }] };
    },
  ],
  ["an error names no place", ({ data, errors }) => (errors?.length && data ? { data, errors: [{}] } : null)],
  ["a value is null without an error", (answer) => changed(answer, isLeaf, () => null)],
  [
    "a list element is null without an error",
    (answer) => changed(answer, isLongList, (list) => [null, ...list.slice(1)]),
  ],
  [
    "two elements of a list changed places",
    (answer) => changed(answer, isLongList, ([a, b, ...rest]) => [b, a, ...rest]),
  ],
  ["a list lost its last element", (answer) => changed(answer, isLongList, (list) => list.slice(0, -1))],
  [
    "two members changed places",
    (answer) => changed(answer, isWide, (object) => Object.fromEntries(Object.entries(object).reverse())),
  ],
  [
    "a member is missing",
    (answer) => changed(answer, isWide, (object) => Object.fromEntries(Object.entries(object).slice(1))),
  ],
  [
    "a member is there that nobody asked for",
    (answer) => changed(answer, isWide, (object) => ({ ...object, id: "x" })),
  ],
];

export type EntityAnswer = { data?: { _entities?: unknown[] } | null; errors?: unknown };

/** In a subgraph's answer: each is seen somewhere among a few hundred operations. */
export const plantedInSubgraphs: readonly (readonly [
  string,
  (request: Request, body: EntityAnswer) => EntityAnswer,
])[] = [
  ["entities in another order", (_, body) => withEntities(body, (all) => [...all].reverse())],
  ["an entity too few", (_, body) => withEntities(body, (all) => all.slice(1))],
  ["one entity in the place of all", (_, body) => withEntities(body, (all) => all.map(() => all[0]))],
  ["errors left out", (_, { errors: _errors, ...body }) => body],
  [
    "errors at the next entity",
    (_, { errors, ...body }) => ({
      ...body,
      ...(Array.isArray(errors)
        ? { errors: errors.map(({ path = [], ...rest }) => ({ ...rest, path: path.map(nextIndex) })) }
        : {}),
    }),
  ],
  ["an entity left out", (_, body) => withEntities(body, (all) => [null, ...all.slice(1)])],
];

const nextIndex = (step: unknown) => (typeof step === "number" ? step + 1 : step);

/** Every list at the root is taken for entities: a request may hold several, under any keys. */
function withEntities(body: EntityAnswer, change: (all: unknown[]) => unknown[]): EntityAnswer {
  if (!body.data) return body;
  const data = Object.fromEntries(
    Object.entries(body.data).map(([key, value]) => [
      key,
      Array.isArray(value) && value.length > 0 ? change(value) : value,
    ]),
  );
  return { ...body, data };
}

/** The first value, from the outside in, that `is` finds and that `change` makes another one of. */
function changed<Found>(
  answer: Answer,
  is: (value: unknown) => value is Found,
  change: (value: Found) => unknown,
): Answer | null {
  let isDone = false;
  const within = (value: unknown): unknown => {
    if (isDone) return value;
    if (is(value)) {
      const other = change(value);
      if (JSON.stringify(other) !== JSON.stringify(value)) {
        isDone = true;
        return other;
      }
    }
    if (Array.isArray(value)) return value.map(within);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, within(each)]));
  };
  const data = within(answer.data);
  return isDone ? { ...answer, data } : null;
}

const isLeaf = (value: unknown): value is string | number => typeof value === "string" || typeof value === "number";
const isLongList = (value: unknown): value is unknown[] => Array.isArray(value) && value.length > 1;
const isWide = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 1;
