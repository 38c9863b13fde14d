/** `@apollo/gateway` over the same subgraphs, in process: what ours is compared with wherever it is right. */
import { createHash } from "node:crypto";
import { ApolloGateway, type GraphQLDataSource } from "@apollo/gateway";
import { type DocumentNode, print } from "graphql";
import type { Answer } from "./compare.ts";
import type { Operation } from "./operations.ts";
import type { Subgraphs } from "./subgraphs.ts";

export type Reference = {
  answer(operation: Operation): Promise<Answer>;
  close(): Promise<void>;
};

/** Null for a supergraph that it refuses. */
export async function openReference(sdl: string, subgraphs: Subgraphs): Promise<Reference | null> {
  const source = (name: string): GraphQLDataSource => ({
    async process({ request: { query = "", variables = {} } }) {
      const sent = JSON.parse(JSON.stringify(variables)) as Record<string, unknown>;
      const answer = await subgraphs.answer(name, query, sent);
      return JSON.parse(JSON.stringify(answer));
    },
  });
  const gateway = new ApolloGateway({
    supergraphSdl: sdl,
    __exposeQueryPlanExperimental: false,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    buildService: ({ name }) => source(name),
  });
  try {
    const { schema, executor } = await gateway.load();
    return {
      async answer({ document, variables, operationName }) {
        const query = print(document);
        const request = {
          request: { query, variables, operationName },
          operationName,
          document: document as DocumentNode,
          queryHash: createHash("sha256").update(query).digest("hex"),
          context: {},
          schema,
          metrics: {},
        };
        const { data, errors } = await executor(request as unknown as Parameters<typeof executor>[0]);
        return { data, errors } as Answer;
      },
      close: () => gateway.stop(),
    };
  } catch {
    return null;
  }
}
