/** What goes wrong, at random: each begins at once and ends at once, and everything else goes on meanwhile. */
import type { Places } from "./graph.ts";

export type Trouble = {
  readonly name: string;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
  /** Nothing can be done at the agency meanwhile. */
  readonly stops?: "CASE" | "EID";
};

export function troublesOf(places: Places): readonly Trouble[] {
  const { mocks, redis, gateways, ways, watchersWays, subgraphsWays, loseOneIn } = places;
  const each = [0, 1] as const;
  const faultOf = (system: "case" | "eid", kind: "down" | "stale" | "refuse"): Trouble => ({
    name: `${system} ${kind}`,
    begin: () => mocks.setFault(system, { kind }),
    end: () => mocks.setFault(system, { kind: "none" }),
    ...(kind === "stale" ? { stops: system === "case" ? "CASE" : "EID" } : {}),
  });
  return [
    { name: "Redis killed", begin: redis.kill, end: () => redis.restart() },
    { name: "Redis stopped", begin: () => redis.signal("SIGSTOP"), end: () => redis.signal("SIGCONT") },
    ...each.map((at) => ({
      name: `gateway ${at} cut off from Redis in silence`,
      begin: () => ways[at].cut(),
      end: () => ways[at].heal(),
    })),
    ...each.map((at) => ({
      name: `gateway ${at} told with a delay`,
      begin: () => ways[at].hold(),
      end: () => ways[at].release(),
    })),
    ...each.map((at) => ({
      name: `gateway ${at} stopped`,
      begin: () => gateways[at].signal("SIGSTOP"),
      end: () => gateways[at].signal("SIGCONT"),
    })),
    ...(["eoir", "ice"] as const).map((name) => ({
      name: `the watcher of ${name} cut off from Redis in silence`,
      begin: () => watchersWays[name].cut(),
      end: () => watchersWays[name].heal(),
    })),
    ...(["eoir", "ice"] as const).map((name) => ({
      name: `answers of ${name} late`,
      begin: () => subgraphsWays[name].delay(600),
      end: () => subgraphsWays[name].delay(0),
    })),
    { name: "one of three announcements lost", begin: () => loseOneIn(3), end: () => loseOneIn(0) },
    {
      name: "Redis emptied",
      begin: async () => void (await redis.admin.flushall().catch(() => undefined)),
      end: () => undefined,
    },
    ...([-3_600_000, 3_600_000] as const).map((aheadMs) => ({
      name: `the clock on the wall an hour ${aheadMs < 0 ? "back" : "ahead"}`,
      begin: () => gateways[0].setWallClock(aheadMs),
      end: () => gateways[0].setWallClock(0),
    })),
    faultOf("case", "down"),
    faultOf("case", "stale"),
    faultOf("case", "refuse"),
    faultOf("eid", "down"),
    faultOf("eid", "stale"),
  ];
}
