/** A subgraph over the sources, as a gateway reaches it: it looks at a source at one instant, and answers at another. */
import type { Question, ReadPart, Reads, SubgraphAnswer, SubgraphCall } from "../../gateway/subgraph/call.ts";
import { SubgraphFailure } from "../../gateway/subgraph/call.ts";
import type { Chance } from "./chance.ts";
import type { Gateway } from "./gateway.ts";
import type { Answered, Source } from "./source.ts";
import type { Timeline } from "./timeline.ts";

/** What one part asks: whoever has these numbers, of these sources. */
export type AskedPart = {
  readonly alias: string | null;
  readonly sources: readonly string[];
  readonly aNumbers: readonly string[];
};

const questions = new Map<string, Question>();

function questionOf(sources: readonly string[], isRoot: boolean): Question {
  const text = `${isRoot ? "query person" : "Person"} ${sources.join("+")}`;
  const known = questions.get(text);
  if (known !== undefined) return known;
  const question: Question = {
    text,
    lifetime: { seconds: 60, feeds: sources },
    tagsOf(asked, answered) {
      const { aNumber } = asked as { readonly aNumber?: string };
      const given = Object.values((answered ?? {}) as Record<string, Answered>);
      const numbers = new Set([aNumber, ...given.flatMap((each) => each?.numbers ?? [])]);
      return [...numbers].filter((each) => each !== undefined).map((each) => `ANumber ${each}`);
    },
  };
  questions.set(text, question);
  return question;
}

export function readsOf(parts: readonly AskedPart[]): Reads {
  const written = parts.map(({ alias, sources, aNumbers }): ReadPart => {
    const asked = aNumbers.map((aNumber) => JSON.stringify({ aNumber }));
    return {
      alias,
      representations: alias === null ? null : asked,
      variables: alias === null ? (asked[0] as string) : "{}",
      question: questionOf(sources, alias === null),
    };
  });
  return {
    parts: written,
    bodyOf: (indexes) =>
      JSON.stringify(
        parts.map((part, at) => ({ ...part, aNumbers: indexes[at]?.map((index) => part.aNumbers[index]) })),
      ),
  };
}

export type SubgraphSettings = {
  readonly sources: readonly Source[];
  readonly timeline: Timeline;
  readonly chance: Chance;
  /** How often it fails, and in which way by chance. */
  readonly failing: number;
  readonly onCall: () => void;
};

export function openSubgraph({ sources, timeline, chance, failing, onCall }: SubgraphSettings) {
  const delay = () => (chance.is(0.1) ? chance.between(50, 2500) : chance.between(1, 40));
  const look = (name: string, aNumber: string) => sources.find((each) => each.name === name)?.answer(aNumber) ?? null;
  const answers = (parts: readonly AskedPart[]): readonly unknown[] =>
    parts.map(({ sources: wanted, aNumbers }) =>
      aNumbers.map((aNumber) => Object.fromEntries(wanted.map((name) => [name, look(name, aNumber)]))),
    );
  const bodyOf = (parts: readonly AskedPart[], lists: readonly unknown[]): unknown => {
    if (parts[0]?.alias === null) return { data: (lists[0] as readonly unknown[])[0] };
    const data = Object.fromEntries(parts.map(({ alias }, at) => [alias, lists[at]]));
    return { data };
  };
  return (deliver: Gateway["deliver"]): SubgraphCall =>
    (request) => {
      onCall();
      const { promise, resolve, reject } = Promise.withResolvers<SubgraphAnswer>();
      request.signal.addEventListener("abort", () => reject(request.signal.reason));
      const parts: readonly AskedPart[] = JSON.parse(request.body);
      timeline.in(delay(), () => {
        const lists = answers(parts);
        timeline.in(delay(), () =>
          deliver(() => {
            if (!chance.is(failing)) resolve({ body: bodyOf(parts, lists), isShared: false });
            else if (chance.is(0.5)) reject(new SubgraphFailure("SUBREQUEST_HTTP_ERROR"));
            else resolve({ body: { ...failedBody(parts), errors: [{ message: "failed" }] }, isShared: false });
          }),
        );
      });
      return promise;
    };
}

/** As where the data is there, but what was asked for could not be had. */
function failedBody(parts: readonly AskedPart[]): object {
  if (parts[0]?.alias === null) return { data: Object.fromEntries(parts[0].sources.map((name) => [name, null])) };
  const nobody = ({ sources, aNumbers }: AskedPart) =>
    aNumbers.map(() => Object.fromEntries(sources.map((name) => [name, null])));
  return { data: Object.fromEntries(parts.map((part) => [part.alias, nobody(part)])) };
}
