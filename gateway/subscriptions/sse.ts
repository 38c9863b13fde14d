/**
 * Events as text: the GraphQL over SSE protocol in its distinct connections mode, as the package graphql-sse has it
 * (`next`, `complete`), with event ids that browsers and curl know (`id:`).
 */
import type { Answer, StreamItem } from "../answer.ts";
import { type ErrorCode, partError } from "../errors.ts";

/** One item as it is sent. */
export function eventText(item: StreamItem): string {
  if (item.kind === "end") return `${endText(item.code)}${completeText}`;
  // INVARIANT: JSON has no line breaks, so one event is one line of data.
  return `id: ${item.eventId}\nevent: next\ndata: ${item.told.text},"extensions":{"eventId":"${item.eventId}"}}\n\n`;
}

/** The answer to something that has but one. */
export function answerText(answer: Answer): string {
  return `event: next\ndata: ${JSON.stringify(answer)}\n\n${completeText}`;
}

/** Keeps the connection, and what stands on it from falling behind what is remembered. */
export const aliveText = (position: string): string => `: alive\nid: ${position}\n\n`;

export const completeText = "event: complete\ndata: \n\n";

/** Why a stream ends, as the last that is told. */
export function endErrors(code: ErrorCode) {
  return [partError({ code, path: [] })];
}

function endText(code: ErrorCode): string {
  return `event: next\ndata: ${JSON.stringify({ errors: endErrors(code), data: null })}\n\n`;
}
