/** What of a request can be kept, and asked apart. */
import type { ReadPart, Reads } from "../subgraph/call.ts";
import type { Asked } from "./ask.ts";
import type { Request } from "./compile.ts";
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
        representations: toldApart(each, gate),
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
 * INVARIANT: nobody is kept as somebody is: once for whoever was asked for. All who are absent have one representation;
 * were they kept under it, whoever is asked for the first time and takes no fetch at the gate would be one of them.
 */
function toldApart({ texts, targets }: Asked, { askedFor }: Gate): readonly string[] {
  let apart: string[] | null = null;
  for (let index = 0; index < texts.length; index++) {
    const nobody = askedFor(targets[index]?.[0] as object);
    if (nobody === null) continue;
    apart ??= [...texts];
    apart[index] = `${(texts[index] as string).slice(0, -1)},"__askedFor":${JSON.stringify(nobody)}}`;
  }
  return apart ?? texts;
}
