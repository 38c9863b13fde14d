/** What one variant of a document (variant.ts) is shown as: its whole answer, and each part of it that comes later. */
import type { GraphQLCompositeType, GraphQLSchema } from "graphql";
import type { PreparedDocument, PreparedOperation } from "../operation/operation-preparer.ts";
import { type DeferredFragment, deferredFragments } from "./deferred.ts";
import { type ApplyGuards, guarding } from "./guard.ts";
import type { Project } from "./project.ts";
import type { Rights } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { type ObjectShape, type ShapeSettings, shapeOf } from "./shape.ts";

export type Shapes = {
  readonly root: ObjectShape;
  readonly deferred: readonly DeferredFragment[];
  /** Null: nothing in it depends on facts. */
  readonly guard: ApplyGuards | null;
  readonly deferredGuards: ReadonlyMap<DeferredFragment, ApplyGuards | null>;
  /** Compiled when a second answer of this shape is there: many operations are asked once. */
  project: Project | null;
  uses: number;
};

/** `apiSchema`: what clients may ask. */
export function readShapes(
  { apiSchema, facts }: { readonly apiSchema: GraphQLSchema; readonly facts: SchemaFacts },
  document: PreparedDocument,
  variables: PreparedOperation["variables"],
  rights: Rights,
): Shapes {
  const root = apiSchema.getRootType(document.operation.operation) as GraphQLCompositeType;
  const shaping: ShapeSettings = {
    schema: facts.schema,
    apiSchema,
    clientKeys: document.clientKeys,
    variables,
    rights,
  };
  const set = document.operation.selectionSet;
  const whole = shapeOf(shaping, root, [set]);
  const deferred = document.deferLabels.size > 0 ? deferredFragments(shaping, root, set) : [];
  return {
    root: whole,
    project: null,
    uses: 0,
    deferred,
    guard: guarding({ facts, rights }, whole),
    deferredGuards: new Map(deferred.map((each) => [each, guarding({ facts, rights }, each.shape)])),
  };
}
