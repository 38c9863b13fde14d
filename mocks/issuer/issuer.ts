/** The development OIDC issuer: where a gateway finds the key that personas' tokens are signed with. */
import { type HttpAnswer, type HttpListener, type HttpRequest, json, listenHttp } from "../http.ts";
import { issuerKey } from "./keys.ts";
import { issuerName } from "./mint.ts";

export type IssuerSettings = {
  readonly port?: number;
  readonly host?: string;
  /** The folder with the issuer's key. */
  readonly home?: string;
};

export const defaultIssuerPort = 4300;

/** Listens for `/.well-known/openid-configuration` and `/jwks.json`. */
export async function startIssuer({
  port = defaultIssuerPort,
  host,
  home,
}: IssuerSettings = {}): Promise<HttpListener> {
  const { publicJwk } = await issuerKey(home);
  const documents = new Map<string, (request: HttpRequest) => unknown>([
    ["/.well-known/openid-configuration", ({ headers }) => configuration(`http://${headers.host}`)],
    ["/jwks.json", () => ({ keys: [publicJwk] })],
  ]);
  const answer = (request: HttpRequest): HttpAnswer => {
    const document = documents.get(request.path);
    if (document === undefined) return json(404, { error: "not_found" });
    if (request.method !== "GET") return json(405, { error: "method_not_allowed" }, { allow: "GET" });
    return json(200, document(request));
  };
  return listenHttp(answer, host === undefined ? { port } : { port, host });
}

/** `origin` is where the caller reached this listener: the issuer's name is no address. */
function configuration(origin: string): unknown {
  return {
    issuer: issuerName,
    jwks_uri: `${origin}/jwks.json`,
    response_types_supported: ["none"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["ES256"],
  };
}
