/** A plan as it is executed: requests, what each waits for, and whom the gate decides about on the way. */
import type { Assign } from "./assign.ts";
import type { Copy } from "./copy.ts";
import type { Decoy } from "./decoy.ts";
import type { SubjectPlace } from "./fact-places.ts";
import type { UsedKey } from "./fetch-document.ts";
import type { Gather } from "./gather.ts";
import type { KeyRenamer, Rewrite } from "./plan.ts";
import type { KeptQuestion } from "./questions.ts";
import type { Unify } from "./references.ts";
import type { RepresentationShape } from "./representation.ts";
import type { Selection } from "./selection.ts";
import type { Condition, DeferredBlock, Place, Step } from "./units.ts";

/** Entities of which the same is asked, at one or several places. */
export type EntityPart = {
  /** Its key in the answer. */
  readonly alias: string;
  readonly representations: string;
  readonly places: readonly GatheredPlace[];
  readonly shape: RepresentationShape;
  readonly selection: Selection;
  /** Of the answer as it comes, with the keys that are echoed. */
  readonly copy: Copy;
  /** Whether what it brings has objects in it, which then stand at the place of each entity that is alike. */
  readonly bringsObjects: boolean;
  /** Null where it brings no references that can be. */
  readonly unify: Unify | null;
  readonly keys: readonly UsedKey[];
  /** Keys that stand in the representations: they are the entity's own, whatever becomes of the fetch. */
  readonly required: ReadonlySet<string>;
  readonly outputRewrites: readonly Rewrite[];
  /** Null where nothing of this supergraph may be kept. */
  readonly kept: KeptQuestion | null;
  /** For entities of this type. */
  assign(typename: string): Assign;
  /** False for entities of a type of which nothing is asked, or which the subgraph could not find. */
  isAsked(typename: string): boolean;
};

export type GatheredPlace = {
  readonly place: Place;
  readonly keys: readonly string[];
  readonly gather: Gather;
  /** Whoever stands here is a record's subject. */
  readonly subject: SubjectPlace | null;
};

export type RootPart = {
  readonly place: GatheredPlace;
  readonly selection: Selection;
  /** Of the answer as it comes. */
  readonly copy: Copy;
  /** Null where it brings no references that can be. */
  readonly unify: Unify | null;
  readonly outputRewrites: readonly Rewrite[];
  readonly kept: KeptQuestion | null;
};

export type Request = {
  readonly index: number;
  readonly subgraph: string;
  readonly kind: "query" | "mutation";
  /** The body up to the variables' members: `{"query":"…","variables":{`. */
  readonly prefix: string;
  /** Names of the operation's own variables that go with it. */
  readonly variables: readonly string[];
  readonly entities: readonly EntityPart[];
  readonly root: RootPart | null;
  /** Some of its answers may be kept. */
  readonly isKept: boolean;
  /** Values from further up that go along as variables; then each entity is asked for alone. */
  readonly context: readonly KeyRenamer[];
  readonly conditions: readonly Condition[];
  /** Requests that wait for this one. */
  readonly before: readonly number[];
  /** How many this one waits for. */
  readonly waitsFor: number;
  /** 0 for what is answered at once; other numbers for what is deferred. */
  readonly block: number;
  /** Asks about each entity by itself, those that are alike too. */
  readonly isApart: boolean;
};

/** Where persons stand whose facts decide. */
export type PersonStep = {
  /** Of the objects that have them. */
  readonly holders: Gather;
  readonly last: Step;
  readonly facts: readonly string[];
  readonly gated: string | null;
  /** As declared. */
  readonly type: string;
  /** Requests that bring the persons; and, with those that bring their facts, all that is to be answered before. */
  readonly brings: ReadonlySet<number>;
  readonly waitsFor: ReadonlySet<number>;
  /** Index of the nearest gate above, which is decided before. */
  readonly above: number | null;
  readonly decoy: Decoy | null;
  /** Who is asked for here: the root's field with its arguments, however the rest of the operation is written. */
  askedBy(variables: Readonly<Record<string, unknown>>): string;
};

export type CompiledPlan = {
  readonly requests: readonly Request[];
  readonly persons: readonly PersonStep[];
  readonly deferred: readonly DeferredBlock[];
  readonly usesContext: boolean;
  /** What it reads is read after what it has written: nothing of it joins a read of others. */
  readonly isMutation: boolean;
  /** Those that are asked, each once. */
  readonly subgraphs: readonly string[];
  /** Held in memory, roughly. */
  readonly bytes: number;
  /** Which subgraph was to answer what stands at this path of keys. */
  agencyOf(keys: readonly string[]): string | null;
};
