/** What an operation defers: where its `@defer` fragments stand, and the objects of the data that they are about. */
import {
  type GraphQLCompositeType,
  type GraphQLSchema,
  type InlineFragmentNode,
  Kind,
  parse,
  print,
  type SelectionSetNode,
  visit,
} from "graphql";
import type { Path } from "../errors.ts";
import { isSkipped, responseKeyOf } from "../operation/document.ts";
import { read } from "./complete.ts";
import { compositeType, isDeferred, type ObjectShape, type ShapeSettings, shapeOf, typeBelow } from "./shape.ts";

export type DeferredFragment = {
  /** Internal. */
  readonly label: string;
  /** From the root to the objects: keys, and types that an object on the way must be of. */
  readonly steps: readonly DeferredStep[];
  /** Of what the fragment adds to such an object. */
  readonly shape: ObjectShape;
};

type DeferredStep =
  | { readonly kind: "field"; readonly key: string; readonly clientKey: string; readonly in: string }
  | { readonly kind: "type"; readonly condition: string };

export function deferredFragments(
  settings: ShapeSettings,
  root: GraphQLCompositeType,
  set: SelectionSetNode,
): readonly DeferredFragment[] {
  const { apiSchema, clientKeys, variables } = settings;
  const found: DeferredFragment[] = [];
  const walk = (each: SelectionSetNode, type: GraphQLCompositeType, steps: readonly DeferredStep[]): void => {
    for (const selection of each.selections) {
      if (isSkipped(selection.directives, variables)) continue;
      if (selection.kind === Kind.FIELD) {
        if (!selection.selectionSet) continue;
        const below = typeBelow(type, selection.name.value);
        const key = responseKeyOf(selection);
        if (below)
          walk(selection.selectionSet, below, [
            ...steps,
            { kind: "field", key, clientKey: clientKeys.get(key) ?? key, in: type.name },
          ]);
      } else if (selection.kind === Kind.INLINE_FRAGMENT) {
        const condition = selection.typeCondition?.name.value;
        const within = condition === undefined ? type : compositeType(apiSchema, condition);
        const to = condition === undefined ? steps : [...steps, { kind: "type", condition } as const];
        if (isDeferred(selection))
          found.push({
            label: labelOf(selection),
            steps: to,
            shape: shapeOf(settings, within, [selection.selectionSet]),
          });
        walk(selection.selectionSet, within, to);
      }
    }
  };
  walk(set, root, []);
  return found;
}

function labelOf({ directives }: InlineFragmentNode): string {
  const label = directives
    ?.find(({ name }) => name.value === "defer")
    ?.arguments?.find(({ name }) => name.value === "label");
  return label?.value.kind === Kind.STRING ? label.value.value : "";
}

export type DeferredObject = {
  readonly object: object;
  readonly path: Path;
  readonly keys: readonly string[];
  /** What it stands in, from the root. */
  readonly above: readonly Enclosing[];
};

export type Enclosing = {
  readonly object: object;
  /** As declared, or as the operation has it there. */
  readonly type: string;
};

/** The objects that a fragment is about, with their places in the answer. */
export function deferredObjects(
  data: object,
  { steps }: DeferredFragment,
  schema: GraphQLSchema,
  fits: (typename: string, condition: string) => boolean,
): readonly DeferredObject[] {
  let level: readonly DeferredObject[] = [{ object: data, path: [], keys: [], above: [] }];
  for (const step of steps) {
    if (step.kind === "field")
      level = level.flatMap(({ object, path, keys, above }) =>
        objectsIn(
          read(object, step.key),
          [...path, step.clientKey],
          [...keys, step.key],
          [...above, { object, type: step.in }],
        ),
      );
    else
      level = level.filter(({ object }) => {
        const typename = read(object, "__typename");
        return typeof typename !== "string" || !schema.getType(typename) || fits(typename, step.condition);
      });
  }
  return level;
}

function objectsIn(
  value: unknown,
  path: Path,
  keys: readonly string[],
  above: readonly Enclosing[],
): readonly DeferredObject[] {
  if (Array.isArray(value)) return value.flatMap((each, index) => objectsIn(each, [...path, index], keys, above));
  return typeof value === "object" && value !== null ? [{ object: value, path, keys, above }] : [];
}

/** The same operation with nothing deferred; null where nothing was. */
export function withoutDefer(text: string): string | null {
  let isDeferring = false;
  const written = visit(parse(text, { noLocation: true }), {
    Directive({ name }) {
      if (name.value !== "defer") return undefined;
      isDeferring = true;
      return null;
    },
  });
  return isDeferring ? print(written) : null;
}
