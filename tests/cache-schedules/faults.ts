/** Faults that the schedules have to show: each takes away one thing that keeps what is old from being served. */

export type Fault = {
  readonly fault: string;
  readonly edits: readonly Edit[];
};
/** `find` stands in the file exactly once. */
export type Edit = { readonly file: string; readonly find: string; readonly replace: string };

const cache = (file: string, find: string, replace: string): Edit => ({ file: `gateway/cache/${file}`, find, replace });

export const faults: readonly Fault[] = [
  {
    fault: "no fence: the position is taken after the read",
    edits: [
      cache(
        "upstream.ts",
        "positions: terms.positions };",
        "positions: terms.positions.map((each) => feeds.position(each.feed) ?? each) };",
      ),
    ],
  },
  {
    fault: "no lease",
    edits: [
      cache(
        "feeds.ts",
        "if (state === undefined || now() >= state.leaseUntil) return false;",
        "if (state === undefined) return false;",
      ),
      cache(
        "feeds.ts",
        "state !== undefined && now() < state.leaseUntil ? state.position",
        "state !== undefined ? state.position",
      ),
    ],
  },
  {
    fault: "a lease without the check of its source: it counts from when the heartbeat arrives",
    edits: [
      cache(
        "feeds.ts",
        "const checkedAt = ageMs === null ? null : now() - ageMs;",
        "const checkedAt = ageMs === null ? null : now();",
      ),
    ],
  },
  {
    fault: "a lease that any clock gives",
    edits: [
      cache(
        "feeds.ts",
        "const checkedAt = ageMs === null ? null : now() - ageMs;",
        "const checkedAt = message.heartbeat === null ? null : now() - (ageMs ?? 0);",
      ),
    ],
  },
  {
    fault: "timestamps instead of positions",
    edits: [
      cache(
        "feeds.ts",
        "now() < state.leaseUntil ? state.position : null;",
        "now() < state.leaseUntil ? ({ ...state.position, at: now() } as Position) : null;",
      ),
      cache(
        "feeds.ts",
        "position.seq < state.floor) return false;",
        "(position as never as { at: number }).at < state.floor) return false;",
      ),
      cache("feeds.ts", "if (position.seq >= state.position.seq) return true;", ""),
      cache(
        "feeds.ts",
        "?? 0) > position.seq) return false;",
        "?? -Infinity) > (position as never as { at: number }).at) return false;",
      ),
      cache(
        "feeds.ts",
        "const known = states.get(message.source);",
        "const known = states.get(message.source);\n      arrivedAt = now();",
      ),
      cache("feeds.ts", "const maxRetired = 1000;", "const maxRetired = 1000;\nlet arrivedAt = 0;"),
      cache("feeds.ts", "lastChanges.set(tag, seq);", "lastChanges.set(tag, arrivedAt);"),
      cache("feeds.ts", "state.floor = seq;", "state.floor = arrivedAt;"),
      cache("feeds.ts", "    floor: seq,", "    floor: arrivedAt,"),
    ],
  },
  {
    fault: "a read is joined across a change, by entity",
    edits: [
      cache("fills.ts", "return known?.generation === generation ? known.fill : undefined;", "return known?.fill;"),
    ],
  },
  {
    fault: "a read is joined across a change, by its whole body",
    edits: [
      {
        file: "gateway/subgraph/dedupe.ts",
        find: "return generation === undefined ? asked :",
        replace: "return generation !== null ? asked :",
      },
    ],
  },
  {
    fault: "a root look-up has no tags of its own",
    edits: [
      cache(
        "upstream.ts",
        "JSON.parse(representations === null ? variables :",
        'JSON.parse(representations === null ? "{}" :',
      ),
    ],
  },
  {
    fault: "the answer's tags are left out: a second A-number learned after the fill",
    edits: [cache("upstream.ts", "tags: tagsOf(read, slot, value)", "tags: tagsOf(read, slot, null)")],
  },
  {
    fault: "what the far tier has is taken without a look at the feeds",
    edits: [
      cache("upstream.ts", "|| !holds(feeds, each.entry))", ")"),
      cache(
        "upstream.ts",
        "found.set(slot, { value: each.entry.value, entry: each.entry });",
        "found.set(slot, { value: each.entry.value, entry: null });",
      ),
    ],
  },
  {
    fault: "a gap in the changes flushes nothing",
    edits: [cache("feeds.ts", "if (changes.length === 0 || seq > current + 1 ||", "if (changes.length === 0 ||")],
  },
  {
    fault: "a gap that a heartbeat shows flushes nothing",
    edits: [
      cache(
        "feeds.ts",
        "if (changes.length === 0 || seq > current + 1 ||",
        "if ((changes.length > 0 && seq > current + 1) ||",
      ),
    ],
  },
  {
    fault: "the epoch is ignored",
    edits: [cache("feeds.ts", "if (epoch !== state.epoch) return begin(state, message, checkedAt, chance);", "")],
  },
  {
    fault: "an epoch that is over comes back",
    edits: [
      cache(
        "feeds.ts",
        'if (checkedAt === null || !hasLookedLater(state, message, checkedAt)) return "retired";',
        'if (checkedAt === null) return "retired";',
      ),
      cache("feeds.ts", "if (isBack && now() < state.leaseUntil) return", "if (isBack && !now) return"),
      cache("feeds.ts", "isBack ? ownEpoch(epoch, { random }) : epoch", "epoch"),
      // Else its lease would still be over.
      cache("feeds.ts", "  state.epoch = epoch;\n", "  state.epoch = epoch;\n  state.checkedAt = -Infinity;\n"),
    ],
  },
  {
    fault: "another epoch flushes nothing",
    edits: [
      cache(
        "feeds.ts",
        '  flushTo(state, isBack ? ownEpoch(epoch, { random }) : epoch, seq);\n  return "flushed";',
        '  moveTo(state, state.position.epoch, seq);\n  return "flushed";',
      ),
    ],
  },
  {
    fault: "a source that went back flushes nothing",
    edits: [cache("feeds.ts", "if (heartbeat === null || !isLater ||", "if (heartbeat !== undefined || !isLater ||")],
  },
  {
    fault: "the floor is not raised when tags are forgotten",
    edits: [cache("feeds.ts", "state.floor = Math.max(state.floor, dropped);", "void dropped;")],
  },
  {
    fault: "an announcement that anything may have changed flushes nothing",
    edits: [cache("feeds.ts", ' || changes.some((change) => "all" in change)) {', ") {")],
  },
  {
    fault: "answers with errors are kept",
    edits: [cache("upstream.ts", "if (hasErrors(body) || isPassing(body)) return;", "")],
  },
  {
    fault: "the client's own bound is not looked at",
    edits: [cache("entity-cache.ts", "if (!mayJoin) return false;", "return mayJoin;")],
  },
  {
    fault: "a client's token of another epoch will do",
    edits: [cache("feeds.ts", "wanted.epoch === state.position.epoch && wanted.seq", "wanted.seq")],
  },
  {
    fault: "keys do not tell variables apart",
    edits: [
      cache(
        "key.ts",
        "return prefix + askedText(variables, representation);",
        'return prefix + askedText("", representation);',
      ),
    ],
  },
];
