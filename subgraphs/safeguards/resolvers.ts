/** Answers about holds, each from its representation alone: no system stands behind, nothing is looked up. */
import type { Resolvers } from "#kit/subgraph.ts";
import { readFacts } from "./facts.ts";
import { type Hold, type HoldSettings, holdOf } from "./hold.ts";

export type SafeguardsSettings = HoldSettings & {
  /** Name and number of whom to call. */
  readonly callback: string;
};

/** A hold as the gateway names it: its key, and the required facts as their owners answered. */
type Referred = { readonly fin: unknown; readonly hold: Hold };

const told =
  (field: keyof Hold) =>
  ({ hold }: Referred) =>
    hold[field];

export function resolversWith(settings: SafeguardsSettings): Resolvers<null> {
  return {
    ImmigrationHold: {
      __resolveReference: (representation: { readonly fin: unknown }): Referred => ({
        fin: representation.fin,
        hold: holdOf(readFacts(representation), settings),
      }),
      state: told("state"),
      legalNature: () => "ADMINISTRATIVE_REQUEST",
      confirmationRequired: () => true,
      judicialWarrant: () => null,
      warrantForm: told("warrantForm"),
      basis: told("basis"),
      servedAt: told("servedAt"),
      expiresAt: told("expiresAt"),
      expiresAtExcludingNonBusinessDays: told("expiresAtExcludingNonBusinessDays"),
      expiryCountedFrom: told("expiryCountedFrom"),
      requestedNotifyBy: told("requestedNotifyBy"),
      asOf: told("asOf"),
      callback: () => settings.callback,
      source: ({ hold: { asOf } }: Referred) => (asOf === null ? null : { system: "EID", asOf }),
    },
  };
}
