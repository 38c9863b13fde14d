/** What of a request can be kept, and asked apart. */
import type { ReadPart, Reads } from "../subgraph/call.ts";
import type { Asked } from "./ask.ts";
import type { Request } from "./compiled-plan.ts";
import type { Gate } from "./gate.ts";
import type { KeptQuestion } from "./questions.ts";

/** JSON members for variables of these names, each with a comma before it. */
export type WriteMembers = (names: readonly string[]) => string;

/** `members`: each with a comma before it. */
export function bodyWith({ prefix }: Request, members: string): string {
  return `${prefix}${members.slice(1)}}}`;
}

export function rootReads({ question, variables }: KeptQuestion, membersOf: WriteMembers, body: string): Reads {
  const part: ReadPart = { alias: null, representations: null, variables: objectOf(membersOf(variables)), question };
  return { parts: [part], bodyOf: () => body };
}

/** `members`: of all variables but the representations. */
export function entityReads(
  request: Request,
  asked: readonly Asked[],
  members: string,
  { membersOf, gate }: { readonly membersOf: WriteMembers; readonly gate: Gate },
): Reads {
  return {
    parts: asked.map((each): ReadPart => {
      const { question, variables } = each.part.kept as KeptQuestion;
      return {
        alias: each.part.alias,
        representations: request.isApart ? toldApart(each, gate) : each.texts,
        variables: objectOf(membersOf(variables)),
        question,
      };
    }),
    bodyOf(indexes) {
      let text = "";
      for (const [at, { part, texts }] of asked.entries()) {
        const some = (indexes[at] ?? []).map((index) => texts[index]);
        text += `,"${part.representations}":[${some.join(",")}]`;
      }
      return bodyWith(request, text + members);
    },
  };
}

const objectOf = (members: string): string => (members === "" ? "{}" : `{${members.slice(1)}}`);

/**
 * INVARIANT: at the gate, everybody is kept under what they were asked for by, and not under who they are. All who are
 * absent are one to the subgraphs, and whoever is hidden is the same by every identifier: kept as that, either would be
 * known from the other by the fetches that it costs to ask.
 */
function toldApart({ texts, targets }: Asked, { askedBy }: Gate): readonly string[] {
  return texts.map((text, index) => {
    const by = askedBy(targets[index]?.[0] as object);
    return `${text.slice(0, -1)},"__askedBy":${JSON.stringify(by)}}`;
  });
}
