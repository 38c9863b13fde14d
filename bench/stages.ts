/** What is asked, of which graph: a stage is one supergraph over one stub, with one workload or more. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { composeServices } from "@apollo/composition";
import { execute, parse, validate } from "graphql";
import { type Authorized, type Contender, loadCore } from "./contenders.ts";
import type { LoadRequest } from "./load.ts";
import { type Child, startChild } from "./processes.ts";
import { type BenchOperation, deepOperation, variedOperation } from "./shop/documents.ts";
import { type BenchGraph, rowDocument, rowGraph, shopGraph } from "./shop/subgraphs.ts";
import { type RecordedCall, rowLength, type StubCount, type StubReply, type StubRequest } from "./stub.ts";

export type Workload = {
  readonly name: string;
  readonly title: string;
  readonly requests: readonly LoadRequest[];
  /** Of the busy rounds, where it is not what all have. */
  readonly connections?: number;
  /** Each connection asks for what no other one asks for, so that nothing is shared. */
  readonly ownRequests?: true;
  /** By name: the only ones measured, each compared with the one behind it. */
  readonly pairs?: Readonly<Record<string, string>>;
};

/** Whether it is measured with this workload: callers are where the workload says whom they are compared with. */
export const isMeasured = ({ pairs }: Workload, { name, isAuthorized }: Contender): boolean =>
  pairs ? name in pairs || Object.values(pairs).includes(name) : !isAuthorized;

export type Stub = {
  readonly pid: number;
  readonly port: number;
  /** Since it was last asked. */
  count(): Promise<StubCount>;
  /** The calls that reach it while `work` is done. */
  callsDuring(work: () => Promise<unknown>): Promise<readonly RecordedCall[]>;
  end(): Promise<void>;
};

export type Stage = {
  /** A file. */
  readonly supergraph: string;
  readonly subgraphs: readonly string[];
  readonly authorized?: Authorized;
  readonly stub: Stub;
  readonly workloads: readonly Workload[];
  close(): Promise<void>;
};

const varied = { operations: 50, minBytes: 1_000, maxBytes: 20_000 };

/** One deep operation, and fifty that differ, over the four subgraphs of the shop. */
export async function openShop(folder: string): Promise<Stage> {
  const { answer, ...stage } = await openGraph(folder, "shop", shopGraph);
  const various: LoadRequest[] = [];
  for (let seed = 1; various.length < varied.operations; seed += 1) {
    const request = await answer(variedOperation(seed));
    const { length } = JSON.stringify({ data: request.expected });
    if (length >= varied.minBytes && length <= varied.maxBytes) various.push(request);
  }
  return {
    ...stage,
    workloads: [
      { name: "shop", title: "one deep operation over four subgraphs", requests: [await answer(deepOperation)] },
      { name: "varied", title: `${varied.operations} different operations over the same`, requests: various },
    ],
  };
}

/** A small operation over ten subgraphs: for the time from start to the first answer. */
export async function openRow(folder: string): Promise<Stage> {
  const { answer, ...stage } = await openGraph(folder, "row", rowGraph(rowLength));
  const request = await answer({ query: rowDocument(rowLength), variables: {} });
  return { ...stage, workloads: [{ name: "start", title: `${rowLength} subgraphs`, requests: [request] }] };
}

async function openGraph(folder: string, kind: "shop" | "row", graph: BenchGraph) {
  const stub = await startStub(folder, [kind]);
  const subgraphs = Object.keys(graph.subgraphs);
  const { errors, supergraphSdl, schema } = composeServices(
    Object.entries(graph.subgraphs).map(([name, { sdl }]) => ({
      name,
      url: `http://127.0.0.1:${stub.port}/${name}`,
      typeDefs: parse(sdl),
    })),
  );
  if (errors) throw new Error(errors.map(({ message }) => message).join("\n"));
  const supergraph = join(folder, `${kind}.graphql`);
  writeFileSync(supergraph, supergraphSdl);
  const apiSchema = schema.toAPISchema().toGraphQLJSSchema();

  /** The operation with the answer that one server over the same records gives. */
  const answer = async ({ query, variables }: BenchOperation): Promise<LoadRequest> => {
    const document = parse(query);
    const [invalid] = validate(apiSchema, document);
    if (invalid) throw invalid;
    const result = await execute({
      schema: apiSchema,
      document,
      rootValue: graph.root,
      variableValues: variables,
    });
    if (result.errors?.[0]) throw result.errors[0];
    // As it comes off a wire: plain objects.
    return { body: JSON.stringify({ query, variables }), expected: JSON.parse(JSON.stringify(result.data)) };
  };
  return { answer, supergraph, subgraphs, stub, close: stub.end };
}

/** `args` as stub.ts has them. */
export async function startStub(folder: string, args: readonly string[]): Promise<Stub> {
  const program = fileURLToPath(new URL("stub.ts", import.meta.url));
  const child: Child = startChild({ folder, name: "stub", core: loadCore, args: [program, ...args] });
  const reply = async <Kind extends StubReply["kind"]>(kind: Kind, request?: StubRequest) => {
    if (request !== undefined) child.send(request);
    const message = (await child.next()) as StubReply;
    if (message.kind !== kind) throw new Error(`the stub said ${message.kind} where ${kind} was expected`);
    return message as Extract<StubReply, { kind: Kind }>;
  };
  const { port } = await reply("ready");
  return {
    pid: child.pid,
    port,
    count: async () => (await reply("count", "count")).count,
    callsDuring: async (work) => {
      await reply("trace", "trace");
      await work();
      return (await reply("traced", "traced")).calls;
    },
    end: child.end,
  };
}
