/** One request for operations: what is read, who answers, and how the answer leaves. */
import { randomUUID } from "node:crypto";
import { overloaded } from "../admission.ts";
import { type Answer, largeBytes, sizeOf } from "../answer.ts";
import { type Refusal, refuse } from "../errors.ts";
import type { AboutOperation, Handle, OperationInput } from "../handle.ts";
import type { Telemetry } from "../telemetry.ts";
import { type EventStreams, sendAsEvents } from "./event-stream.ts";
import type { Exchange } from "./listener.ts";
import { type Accepted, graphqlResponse, negotiate, plainJson } from "./media-type.ts";
import { type DeferredAnswer, endDeferred, sendDeferred } from "./multipart.ts";
import {
  type Batch,
  type Parameters,
  type RequestLimits,
  readBody,
  readJson,
  readSearch,
  refuseHead,
} from "./request.ts";
import { type Sent, sendAnswer, sendBatch, sendLarge } from "./response.ts";

export type ResponderSettings = RequestLimits & {
  readonly maxRequests: number;
  readonly handle: Handle;
  readonly telemetry: Telemetry;
  readonly eventStreams: EventStreams;
};

/** `search` is what stands in the address after `?`; null when nothing does. */
export type RespondToOperation = (exchange: Exchange, search: URLSearchParams | null) => Promise<void>;

type Known = { readonly exchange: Exchange; readonly accepted: Accepted; readonly requestId: string };

export function operationResponder({
  handle,
  telemetry,
  maxRequests,
  eventStreams,
  ...limits
}: ResponderSettings): RespondToOperation {
  // Twice what is let in: for those whose priority has yet to be found out.
  const maxHandled = 2 * maxRequests;
  let handled = 0;

  /** What cannot be counted has been answered all the same. */
  const safely = (tell: () => void): void => {
    try {
      tell();
    } catch {
      // Nobody is left to be told.
    }
  };
  const noted = ({ requestId, exchange }: Known, sent: Sent, about: AboutOperation): void => {
    const durationMs = performance.now() - exchange.receivedAt;
    if (exchange.signal.aborted) safely(telemetry.clientGone);
    else safely(() => telemetry.requestAnswered({ requestId, ...sent, durationMs, ...about }));
  };
  const faulted = (error: unknown): void => safely(() => telemetry.faultCaught(error));
  const shed = (known: Known): Promise<void> => {
    safely(() => telemetry.requestShed("unknown"));
    return reply(known, overloaded(), {});
  };
  const answerTo = async (input: OperationInput, about: AboutOperation): Promise<Answer | Refusal> => {
    try {
      return await handle(input, about);
    } catch (error) {
      if (!input.signal.aborted) faulted(error);
      return refuse("INTERNAL_SERVER_ERROR");
    }
  };
  const reply = async (known: Known, answer: Answer | Refusal, about: AboutOperation): Promise<void> => {
    const { response, signal } = known.exchange;
    const headers = { "crosswalk-request-id": known.requestId };
    const { acceptsEvents } = known.accepted;
    const type = known.accepted.type ?? (acceptsEvents ? graphqlResponse : plainJson);
    // Nobody is there to be answered.
    if (signal.aborted || response.destroyed) {
      safely(telemetry.clientGone);
      if (isDeferred(answer)) endDeferred(answer.deferred[Symbol.asyncIterator](), false);
      if ("events" in answer) void answer.events?.return?.();
      return;
    }
    let sent: Sent;
    try {
      if ("events" in answer && answer.events) {
        // Answered by its beginning: whoever stays takes no place from those who ask.
        eventStreams.send(response, answer.events, { headers, signal }).catch(faulted);
        sent = { status: 200, codes: [] };
      } else if (known.accepted.type === null && !("refused" in answer)) sent = sendAsEvents(response, answer, headers);
      else if (isDeferred(answer)) sent = await sendDeferred(response, answer, { headers, signal, onFault: faulted });
      else if (!("refused" in answer) && sizeOf(answer) > largeBytes)
        sent = await sendLarge(response, answer, type, headers);
      else sent = sendAnswer(response, answer, type, headers);
    } catch (error) {
      faulted(error);
      // Half an answer is not to be taken for a whole one.
      if (response.headersSent) response.destroy();
      sent = sendAnswer(response, refuse("INTERNAL_SERVER_ERROR"), type, headers);
    }
    noted(known, sent, about);
  };

  const respondToBatch = async ({ batch }: Batch, known: Known): Promise<void> => {
    const answers: (Answer | Refusal)[] = [];
    const abouts: AboutOperation[] = [];
    // One after the other: a batch never has more under way than one operation by itself.
    for (const parameters of batch) {
      const about: AboutOperation = {};
      abouts.push(about);
      answers.push("refused" in parameters ? parameters : await answerTo(inputOf(parameters, known, false), about));
      if (known.exchange.signal.aborted) return;
    }
    const type = known.accepted.type ?? plainJson;
    const headers = { "crosswalk-request-id": known.requestId };
    const sent = sendBatch(known.exchange.response, answers, type, headers);
    for (const [index, each] of sent.entries()) noted(known, each, abouts[index] ?? {});
  };

  return async (exchange, search) => {
    const known: Known = {
      exchange,
      accepted: negotiate(exchange.request.headers.accept),
      requestId: randomUUID(),
    };
    if (handled >= maxHandled) return shed(known);
    const isAcceptable = known.accepted.type !== null || known.accepted.acceptsEvents;
    const refused = !isAcceptable ? refuse("NOT_ACCEPTABLE") : refuseHead(exchange.request);
    if (refused) return reply(known, refused, {});
    let asked: Parameters | Batch | Refusal;
    if (exchange.request.method === "GET") asked = readSearch(search ?? new URLSearchParams());
    else {
      const bytes = await readBody(exchange.request, limits.maxBodyBytes);
      asked = bytes === null ? refuse("PAYLOAD_TOO_LARGE") : readJson(bytes, limits);
    }
    if ("refused" in asked) return reply(known, asked, {});
    // Counted only now: one who sends a body slowly takes no place from anybody.
    if (handled >= maxHandled) return shed(known);
    handled += 1;
    try {
      if ("batch" in asked) return await respondToBatch(asked, known);
      const about: AboutOperation = {};
      const input = inputOf(asked, known, known.accepted.acceptsDefer);
      const answer = await answerTo({ ...input, ...eventsOf(asked, known) }, about);
      await reply(known, answer, about);
    } finally {
      handled -= 1;
    }
  };
}

function inputOf(parameters: Parameters, { exchange, requestId }: Known, acceptsDefer: boolean): OperationInput {
  const { request, signal, receivedAt } = exchange;
  const { authorization, "crosswalk-purpose": purpose } = request.headers;
  const { "crosswalk-case": caseReference, "crosswalk-reason": reason } = request.headers;
  return {
    query: parameters.query,
    documentId: parameters.documentId,
    operationName: parameters.operationName,
    variables: parameters.variables,
    method: request.method === "GET" ? "GET" : "POST",
    requestId,
    authorization,
    // One that stands twice comes as a list in one text, which no rule accepts.
    purpose: purpose as string | undefined,
    caseReference: caseReference as string | undefined,
    reason: reason as string | undefined,
    freshness: {
      maxAge: request.headers["crosswalk-max-age"] as string | undefined,
      atLeast: request.headers["crosswalk-at-least"] as string | undefined,
    },
    acceptsDefer,
    receivedAt,
    signal,
  };
}

/** Alone on its connection: what is asked together is answered together. */
function eventsOf({ resume }: Parameters, { exchange, accepted }: Known): Partial<OperationInput> {
  const last = exchange.request.headers["last-event-id"];
  // As the HTML standard has it: an empty one is none.
  const given = typeof last === "string" && last !== "" ? last : null;
  return { acceptsEvents: accepted.acceptsEvents, resume: given ?? resume ?? null };
}

function isDeferred(answer: Answer | Refusal): answer is DeferredAnswer {
  return "deferred" in answer && answer.deferred !== undefined;
}
