/**
 * The gateway in front of Global and ELIS, after USCIS's published Torch style: OAuth2 client credentials, a rate
 * limit, one error shape. Tokens and rates run on real time, not on the world's clock.
 */
import { randomBytes, randomUUID } from "node:crypto";
import { type HttpAnswer, type HttpRequest, json } from "../http.ts";

export type TorchSettings = {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Requests with a token that are answered in any one second; null: as many as come. */
  readonly rateLimitPerSecond: number | null;
  readonly tokenLifetimeSeconds: number;
  /** Real time in milliseconds. */
  readonly nowMs: () => number;
};

export const developmentSettings: TorchSettings = {
  clientId: "crosswalk-development",
  clientSecret: "development-only",
  rateLimitPerSecond: null,
  tokenLifetimeSeconds: 1800,
  nowMs: Date.now,
};

export type TorchProblem = {
  readonly code: string;
  readonly message: string;
  /** JSON Pointer into the request's body. */
  readonly pointer?: string;
};

/** Thrown by a route: becomes an answer in Torch's error shape. */
export class TorchRefusal extends Error {
  readonly status: number;
  readonly problems: readonly TorchProblem[];
  readonly headers: Readonly<Record<string, string>>;
  constructor(status: number, problems: readonly TorchProblem[], headers: Readonly<Record<string, string>> = {}) {
    super(problems[0]?.message);
    this.status = status;
    this.problems = problems;
    this.headers = headers;
  }
}

export type Route = {
  readonly method: "GET" | "POST";
  /** Matched against the whole path. */
  readonly path: RegExp;
  /** Left out: it counts towards the rate limit. */
  readonly isCounted?: false;
  readonly answer: (request: HttpRequest, match: RegExpExecArray) => unknown;
};

/** Answers requests: the token endpoint, then token, rate and route checks in this order, then the route. */
export function torch(settings: TorchSettings, routes: readonly Route[]): (request: HttpRequest) => HttpAnswer {
  const tokens = tokenStore(settings);
  const withinRate = rateLimit(settings);
  return (request) => {
    try {
      if (request.path === "/oauth/accesstoken") return tokens.grant(request);
      tokens.check(request);
      const matching = routes.filter(({ path }) => path.test(request.path));
      if (matching.every(({ isCounted = true }) => isCounted)) withinRate();
      if (matching.length === 0) throw refusal(404, "NOT_FOUND", "There is no such resource");
      const route = matching.find(({ method }) => method === request.method);
      if (route === undefined) throw refusal(405, "METHOD_NOT_ALLOWED", "This resource does not take this method");
      return json(200, route.answer(request, route.path.exec(request.path) as RegExpExecArray));
    } catch (error) {
      if (!(error instanceof TorchRefusal)) throw error;
      const traceId = randomUUID();
      return json(error.status, { errors: error.problems.map((each) => ({ ...each, traceId })) }, error.headers);
    }
  };
}

/** One problem, as most refusals have. */
export function refusal(status: number, code: string, message: string): TorchRefusal {
  return new TorchRefusal(status, [{ code, message }]);
}

/** The asked A-numbers as nine digits; 422 names every malformed one by its place. */
export function readAlienNumbers({ body }: HttpRequest, accepted: RegExp, form: string): ReadonlySet<string> {
  let asked: unknown;
  try {
    asked = (JSON.parse(body.toString("utf8")) as { alienNumbers?: unknown } | null)?.alienNumbers;
  } catch {
    throw refusal(400, "BAD_REQUEST", "The body must be JSON");
  }
  if (!Array.isArray(asked) || asked.length === 0 || asked.length > 100) {
    const message = "alienNumbers must be a list of 1 to 100 A-numbers";
    throw new TorchRefusal(422, [{ code: "INVALID_FORMAT", message, pointer: "#/alienNumbers" }]);
  }
  const problems = asked.flatMap((each: unknown, place) =>
    typeof each === "string" && accepted.test(each)
      ? []
      : [{ code: "INVALID_FORMAT", message: `An A-number must be ${form}`, pointer: `#/alienNumbers/${place}` }],
  );
  if (problems.length > 0) throw new TorchRefusal(422, problems);
  return new Set((asked as string[]).map((each) => each.replace(/\D/g, "")));
}

/** From 0 to `n - 1`, always the same for one record and field: how a value is spoilt belongs to the record (FNV-1a). */
export function drift(recordId: string, field: string, n: number): number {
  let hash = 0x811c9dc5;
  for (const char of `${field}:${recordId}`) hash = Math.imul(hash ^ (char.codePointAt(0) as number), 0x01000193) >>> 0;
  return (hash >>> 8) % n;
}

/** How both systems print a value they do not hold. */
export function nullLike(recordId: string, field: string): null | "" | "N/A" {
  return ([null, "", "N/A"] as const)[drift(recordId, field, 3)] as null | "" | "N/A";
}

/** How both systems print a value they hold and withhold. */
export function redactionMark(recordId: string, field: string): string {
  return ["(b)(6)", "b(6), b(7)C", "REDACTED"][drift(recordId, field, 3)] as string;
}

type TokenStore = { grant(request: HttpRequest): HttpAnswer; check(request: HttpRequest): void };

function tokenStore({ clientId, clientSecret, tokenLifetimeSeconds, nowMs }: TorchSettings): TokenStore {
  const expiryMs = new Map<string, number>();
  return {
    grant({ method, headers, body }) {
      if (method !== "POST") throw refusal(405, "METHOD_NOT_ALLOWED", "A token is asked for with POST");
      if (!headers["content-type"]?.startsWith("application/x-www-form-urlencoded"))
        throw refusal(415, "UNSUPPORTED_MEDIA_TYPE", "The body must be application/x-www-form-urlencoded");
      const form = new URLSearchParams(body.toString("utf8"));
      if (form.get("grant_type") !== "client_credentials")
        throw refusal(400, "INVALID_REQUEST", "grant_type must be client_credentials");
      if (form.get("client_id") !== clientId || form.get("client_secret") !== clientSecret)
        throw refusal(401, "INVALID_CLIENT", "The client id or secret is not valid");
      const issuedMs = nowMs();
      for (const [token, untilMs] of expiryMs) if (untilMs <= issuedMs) expiryMs.delete(token);
      const token = randomBytes(14).toString("hex");
      expiryMs.set(token, issuedMs + tokenLifetimeSeconds * 1000);
      return json(200, {
        access_token: token,
        token_type: "BearerToken",
        // A string, one second short, as Torch sends it.
        expires_in: String(tokenLifetimeSeconds - 1),
        issued_at: String(issuedMs),
        client_id: clientId,
        status: "approved",
      });
    },
    check({ headers }) {
      const token = /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1];
      const untilMs = token === undefined ? undefined : expiryMs.get(token);
      if (untilMs === undefined || untilMs <= nowMs())
        throw new TorchRefusal(401, [{ code: "UNAUTHORIZED", message: "The access token is missing or has expired" }], {
          "www-authenticate": "Bearer",
        });
    },
  };
}

function rateLimit({ rateLimitPerSecond, nowMs }: TorchSettings): () => void {
  let answeredAtMs: number[] = [];
  return () => {
    if (rateLimitPerSecond === null) return;
    const now = nowMs();
    answeredAtMs = answeredAtMs.filter((at) => at > now - 1000);
    const oldest = answeredAtMs[0];
    if (oldest !== undefined && answeredAtMs.length >= rateLimitPerSecond) {
      const retryAfter = String(Math.max(1, Math.ceil((oldest + 1000 - now) / 1000)));
      const problem = { code: "RATE_LIMIT_EXCEEDED", message: "Too many requests in this second" };
      throw new TorchRefusal(429, [problem], { "retry-after": retryAfter });
    }
    answeredAtMs.push(now);
  };
}
