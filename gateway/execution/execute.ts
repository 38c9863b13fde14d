/** Executes a compiled plan: sends each request as soon as what it waits for is there, and puts the answers together. */
import {
  type ExecutedCall,
  type ExecutedRequest,
  type Freshness,
  type HeldAnswer,
  type Reads,
  SubgraphFailure,
} from "../subgraph/call.ts";
import type { Origin } from "../subgraph/caller.ts";
import { waitingClock } from "../telemetry/waiting.ts";
import { type Asked, askedOf, type PlacedTargets } from "./ask.ts";
import type { CompiledPlan, EntityPart, Request, RootPart } from "./compiled-plan.ts";
import { contextVariables } from "./context.ts";
import { type Decisions, openDecisions } from "./decisions.ts";
import { type Gate, openGate } from "./gate.ts";
import { gatherWithAncestors, type Sharing } from "./gather.ts";
import { withhold } from "./merge.ts";
import { openProblems, type Problems } from "./problems.ts";
import { bodyWith, entityReads, rootReads, type WriteMembers } from "./reads.ts";
import type { Rights } from "./rights.ts";
import type { SchemaFacts } from "./schema-facts.ts";
import { type AnswerBody, readAnswer, settleEntities, settleRoot } from "./settle.ts";

export type ExecuteSettings = {
  readonly plan: CompiledPlan;
  readonly facts: SchemaFacts;
  readonly call: ExecutedCall;
  /** Coerced, by internal names. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** What the caller may see: who stands at a gated place is decided about on the way. */
  readonly rights: Rights;
  readonly signal: AbortSignal;
  readonly deadline: number;
  /** What subgraphs may be told of the client's request. */
  readonly origin: Origin | undefined;
  readonly freshness: Freshness | undefined;
  /** Whether a subgraph takes representations with gaps. */
  readonly isPartial: (subgraph: string) => boolean;
  /** A request has been answered, or has failed. */
  readonly onAnswered: () => void;
  /** Everything of this block has been answered, or has failed. */
  readonly onBlock: (block: number) => void;
};

export type Execution = {
  /** Under internal names. Filled as answers come. */
  readonly data: object;
  readonly problems: Problems;
  readonly gate: Gate;
  readonly decisions: Decisions;
  /** How long at least one request was under way, in milliseconds. */
  waitedMs(): number;
  /** What the data was put together from, where all of it was at hand, nothing is wrong and nobody was held back; else null. */
  held(): readonly (() => HeldAnswer)[] | null;
  sharing(): Sharing;
};

/**
 * Never throws for what a subgraph does; `onFault` gets what is a fault of ours. What is at hand is taken before this
 * returns.
 */
export function execute(settings: ExecuteSettings, onFault: (error: unknown) => void): Execution {
  const { plan, onBlock } = settings;
  const run = openRun(settings);
  const waitsFor = plan.requests.map((each) => each.waitsFor);
  const left = new Map<number, number>([[0, 0]]);
  for (const { block, needs } of plan.deferred) left.set(block, needs.length);
  for (const { block } of plan.requests) left.set(block, (left.get(block) ?? 0) + 1);

  const completeOne = (block: number): void => {
    const rest = (left.get(block) ?? 0) - 1;
    left.set(block, rest);
    if (rest === 0) onBlock(block);
  };
  const ready: Request[] = [];
  let isStarting = false;
  const done = ({ index, before, block }: Request): void => {
    // Before anything else is asked.
    run.gate.answered(index);
    for (const next of before) {
      waitsFor[next] = (waitsFor[next] ?? 0) - 1;
      if (waitsFor[next] === 0) start(plan.requests[next] as Request);
    }
    for (const each of plan.deferred) if (each.needs.includes(index)) completeOne(each.block);
    completeOne(block);
  };
  /** One after the other, however many of them are answered at once. */
  const start = (request: Request): void => {
    ready.push(request);
    if (isStarting) return;
    isStarting = true;
    try {
      for (let next = ready.shift(); next !== undefined; next = ready.shift()) startOne(next);
    } finally {
      isStarting = false;
    }
  };
  const startOne = (request: Request): void => {
    const sent = run.send(request);
    if (sent === null) done(request);
    else sent.then(() => done(request)).catch(onFault);
  };
  try {
    for (const [block, requests] of left) if (requests === 0) onBlock(block);
    for (const request of plan.requests) if (request.waitsFor === 0) start(request);
  } catch (error) {
    onFault(error);
  }
  return run;
}

type Run = Execution & {
  /** Null: there is nothing to wait for. */
  send(request: Request): Promise<void> | null;
};

function openRun(settings: ExecuteSettings): Run {
  const { plan, facts, call, variables, signal, deadline, origin, isPartial, onAnswered } = settings;
  const data: object = {};
  const problems = openProblems();
  const clock = waitingClock();
  const membersOf = variableWriter(variables);
  const wanted = settings.freshness === undefined ? null : { freshness: settings.freshness };
  let sharing: Sharing = "none";
  const onShared = () => {
    sharing = "objects";
  };
  const onUnified = () => {
    if (sharing === "none") sharing = "references";
  };
  const decisions = openDecisions();
  const gate = openGate({
    plan,
    facts,
    rights: settings.rights,
    problems,
    decisions,
    data,
    variables,
    sharing: () => sharing,
  });
  const settling = { problems, facts, isDecoy: gate.isDecoy, onUnified };
  let held: (() => HeldAnswer)[] | null = [];

  const ask = async (asked: ExecutedRequest): Promise<AnswerBody> => {
    clock.began();
    try {
      const answer = await call(asked);
      return readAnswer(answer.body, answer.isShared);
    } catch (error) {
      if (!(error instanceof SubgraphFailure)) throw error;
      return { data: null, errors: undefined, failed: error.code, isShared: false };
    } finally {
      onAnswered();
      clock.ended();
    }
  };

  /** Null: it was at hand, and is settled. */
  const exchange = (
    { subgraph, kind }: Request,
    body: string,
    reads: { readonly reads: Reads } | null,
    settle: (answer: AnswerBody) => void,
  ): Promise<void> | null => {
    const asked: ExecutedRequest = {
      subgraph,
      kind,
      body,
      mayJoin: !plan.isMutation,
      signal,
      deadline,
      origin,
      ...reads,
      ...wanted,
    };
    const kept = reads === null ? null : (call.atHand?.(asked) ?? null);
    if (kept?.hold === undefined) held = null;
    else held?.push(kept.hold);
    if (kept === null) return ask(asked).then(settle);
    onAnswered();
    settle(readAnswer(kept.body, kept.isShared));
    return null;
  };

  const sendRoot = (request: Request, root: RootPart): Promise<void> | null => {
    const members = membersOf(request.variables);
    const body = bodyWith(request, members);
    const { kept } = root;
    const isKept = kept !== null && request.isKept && !plan.isMutation;
    return exchange(request, body, isKept ? { reads: rootReads(kept, membersOf, body) } : null, (answer) =>
      settleRoot(settling, request, root, root.place.gather(data, sharing), answer),
    );
  };

  const asked = (request: Request, part: EntityPart, placed: readonly PlacedTargets[]): Asked =>
    askedOf(
      { plan, facts, problems, takesGaps: isPartial(request.subgraph), isApart: request.isApart, onShared },
      part,
      placed,
    );

  /** `members`: of the variables, beside the operation's own. */
  const sendAsked = (request: Request, parts: readonly Asked[], members: string): Promise<void> | null => {
    if (parts.every(({ texts }) => texts.length === 0)) return null;
    let text = "";
    for (const { part, texts } of parts) text += `,"${part.representations}":[${texts.join(",")}]`;
    const others = members + membersOf(request.variables);
    const isKept = request.isKept && !plan.isMutation;
    const reads = isKept ? { reads: entityReads(request, parts, others, { membersOf, gate }) } : null;
    return exchange(request, bodyWith(request, text + others), reads, (answer) =>
      settleEntities(settling, request, parts, answer),
    );
  };

  const sendEntities = (request: Request): Promise<void> | null =>
    sendAsked(
      request,
      request.entities.map((part) => {
        // What is put below a reference stands wherever the reference does.
        if (sharing === "references" && part.bringsObjects) onShared();
        const placed = part.places.map(({ keys, gather, subject }) => {
          const targets = gather(data, sharing);
          return { keys, targets: subject === null ? targets : gate.unknownSubjects(targets, subject) };
        });
        return asked(request, part, placed);
      }),
      "",
    );

  /** Each value of the context is a question of its own. */
  const sendInContext = (request: Request): Promise<void> | null => {
    const [part] = request.entities as readonly [EntityPart];
    const byContext = new Map<string, PlacedTargets[]>();
    for (const { place, keys } of part.places)
      for (const line of gatherWithAncestors(data, place)) {
        const target = line.at(-1) as object;
        const value = contextVariables(line, request.context, problems, facts.fits);
        if ("problem" in value) withhold(target, part.selection, value.problem, { problems, keep: part.required });
        else byContext.set(value.variables, [...(byContext.get(value.variables) ?? []), { targets: [target], keys }]);
      }
    const sent = [...byContext].flatMap(
      ([members, targets]) => sendAsked(request, [asked(request, part, targets)], members) ?? [],
    );
    return sent.length === 0 ? null : Promise.all(sent).then(() => {});
  };

  return {
    data,
    problems,
    gate,
    decisions,
    waitedMs: clock.waitedMs,
    held: () => (problems.isEmpty && gate.isOpen() ? held : null),
    sharing: () => sharing,
    send(request) {
      const holds = request.conditions.every(({ variable, value }) => (variables[variable] === true) === value);
      if (!holds) return null;
      if (request.root) return sendRoot(request, request.root);
      return request.context.length > 0 ? sendInContext(request) : sendEntities(request);
    },
  };
}

/** Members of `variables` as JSON, each with a comma before it; each variable is written once, however often it is sent. */
function variableWriter(variables: Readonly<Record<string, unknown>>): WriteMembers {
  const written = new Map<string, string>();
  return (names) => {
    let text = "";
    for (const name of names) {
      if (variables[name] === undefined) continue;
      let member = written.get(name);
      if (member === undefined) {
        member = `,${JSON.stringify(name)}:${JSON.stringify(variables[name])}`;
        written.set(name, member);
      }
      text += member;
    }
    return text;
  };
}
