/**
 * Composes every subgraph's schema into `supergraph.graphql`, the one file the gateway is started with.
 * `npm run compose` writes it; `npm run check` refuses when the committed one is stale.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { composeServices } from "@apollo/composition";
import { type GraphQLSchema, parse } from "graphql";

export type SubgraphEntry = { readonly name: string; readonly url: string; readonly systems: readonly string[] };

export const supergraphPath = new URL("./supergraph.graphql", import.meta.url);

/** `subgraphs.json`: every subgraph, where it listens, and which agencies' systems it wraps. */
export function readSubgraphs(): readonly SubgraphEntry[] {
  return JSON.parse(readFileSync(new URL("./subgraphs.json", import.meta.url), "utf8"));
}

/** What one subgraph's SDL is made of: the files whose texts follow one another. */
export type SchemaSource = {
  readonly name: string;
  readonly url: string;
  /** Agencies' systems that it wraps; none by default. */
  readonly systems?: readonly string[];
  /** Paths from the root of the project. */
  readonly files: readonly { readonly path: string; readonly text: string }[];
};

/** Every subgraph's SDL: what all share, then its own. */
export function readSources(): readonly SchemaSource[] {
  return readSubgraphs().map(({ name, url, systems }) => ({
    name,
    url,
    systems,
    files: ["schema/shared.graphql", `subgraphs/${name}/schema.graphql`].map((path) => ({
      path,
      text: readFileSync(new URL(`../${path}`, import.meta.url), "utf8"),
    })),
  }));
}

/** The supergraph: as SDL, and as the schema a client may ask. Throws with every composition error, one a line. */
export function composeSources(sources: readonly SchemaSource[]): {
  readonly sdl: string;
  readonly apiSchema: GraphQLSchema;
} {
  const { errors, supergraphSdl, schema } = composeServices(
    sources.map(({ name, url, files }) => ({ name, url, typeDefs: parse(files.map(({ text }) => text).join("\n")) })),
  );
  if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
  return { sdl: supergraphSdl, apiSchema: schema.toAPISchema().toGraphQLJSSchema() };
}

export function composeSupergraph(): ReturnType<typeof composeSources> {
  return composeSources(readSources());
}

/** Whether the committed supergraph is what the subgraphs' schemas compose to. */
export function supergraphIsFresh(): boolean {
  return readFileSync(supergraphPath, "utf8") === composeSupergraph().sdl;
}

if (import.meta.main) {
  try {
    writeFileSync(supergraphPath, composeSupergraph().sdl);
    console.log(`composed ${readSubgraphs().length} subgraphs into schema/supergraph.graphql`);
  } catch (error) {
    console.error(`composition failed:\n${(error as Error).message}`);
    process.exitCode = 1;
  }
}
