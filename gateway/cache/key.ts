/** What an entry is kept under: all that its answer depends on, put into one text. */
import type { Question } from "../subgraph/call.ts";

/**
 * The whole of it, for tiers beyond this process. `representation`: null for a root.
 * INVARIANT: injective. What has a length in front of it ends where that says, and the rest is one value.
 */
export function keyText(subgraph: string, text: string, variables: string, representation: string | null): string {
  return `${subgraph.length}:${subgraph}${text.length}:${text}${askedText(variables, representation)}`;
}

function askedText(variables: string, representation: string | null): string {
  return `${variables.length}:${variables}${representation === null ? "r" : `e${representation}`}`;
}

export type Keys = {
  /** To be followed by what is asked in it. The same for equal questions of one subgraph, and for no others. */
  prefixOf(subgraph: string, question: Question): string;
};

/**
 * In this process a question's text is stood for by a number, since a look-up costs as much as its key is long. A number is
 * never given twice; when a text is forgotten, so is whatever was kept under its number.
 */
export function openKeys(maxTexts = 10_000): Keys {
  const prefixes = new WeakMap<Question, { readonly subgraph: string; readonly prefix: string }>();
  const numbers = new Map<string, number>();
  let last = 0;
  const numberOf = (text: string): number => {
    const number = numbers.get(text) ?? ++last;
    numbers.delete(text);
    numbers.set(text, number);
    if (numbers.size > maxTexts) numbers.delete(numbers.keys().next().value as string);
    return number;
  };
  return {
    prefixOf(subgraph, question) {
      const known = prefixes.get(question);
      if (known !== undefined && known.subgraph === subgraph) return known.prefix;
      const prefix = `${numberOf(`${subgraph.length}:${subgraph}${question.text}`)} `;
      prefixes.set(question, { subgraph, prefix });
      return prefix;
    },
  };
}

/** The key in this process. */
export function shortKey(prefix: string, variables: string, representation: string | null): string {
  return prefix + askedText(variables, representation);
}
