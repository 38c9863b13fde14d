/** What has to be shown of the gateway as a process, or of where it may go: T85, T88, T91. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { answerWith, startTestGateway, startTinyGraph, type TestGateway, type TinyGraph } from "./gateway-graph.ts";
import { closing, listening } from "./listeners.ts";
import { root } from "./source-tree.ts";

let graph: TinyGraph;
let folder: string;
const children: ChildProcess[] = [];
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  graph = await startTinyGraph();
  folder = await mkdtemp(join(tmpdir(), "threats-"));
  await writeFile(join(folder, "supergraph.graphql"), graph.sdl);
});
afterEach(async () => {
  for (const each of Object.values(graph.subgraphs)) each.fault = null;
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const each of open.splice(0)) await each.close();
});
afterAll(async () => {
  await graph.close();
  await rm(folder, { recursive: true });
});

type Ended = { readonly code: number | null; readonly stderr: string };
type Started = { readonly child: ChildProcess; readonly ready: Promise<string>; readonly ended: Promise<Ended> };

function start(program: string, flags: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Started {
  const child = spawn(process.execPath, [...flags, join(root, program)], {
    env: {
      ...process.env,
      NODE_ENV: "production",
      PORT: "0",
      INTERNAL_PORT: "0",
      GATEWAY_INSECURE: "authentication,purpose,deny-by-default",
      GATEWAY_SUPERGRAPH: join(folder, "supergraph.graphql"),
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  children.push(child);
  let [stdout, stderr] = ["", ""];
  child.stderr?.on("data", (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => child.once("close", (code) => resolve({ code, stderr })));
  const ready = new Promise<string>((resolve, reject) => {
    child.stdout?.on("data", (chunk) => {
      stdout += chunk;
      const url = /^ready (\S+)$/m.exec(stdout)?.[1];
      if (url) resolve(url);
    });
    void ended.then(({ stderr: said }) => reject(new Error(`ended before it was ready: ${said}`)));
  });
  ready.catch(() => undefined);
  return { child, ready, ended };
}

async function post(url: string, query: string) {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query }),
  });
  return response.text();
}

/** With --frozen-intrinsics the planner's own packages do not load. */
const closed = "for(const each of [Object,Array,Function,String,Map])Object.preventExtensions(each.prototype)";

describe("T88: the gateway's own process answers, and ends well, without", () => {
  test.each([
    ["__proto__ on any object", ["--disable-proto=throw"]],
    ["prototypes that take anything new", ["--import", `data:text/javascript,${closed}`]],
  ])("%s", async (_title, flags) => {
    const { child, ready, ended } = start("gateway/main.ts", flags);
    const url = await ready;
    for (const _time of ["first", "second"])
      expect(
        await post(url, "{ __proto__: people { constructor: fin toString: custodyStays { __proto__: id } } }"),
      ).toBe(
        '{"data":{"__proto__":[{"constructor":"FIN000001","toString":[{"__proto__":"SFIN000001"}]},{"constructor":"FIN000002","toString":[{"__proto__":"SFIN000002"}]}]}}',
      );
    expect(await post(url, "{ people { courtCases { id } nope } }")).toContain("GRAPHQL_VALIDATION_FAILED");
    expect(await post(url, "{ unsure }")).toContain("SUBGRAPH_ERROR");
    child.kill("SIGTERM");
    expect((await ended).code).toBe(0);
  });
});

describe("T91: a supergraph that names", () => {
  const withCourtAt = (url: string) => graph.sdl.replaceAll(graph.subgraphs.court.url, url);
  const refused = [
    ["a file", "file:///etc/passwd"],
    ["the metadata of a cloud", "http://169.254.169.254/latest/meta-data"],
    ["another protocol", "gopher://127.0.0.1:70/_x"],
    ["the metadata in octal", "http://0251.0376.0251.0376/"],
    ["the metadata as IPv6", "http://[::ffff:169.254.169.254]/"],
    ["a password", "http://reader:hunter2@127.0.0.1/"],
  ] as const;

  test.each(refused.slice(0, 2))("%s for a subgraph is not started on", async (_title, url) => {
    const outcome = await startTestGateway(withCourtAt(url)).then(
      (started) => {
        open.push(started);
        return "started";
      },
      (error: Error) => error.message,
    );
    expect(outcome).toMatch(/^subgraph court /);
    expect(outcome).not.toContain("hunter2");
  });

  test("any other is not reloaded either: the one before stays, whole", async () => {
    let sdl = graph.sdl;
    const gateway = await startTestGateway(
      graph.sdl,
      { GATEWAY_SUPERGRAPH_POLL_MS: "1000000" },
      { look: async () => sdl },
    );
    open.push(gateway);
    for (const [, url] of refused.slice(2)) {
      sdl = withCourtAt(url);
      const answer = await fetch(`${gateway.internalUrl}/reload`, { method: "POST" });
      expect(answer.status).not.toBe(200);
      expect(`${await answer.text()}${gateway.lines.join()}`).not.toContain("hunter2");
      const { body } = await gateway.ask("{ people { courtCases { id } } }");
      expect([url, body.errors]).toEqual([url, undefined]);
    }
  });

  test("one of these ends the process: one line, and exit code 1", async () => {
    const file = join(folder, "metadata.graphql");
    await writeFile(file, withCourtAt("http://169.254.169.254/"));
    const { code, stderr } = await start("gateway/main.ts", [], { GATEWAY_SUPERGRAPH: file }).ended;
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("subgraph court");
  });

  test("a subgraph that sends us elsewhere: nobody goes there, and its fields are null with a code", async () => {
    let visits = 0;
    const elsewhere = createServer((_request, response) => {
      visits += 1;
      response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"_entities":[null,null]}}');
    });
    const location = await listening(elsewhere);
    open.push({ close: () => closing(elsewhere) });
    const gateway: TestGateway = await startTestGateway(graph.sdl);
    open.push(gateway);
    for (const status of [301, 302, 303, 307, 308]) {
      graph.subgraphs.court.fault = (request, response) => {
        request.resume();
        response.writeHead(status, { location, "content-type": "application/json" }).end();
      };
      const { body } = await gateway.ask("{ people { courtCases { id } custodyStays { id } } }");
      expect(body.errors?.map(({ extensions }) => extensions.code)).toEqual(["SUBREQUEST_HTTP_ERROR"]);
      expect(body.data.people.map(({ courtCases }: { courtCases: unknown }) => courtCases)).toEqual([null, null]);
      expect(body.data.people[0].custodyStays).toHaveLength(1);
    }
    expect(visits).toBe(0);
  });
});

describe("T85: the gateway's event loop, by its processor's clock, turn by turn", () => {
  /** The longest turn since the last time it was asked, in milliseconds. */
  const longest = (child: ChildProcess) =>
    new Promise<number>((resolve) => {
      child.once("message", (message) => resolve(Number(message)));
      child.send("longest");
    });
  const rows = (count: number) =>
    Array.from({ length: count }, (_, index) => ({
      __typename: "Person",
      fin: `FIN${String(index).padStart(6, "0")}`,
      aNumbers: ["000000011", "000000012"],
      fbiNumbers: ["111AA1", "111AA2", "111AA3"],
      birthDate: "1980-01-01",
    }));

  test("an answer of 9 MB of a subgraph takes no more than a few times as long as reading it", async () => {
    const { child, ready } = start("tests/measured-gateway.ts");
    const url = await ready;
    const answer = JSON.stringify({ data: { people: rows(60_000) } });
    const before = process.threadCpuUsage();
    JSON.parse(answer);
    const { user, system } = process.threadCpuUsage(before);
    const readMs = (user + system) / 1000;
    graph.subgraphs.people.fault = answerWith(200, "application/json", answer);
    const turns: number[] = [];
    for (let round = 0; round < 3; round++) {
      await longest(child);
      expect((await post(url, "{ people { fin aNumbers fbiNumbers birthDate } }")).length).toBeGreaterThan(7_000_000);
      turns.push(await longest(child));
    }
    console.log(`result: read in ${readMs.toFixed(0)} ms, longest turns ${turns.map((each) => each.toFixed(0))} ms`);
    expect(Math.min(...turns)).toBeLessThan(Math.max(50, readMs * 5));
  });

  test("the widest operation that is allowed never keeps others waiting for 50 ms", async () => {
    const { child, ready } = start("tests/measured-gateway.ts");
    const url = await ready;
    const part = (at: number) =>
      `a${at}: people { f${at}: fin c: courtCases(first: ${at}) { id caseType kind orders { decidedAt } } s: custodyStays { id } }`;
    const wide = (mark: number, count = 100) =>
      `{ ${Array.from({ length: count }, (_, at) => part(at + mark)).join(" ")} }`;
    const turns: number[] = [];
    for (const mark of [0, 1000]) {
      await longest(child);
      expect(JSON.parse(await post(url, wide(mark))).data[`a${mark + 99}`]).toHaveLength(2);
      turns.push(await longest(child));
    }
    expect(Math.min(...turns)).toBeLessThan(50);
    expect(await post(url, wide(0, 101))).toContain("_LIMIT");
  });
});
