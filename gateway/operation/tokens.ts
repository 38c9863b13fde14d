/** Limits on a document's text, read token by token: nothing recursive has touched it yet. */
import { GraphQLError, Lexer, Source, TokenKind } from "graphql";
import { type ClientError, clientError } from "../errors.ts";

export type TokenLimits = {
  readonly maxChars: number;
  readonly maxTokens: number;
  /** Braces, brackets and parentheses open at once: graphql-js parses by recursion. */
  readonly maxNesting: number;
};

/** Refuses text that is too long or nested too deep to be parsed. Stops at the token that is too much. */
export function refuseTokens(text: string, { maxChars, maxTokens, maxNesting }: TokenLimits): ClientError | null {
  if (text.length > maxChars)
    return clientError("MAX_TOKENS_LIMIT", `the document has more than ${maxChars} characters`);
  try {
    const lexer = new Lexer(new Source(text));
    let nesting = 0;
    for (let tokens = 0; ; tokens++) {
      const { kind } = lexer.advance();
      if (kind === TokenKind.EOF) return null;
      if (tokens >= maxTokens) return clientError("MAX_TOKENS_LIMIT", `the document has more than ${maxTokens} tokens`);
      if (kind === TokenKind.BRACE_L || kind === TokenKind.BRACKET_L || kind === TokenKind.PAREN_L) nesting++;
      else if (kind === TokenKind.BRACE_R || kind === TokenKind.BRACKET_R || kind === TokenKind.PAREN_R) nesting--;
      if (nesting > maxNesting)
        return clientError("MAX_DEPTH_LIMIT", `the document nests more than ${maxNesting} braces and brackets`);
    }
  } catch (error) {
    if (error instanceof GraphQLError) return parseFailed(error);
    throw error;
  }
}

/** Where it went wrong, and nothing of what stands there. */
export function parseFailed({ locations }: GraphQLError): ClientError {
  return clientError("GRAPHQL_PARSE_FAILED", undefined, locations);
}
