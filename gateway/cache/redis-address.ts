/** Where Redis is, from settings. INVARIANT: no message contains a name or password. */

export type Server = { readonly host: string; readonly port: number };
export type Access = { readonly username: string | null; readonly password: string | null; readonly isTls: boolean };

export type RedisAddress =
  | { readonly kind: "single"; readonly server: Server; readonly access: Access; readonly database: number }
  | {
      readonly kind: "sentinels";
      readonly sentinels: readonly Server[];
      readonly sentinelAccess: Access;
      /** What the Sentinels call the servers that they watch. */
      readonly masterName: string;
      /** To the servers that they name. */
      readonly access: Access;
      readonly database: number;
    };

export type RedisSettings = {
  /** REDIS_URL: `redis://` or `rediss://`; beside Sentinels only its access and database count. Or empty. */
  readonly url: string;
  /** REDIS_SENTINELS: `host:port`, or a URL where they want access of their own; several behind commas. Or empty. */
  readonly sentinels: string;
  /** REDIS_MASTER_NAME, or empty. */
  readonly masterName: string;
};

/** Null: there is to be no Redis. Throws every refusal in one message. */
export function readRedisAddress({ url, sentinels, masterName }: RedisSettings): RedisAddress | null {
  const refusals: string[] = [];
  const refuse = (line: string) => void refusals.push(line);
  const place = url === "" ? null : readPlace(url, 6379);
  if (typeof place === "string") refuse(`REDIS_URL ${place}`);
  const list = sentinels.split(",").flatMap((each) => (each.trim() === "" ? [] : [each.trim()]));
  const places = list.map((each) => readPlace(each.includes("://") ? each : `redis://${each}`, 26_379));
  for (const each of places) if (typeof each === "string") refuse(`REDIS_SENTINELS ${each}`);
  if (places.length > 0 && masterName === "") refuse("REDIS_SENTINELS wants REDIS_MASTER_NAME beside it");
  if (places.length === 0 && masterName !== "") refuse("REDIS_MASTER_NAME wants REDIS_SENTINELS beside it");
  const known = places.filter((each) => typeof each !== "string");
  if (new Set(known.map(({ access }) => JSON.stringify(access))).size > 1)
    refuse("REDIS_SENTINELS must all take the same access");
  if (refusals.length > 0) throw new Error(refusals.join("\n"));

  const at = place as Place | null;
  const [first] = known;
  if (first === undefined) return at && { kind: "single", server: at.server, access: at.access, database: at.database };
  return {
    kind: "sentinels",
    sentinels: known.map(({ server }) => server),
    sentinelAccess: first.access,
    masterName,
    access: at?.access ?? { username: null, password: null, isTls: false },
    database: at?.database ?? 0,
  };
}

type Place = { readonly server: Server; readonly access: Access; readonly database: number };

/** What is wrong with it, as the end of a sentence. */
function readPlace(text: string, usualPort: number): Place | string {
  const form = "must be of the form redis://host:port, or rediss:// for TLS";
  if (!URL.canParse(text)) return form;
  const { protocol, hostname, port, username, password, pathname, search, hash } = new URL(text);
  if ((protocol !== "redis:" && protocol !== "rediss:") || hostname === "") return form;
  if (search !== "" || hash !== "") return "takes nothing behind a `?` or `#`";
  const database = /^\/?(\d{0,4})$/.exec(pathname)?.[1];
  if (database === undefined) return "may end in the number of a database, and in nothing else";
  try {
    const access = {
      username: username === "" ? null : decodeURIComponent(username),
      password: password === "" ? null : decodeURIComponent(password),
      isTls: protocol === "rediss:",
    };
    const host = hostname.replace(/^\[|\]$/g, "");
    return { server: { host, port: Number(port || usualPort) }, access, database: Number(database) };
  } catch {
    return "has a `%` that stands for nothing in its name or password";
  }
}
