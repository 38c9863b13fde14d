/** One graph under test: its subgraphs, the gateway in front of them, the monolith and the reference beside it. */

import type fc from "fast-check";
import { print } from "graphql";
import { startTestGateway, type TestGateway } from "../gateway-graph.ts";
import type { Answer } from "./compare.ts";
import { compose, type Monolith, openMonolith } from "./monolith.ts";
import { type Operation, operationsOver } from "./operations.ts";
import { openReference, type Reference } from "./reference.ts";
import { type Subgraphs, startSubgraphs } from "./subgraphs.ts";
import type { GraphDefinition } from "./world.ts";

export type Arena = {
  readonly definition: GraphDefinition;
  readonly sdl: string;
  readonly subgraphs: Subgraphs;
  readonly monolith: Monolith;
  /** Null where the reference refuses the supergraph. */
  readonly reference: Reference | null;
  /** Of every field of the supergraph, those that clients may not ask for included. */
  readonly names: ReadonlySet<string>;
  readonly operations: fc.Arbitrary<Operation>;
  /** What the gateway answers over HTTP; the data is put back before, so that a mutation starts as it does elsewhere. */
  ask(operation: Operation): Promise<Answer & { readonly refusedWith: string | null }>;
  close(): Promise<void>;
};

/** Throws when the gateway does not start over this graph. */
export async function openArena(definition: GraphDefinition): Promise<Arena> {
  const subgraphs = await startSubgraphs(definition);
  const sdl = compose(definition, subgraphs.urls);
  const monolith = openMonolith(definition, sdl);
  const gateway = await startTestGateway(sdl, { REQUEST_TIMEOUT_MS: "60000", PLAN_HARD_MS: "20000" }).catch(
    async (error: unknown) => {
      await subgraphs.close();
      throw error;
    },
  );
  const reference = await openReference(sdl, subgraphs);
  const names = new Set(sdl.match(/(?<=^ {2})\w+(?=[(:])/gm));
  return {
    definition,
    sdl,
    subgraphs,
    monolith,
    reference,
    names,
    operations: operationsOver({ schema: monolith.schema, names: [...names], mutations: 60 }),
    async ask(operation) {
      subgraphs.reset();
      return await askGateway(gateway, operation);
    },
    async close() {
      await gateway.close();
      await reference?.close();
      await subgraphs.close();
    },
  };
}

async function askGateway({ url }: TestGateway, { document, variables, operationName }: Operation) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/graphql-response+json" },
    body: JSON.stringify({ query: print(document), variables, operationName }),
  });
  const answer = (await response.json()) as Answer & { errors?: { extensions: { code: string } }[] };
  const refusedWith = "data" in answer ? null : (answer.errors?.[0]?.extensions.code ?? String(response.status));
  return { ...answer, refusedWith };
}
