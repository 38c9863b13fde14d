/**
 * What a source announces (docs/change-feed.md): that something of what it contributes has changed, and that it has looked.
 * One envelope for every way a message may come.
 */

/** Whom or what a change is about: an identifier scalar's name and a value, or a type's name and its key. */
export type About = readonly [kind: string, value: string];

export type Alert = {
  /** A value of the enum AlertKind. */
  readonly kind: string;
  /** When it happened, as the agency's system says; null where that does not say. */
  readonly at: string | null;
};

/** `all`: anything of this source may have changed; `told`: but nothing of which anybody is to be alerted, except beside it. */
export type Change =
  | { readonly all: true; readonly told?: true }
  | { readonly about: readonly About[]; readonly alert?: Alert };

export type FeedMessage = {
  /** An agency's system, as schema/subgraphs.json names it for the subgraph that announces. */
  readonly source: string;
  /** Random, new with each start of whoever watches the source. */
  readonly epoch: string;
  /** How many messages with changes there have been in this epoch, this one included. */
  readonly seq: number;
  /** Empty: nothing but a heartbeat. */
  readonly changes: readonly Change[];
  /** The source has been checked with success; null: it could not be. */
  readonly heartbeat: Heartbeat | null;
};

export type Heartbeat = {
  /** Whose clock `since` is on: an id of the gateway that was asked for the time, or of the Redis server. */
  readonly clock: string;
  /** The time on it, in milliseconds, before the source was checked. */
  readonly since: number;
  /** The instant up to which the source vouches for what it holds. */
  readonly asOf: string;
};

/** An instant in UTC, or a day where a system knows no time of day. */
export function isInstant(text: string): boolean {
  return /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?Z)?$/.test(text);
}
