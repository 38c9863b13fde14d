/** Query plans as the planner gives them, in JSON (the vocabulary of the Federation planner), and why there is none. */

export type QueryPlan = { readonly node?: PlanNode };

export type PlanNode = SequenceNode | ParallelNode | FetchNode | FlattenNode | DeferNode | ConditionNode;

export type SequenceNode = { readonly kind: "Sequence"; readonly nodes: readonly PlanNode[] };
export type ParallelNode = { readonly kind: "Parallel"; readonly nodes: readonly PlanNode[] };

export type FetchNode = {
  readonly kind: "Fetch";
  readonly serviceName: string;
  /** Given where something deferred depends on this fetch. */
  readonly id?: string;
  readonly variableUsages?: readonly string[];
  /** What a representation is made of; absent for a fetch at a root type. */
  readonly requires?: readonly RequiredSelection[];
  readonly operation: string;
  readonly operationKind: "query" | "mutation" | "subscription";
  readonly inputRewrites?: readonly Rewrite[];
  readonly outputRewrites?: readonly Rewrite[];
  readonly contextRewrites?: readonly KeyRenamer[];
};

export type RequiredSelection =
  | {
      readonly kind: "Field";
      readonly alias?: string;
      readonly name: string;
      readonly selections?: readonly RequiredSelection[];
    }
  | {
      readonly kind: "InlineFragment";
      readonly typeCondition?: string;
      readonly selections: readonly RequiredSelection[];
    };

export type Rewrite = ValueSetter | KeyRenamer;
export type ValueSetter = {
  readonly kind: "ValueSetter";
  readonly path: readonly string[];
  readonly setValueTo: unknown;
};
export type KeyRenamer = {
  readonly kind: "KeyRenamer";
  readonly path: readonly string[];
  readonly renameKeyTo: string;
};

/** `@` in the path stands for every element of a list. */
export type FlattenNode = {
  readonly kind: "Flatten";
  readonly path: readonly (string | number)[];
  readonly node: PlanNode;
};

export type DeferNode = {
  readonly kind: "Defer";
  readonly primary: { readonly subselection?: string; readonly node?: PlanNode };
  readonly deferred: readonly DeferredNode[];
};
export type DeferredNode = {
  readonly depends: readonly { readonly id: string; readonly deferLabel?: string }[];
  readonly label?: string;
  readonly queryPath: readonly string[];
  readonly subselection?: string;
  readonly node?: PlanNode;
};

export type ConditionNode = {
  readonly kind: "Condition";
  /** The name of a Boolean variable. */
  readonly condition: string;
  readonly ifClause?: PlanNode;
  readonly elseClause?: PlanNode;
};

/** The planner finds no plan for this operation, or one too large to use; another time it would not either. */
export class QueryPlanningFailed extends Error {}
/** Planning this operation takes longer, or needs more memory, than is allowed. */
export class QueryPlanningTimeout extends Error {}
/** There was no time to plan this operation; another time there may be. */
export class PlannerUnavailable extends Error {}
