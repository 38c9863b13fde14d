/** The gateway over its life: settings, start, reload, readiness, metrics, the end of it. */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { createServer, get } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { readConfig } from "../gateway/config.ts";
import { startGateway } from "../gateway/gateway.ts";
import { supergraphAt } from "../gateway/supergraph/source.ts";
import {
  composeTiny,
  startTestGateway,
  startTinyGraph,
  type TestGateway,
  type TinyGraph,
  testConfig,
} from "./gateway-graph.ts";
import { closing, listening } from "./listeners.ts";

let graph: TinyGraph;
let folder: string;
let file: string;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  graph = await startTinyGraph();
  folder = await mkdtemp(join(tmpdir(), "gateway-"));
  file = join(folder, "supergraph.graphql");
});
afterEach(async () => {
  for (const each of open.splice(0)) await each.close();
  for (const each of Object.values(graph.subgraphs)) each.fault = null;
});
afterAll(async () => {
  await graph.close();
  await rm(folder, { recursive: true });
});

const urlOf = (name: "people" | "court" | "custody") => graph.subgraphs[name].url;
let composedNewer: string | null = null;
const newer = () => (composedNewer ??= composeTiny(urlOf, "extend type Person { middleName: String }"));

/** Polls what `look` gives until `isThere`; the test's own time limit is the only end. */
async function until<Value>(look: () => Promise<Value>, isThere: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await look();
    if (isThere(value)) return value;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function startOnFile(text = graph.sdl): Promise<TestGateway> {
  await writeFile(file, text);
  const gateway = await startTestGateway("", { GATEWAY_SUPERGRAPH_POLL_MS: "25" }, { look: supergraphAt(file) });
  open.push(gateway);
  return gateway;
}

const askNewer = async (gateway: TestGateway) => (await gateway.ask("{ people { middleName } }")).status;
const refusals = (gateway: TestGateway) => gateway.lines.filter((line) => line.includes("supergraph-refused")).length;
const statusFor = (url: string, host: string) =>
  new Promise((resolve, reject) => {
    get(url, { headers: { host }, agent: false }, (response) => resolve(response.resume().statusCode)).on(
      "error",
      reject,
    );
  });
const metrics = async (gateway: TestGateway) => (await fetch(`${gateway.internalUrl}/metrics`)).text();

describe("the supergraph", () => {
  test("is replaced while running when its file changes", async () => {
    const gateway = await startOnFile();
    expect(await askNewer(gateway)).toBe(400);
    await writeFile(file, newer());
    expect(
      await until(
        () => askNewer(gateway),
        (status) => status !== 400,
      ),
    ).toBe(200);
    expect(await metrics(gateway)).toContain('crosswalk_supergraph_reloads_total{outcome="replaced"} 1');
  });

  test("is replaced when the file is replaced by renaming", async () => {
    const gateway = await startOnFile();
    await writeFile(`${file}.new`, newer());
    await rename(`${file}.new`, file);
    expect(
      await until(
        () => askNewer(gateway),
        (status) => status !== 400,
      ),
    ).toBe(200);
  });

  describe("stays the last good one when the new one is", () => {
    /** One for all of these: each is healed by what the one before began with. */
    let gateway: TestGateway;
    let isNewer = false;
    beforeAll(async () => {
      await writeFile(file, graph.sdl);
      gateway = await startTestGateway("", { GATEWAY_SUPERGRAPH_POLL_MS: "25" }, { look: supergraphAt(file) });
    });
    afterAll(() => gateway?.close());
    /** At once: half a file would be one more that is refused. */
    const show = async (text: string) => {
      await writeFile(`${file}.new`, text);
      await rename(`${file}.new`, file);
    };

    test.each([
      ["truncated", () => newer().slice(0, 2000)],
      ["empty", () => ""],
      ["not GraphQL", () => "<html>"],
      ["a plain schema", () => "type Query { people: Int }"],
      ["without a subgraph's URL", () => composeTiny((name) => (name === "court" ? "" : urlOf(name)))],
      [
        "with a URL that is no http",
        () => composeTiny((name) => (name === "court" ? "file:///etc/passwd" : urlOf(name))),
      ],
      ["with a field of an unknown type", () => newer().replace("middleName: String", "middleName: Strung")],
      ["of a later join spec", () => newer().replaceAll("join/v0.5", "join/v9.9")],
    ])("%s; told once; a good one heals it", async (_title, bad) => {
      const [before, told] = [await (await fetch(`${gateway.internalUrl}/ready`)).json(), refusals(gateway)];
      await show(bad());
      await until(
        async () => refusals(gateway),
        (count) => count > told,
      );
      const answers = await Promise.all(
        [1, 2, 3].map(() => fetch(`${gateway.internalUrl}/reload`, { method: "POST" })),
      );
      expect(answers.map(({ status }) => status)).toEqual([422, 422, 422]);
      expect(refusals(gateway)).toBe(told + 1);
      expect(await (await fetch(`${gateway.internalUrl}/ready`)).json()).toEqual(before);
      expect((await gateway.ask("{ people { courtCases { id } } }")).body.errors).toBeUndefined();
      isNewer = !isNewer;
      await show(isNewer ? newer() : graph.sdl);
      expect(
        await until(
          () => askNewer(gateway),
          (status) => (status !== 400) === isNewer,
        ),
      ).toBe(isNewer ? 200 : 400);
    });
  });

  test("that goes away leaves the last good one", async () => {
    const gateway = await startOnFile();
    await rm(file);
    await until(
      async () => refusals(gateway),
      (count) => count > 0,
    );
    expect((await gateway.ask("{ people { fin } }")).status).toBe(200);
  });

  test("comes from a URL too, which is asked whether it has changed", async () => {
    let text = graph.sdl;
    let asked = 0;
    const server = createServer((request, response) => {
      asked += 1;
      const etag = `"${text.length}"`;
      if (request.headers["if-none-match"] === etag) response.writeHead(304).end();
      else response.writeHead(200, { etag }).end(text);
    });
    const url = await listening(server);
    const gateway = await startTestGateway("", { GATEWAY_SUPERGRAPH_POLL_MS: "25" }, { look: supergraphAt(url) });
    open.push(gateway, { close: () => closing(server) });
    await until(
      async () => asked,
      (count) => count > 3,
    );
    expect(gateway.lines.some((line) => line.includes("supergraph-replaced"))).toBe(false);
    text = newer();
    expect(
      await until(
        () => askNewer(gateway),
        (status) => status !== 400,
      ),
    ).toBe(200);
  });

  test("that is bad at every look is told once", async () => {
    let text = graph.sdl;
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.end(text);
    });
    const look = supergraphAt(await listening(server));
    const gateway = await startTestGateway("", { GATEWAY_SUPERGRAPH_POLL_MS: "25" }, { look });
    open.push(gateway, { close: () => closing(server) });
    text = "nonsense";
    await until(
      async () => refusals(gateway),
      (count) => count > 0,
    );
    const before = asked;
    await until(
      async () => asked,
      (count) => count > before + 3,
    );
    expect(refusals(gateway)).toBe(1);
  });

  test("by URL is read no further than its bound, announced or not", async () => {
    let isAnnounced = false;
    let sent = 0;
    const chunk = Buffer.alloc(1024 * 1024, 32);
    const server = createServer((_request, response) => {
      response.writeHead(200, isAnnounced ? { "content-length": 10 * 2 ** 30 } : {});
      const more = () => {
        for (;;) {
          if (response.destroyed) return;
          sent += chunk.length;
          if (!response.write(chunk)) break;
        }
        response.once("drain", more);
      };
      more();
    });
    const look = supergraphAt(await listening(server));
    open.push({ close: () => closing(server) });
    await expect(look()).rejects.toThrow(/more than \d+ bytes/);
    expect(sent).toBeLessThan(64 * 1024 * 1024);
    [isAnnounced, sent] = [true, 0];
    await expect(look()).rejects.toThrow(/more than \d+ bytes/);
    expect(sent).toBeLessThan(16 * 1024 * 1024);
  });

  test("by URL is asked for with the name and password in it, and neither these nor path and query are ever told", async () => {
    const asked: (string | undefined)[] = [];
    let isRight = true;
    const server = createServer(({ headers, url }, response) => {
      asked.push(`${headers.authorization} ${url}`);
      response.writeHead(isRight ? 200 : 404).end(graph.sdl);
    });
    const { port } = new URL(await listening(server));
    const look = supergraphAt(`http://reader:hunter%402@127.0.0.1:${port}/s/secret-path?key=secret-key#x`);
    const gateway = await startTestGateway("", {}, { look });
    open.push(gateway, { close: () => closing(server) });
    expect(asked).toEqual([`Basic ${Buffer.from("reader:hunter@2").toString("base64")} /s/secret-path?key=secret-key`]);
    isRight = false;
    expect((await fetch(`${gateway.internalUrl}/reload`, { method: "POST" })).status).toBe(422);
    await closing(server);
    expect((await fetch(`${gateway.internalUrl}/reload`, { method: "POST" })).status).toBe(422);
    expect(refusals(gateway)).toBe(1);
    expect(gateway.lines.join()).toContain("answered with status 404");
    expect(gateway.lines.join()).not.toMatch(/hunter|secret/);
  });

  test("an operation finishes on the supergraph it began with", async () => {
    let answerCourt = () => {};
    const courtIsAsked = new Promise<void>((asked) => {
      graph.subgraphs.court.fault = (request, response) => {
        request.resume();
        answerCourt = () =>
          response
            .writeHead(200, { "content-type": "application/json" })
            .end('{"data":{"_entities":[{"courtCases":[],"fin":"FIN000001"}]}}');
        asked();
      };
    });
    const gateway = await startOnFile(newer());
    const answer = gateway.ask('{ person(by: { fin: "FIN000001" }) { fin courtCases { id } } }');
    await courtIsAsked;
    await writeFile(file, graph.sdl.replaceAll("courtCases", "courtFiles"));
    await until(
      async () => gateway.lines.some((line) => line.includes("supergraph-replaced")),
      (isReplaced) => isReplaced,
    );
    answerCourt();
    expect((await answer).body).toEqual({ data: { person: { fin: "FIN000001", courtCases: [] } } });
  });
});

describe("the internal listener", () => {
  test("tells that the gateway lives and is ready, and counts what was answered", async () => {
    const gateway = await startOnFile();
    expect(await (await fetch(`${gateway.internalUrl}/live`)).json()).toEqual({ live: true });
    expect(await (await fetch(`${gateway.internalUrl}/ready`)).json()).toEqual({
      ready: true,
      supergraph: expect.stringMatching(/^[0-9a-f]{12}$/),
    });
    await gateway.ask("{ people { courtCases { id } } }");
    await gateway.ask("{ nothing }");
    const text = await metrics(gateway);
    expect(text).toContain('crosswalk_requests_total{status="200",code="none"} 1');
    expect(text).toContain('crosswalk_requests_total{status="400",code="GRAPHQL_VALIDATION_FAILED"} 1');
    expect(text).toContain('crosswalk_subgraph_fetch_duration_seconds_count{subgraph="court",outcome="answered"} 1');
    expect((await fetch(`${gateway.internalUrl}/graphql`, { method: "POST" })).status).toBe(404);
    expect(new URL(gateway.internalUrl).hostname).toBe("127.0.0.1");
    const fromPage = { method: "POST", headers: { origin: "https://elsewhere.example" } };
    expect((await fetch(`${gateway.internalUrl}/reload`, fromPage)).status).toBe(403);
    // A page under a name that was made to lead here asks as if of its own server.
    for (const [host, status] of [
      ["elsewhere.example:4001", 403],
      ["127.0.0.1.elsewhere.example", 403],
      ["localhost:4001", 200],
    ] as const)
      expect([host, await statusFor(`${gateway.internalUrl}/metrics`, host)]).toEqual([host, status]);
  });
});

test("at its end it finishes what it accepted, sends the rest away with 503, and says that it is not ready", async () => {
  const gateway = await startOnFile();
  let answerPeople = () => {};
  const isAsked = new Promise<void>((asked) => {
    graph.subgraphs.people.fault = (request, response) => {
      request.resume();
      answerPeople = () =>
        response.writeHead(200, { "content-type": "application/json" }).end('{"data":{"c1_":null,"people":[]}}');
      asked();
    };
  });
  const accepted = gateway.ask("{ people { fin } }");
  await isAsked;
  open.splice(0);
  const closed = gateway.close();
  const late = await fetch(gateway.url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"query":"{ __typename }"}',
  });
  expect([late.status, late.headers.get("retry-after"), late.headers.get("connection")]).toEqual([503, "1", "close"]);
  expect((await fetch(`${gateway.internalUrl}/ready`)).status).toBe(503);
  answerPeople();
  expect((await accepted).body).toEqual({ data: { people: [] } });
  await closed;
  await expect(fetch(gateway.url)).rejects.toThrow();
});

test("what hangs is cut when the time to finish is over", async () => {
  await writeFile(file, graph.sdl);
  const gateway = await startTestGateway(graph.sdl, { DRAIN_MS: "100", SUBGRAPH_TIMEOUT_MS: "60000" });
  const isAsked = new Promise<void>((asked) => {
    graph.subgraphs.people.fault = () => asked();
  });
  const hanging = gateway.ask("{ people { fin } }").catch(() => "cut");
  await isAsked;
  const startedAt = performance.now();
  await gateway.close();
  expect(await hanging).toBe("cut");
  expect(performance.now() - startedAt).toBeLessThan(10_000);
});

describe("settings", () => {
  const problems = (env: Record<string, string>) => {
    const outcome = readConfig(env);
    return "refusals" in outcome ? outcome.refusals : [];
  };
  const production = {
    CROSSWALK_ENV: "production",
    GATEWAY_ISSUERS: "https://idp.example=https://idp.example/jwks.json",
    GATEWAY_INSECURE: "deny-by-default,audit,subgraph-signature,plaintext",
  };

  test("all have defaults in development", () => {
    const outcome = readConfig({});
    expect(outcome).toMatchObject({
      config: {
        mode: "development",
        host: "127.0.0.1",
        port: 4000,
        internalPort: 4001,
        audience: "crosswalk",
        subgraphTimeoutMs: 3000,
        maxBodyBytes: 102400,
        drainMs: 4000,
      },
    });
  });

  test.each([
    ["CROSSWALK_ENV", "staging"],
    ["PORT", "70000"],
    ["PORT", "-1"],
    ["INTERNAL_PORT", "x"],
    ["GATEWAY_INSECURE", "everything"],
    ["GATEWAY_ISSUERS", "https://idp.example"],
    ["GATEWAY_ISSUERS", "https://idp.example=jwks.json"],
    ["GATEWAY_ISSUERS", "a=https://a.example/jwks.json,a=https://b.example/jwks.json"],
    ["GATEWAY_ISSUER_AGENCIES", "https://issuer.crosswalk.example"],
    ["GATEWAY_ISSUER_EVENTS", "https://issuer.crosswalk.example=0"],
    ["GATEWAY_ISSUER_EVENTS", "https://issuer.crosswalk.example=hourly"],
    ["GATEWAY_CLIENTS", ","],
    ["GATEWAY_KEYS_MAX_AGE_MS", "600001"],
    ["BREAK_GLASS_ACR", 'phr"'],
    ["BREAK_GLASS_WINDOW_MS", "a day"],
    ["SUBGRAPH_URL_OBIM", "obim:80"],
    ["SUBGRAPH_TIMEOUT_MS", "3s"],
  ])("%s=%s is refused by name", (name, value) => {
    expect(problems({ [name]: value }).join()).toContain(name);
  });

  test("agencies are given to an issuer that is known", () => {
    const GATEWAY_ISSUERS =
      "https://a.example=https://a.example/jwks.json,https://b.example=https://b.example/jwks.json";
    const outcome = readConfig({ GATEWAY_ISSUERS, GATEWAY_ISSUER_AGENCIES: "https://b.example=POLICE|SHERIFF" });
    expect(outcome).toMatchObject({ config: { issuers: [{ agencies: [] }, { agencies: ["POLICE", "SHERIFF"] }] } });
    const unknown = problems({ GATEWAY_ISSUERS, GATEWAY_ISSUER_AGENCIES: "https://c.example=POLICE" });
    expect(unknown).toEqual(["GATEWAY_ISSUER_AGENCIES names an issuer that is not in GATEWAY_ISSUERS"]);
  });

  test("an issuer that is known may promise to be heard", () => {
    const GATEWAY_ISSUERS = "https://a.example=https://a.example/jwks.json,https://b.example=https://b.example/k";
    const outcome = readConfig({ GATEWAY_ISSUERS, GATEWAY_ISSUER_EVENTS: "https://b.example=60" });
    expect(outcome).toMatchObject({ config: { issuers: [{}, { heardEverySeconds: 60 }] } });
    const unknown = problems({ GATEWAY_ISSUERS, GATEWAY_ISSUER_EVENTS: "https://c.example=60" });
    expect(unknown).toEqual(["GATEWAY_ISSUER_EVENTS names an issuer that is not in GATEWAY_ISSUERS"]);
  });

  test("all that is wrong is told at once", () => {
    expect(problems({ PORT: "x", MAX_BODY_BYTES: "y", GATEWAY_INSECURE: "z" })).toHaveLength(3);
  });

  test("production starts only with what it lacks switched off by name", () => {
    expect(problems(production)).toEqual([]);
    // Its own graph has no labels; that is no lack of the settings.
    for (const name of production.GATEWAY_INSECURE.split(",").filter((each) => each !== "deny-by-default")) {
      const others = production.GATEWAY_INSECURE.split(",").filter((each) => each !== name);
      expect(problems({ ...production, GATEWAY_INSECURE: others.join(",") }).join()).toContain(name);
    }
    expect(problems({ ...production, GATEWAY_ISSUERS: "" }).join()).toContain("authentication");
    const readable = { ...production, GATEWAY_INSECURE: "audit", GATEWAY_ISSUERS: "a=HTTP://idp.example/jwks.json" };
    expect(problems(readable).join()).toContain("plaintext: use https in GATEWAY_ISSUERS");
  });

  test("production refuses a supergraph whose subgraphs are reached in plain text", async () => {
    const config = testConfig({ ...production, PORT: "0", INTERNAL_PORT: "0" });
    const insecure = new Set(["deny-by-default", "audit", "subgraph-signature"] as const);
    const started = startGateway({ ...config, insecure }, { look: async () => graph.sdl, writeLine: () => {} });
    await expect(started).rejects.toThrow(/subgraph \w+ is reached in plain text/);
  });

  test("SUBGRAPH_URL_<NAME> stands in for the supergraph's own URL", async () => {
    const sdl = composeTiny((name) => (name === "court" ? "http://court.invalid" : urlOf(name)));
    const gateway = await startTestGateway(sdl, { SUBGRAPH_URL_COURT: graph.subgraphs.court.url });
    open.push(gateway);
    expect((await gateway.ask("{ people { courtCases { id } } }")).body.errors).toBeUndefined();
  });

  test("every protection that is off is logged", async () => {
    const gateway = await startTestGateway(graph.sdl, {
      GATEWAY_INSECURE: "authentication,purpose,introspection,deny-by-default",
    });
    open.push(gateway);
    const off = gateway.lines.map((line) => JSON.parse(line)).filter(({ event }) => event === "protection-off");
    const named = ["authentication", "purpose", "deny-by-default", "introspection"];
    expect(off.map(({ protection }) => protection)).toEqual(named);
  });
});

describe("as a process of its own", () => {
  const main = new URL("../gateway/main.ts", import.meta.url).pathname;
  const root = new URL("..", import.meta.url).pathname;
  type Child = ChildProcessByStdio<null, Readable, Readable>;
  const children: Child[] = [];
  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  function start(env: Record<string, string>): Child {
    const child = spawn(process.execPath, [main], {
      cwd: root,
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        PORT: "0",
        INTERNAL_PORT: "0",
        GATEWAY_SUPERGRAPH: file,
        GATEWAY_INSECURE: "authentication,purpose,deny-by-default",
        ...env,
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    return child;
  }
  const exitOf = (child: Child) =>
    new Promise<{ code: number | null; stderr: string }>((resolve) => {
      let stderr = "";
      child.stderr.on("data", (chunk) => {
        stderr += chunk;
      });
      child.once("close", (code) => resolve({ code, stderr }));
    });
  const readyUrl = (child: Child) =>
    new Promise<string>((resolve) => {
      let text = "";
      child.stdout.on("data", (chunk) => {
        text += chunk;
        const url = /^ready (\S+)$/m.exec(text)?.[1];
        if (url) resolve(url);
      });
    });

  test.each(["SIGTERM", "SIGINT"] as const)(
    "it says when it is ready, answers, and ends on %s within 5 s",
    async (signal) => {
      await writeFile(file, graph.sdl);
      const child = start({});
      const url = await readyUrl(child);
      const response = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({
          query: '{ person(by: { aNumber: "A 21" }) { fin } people { aNumbers courtCases { id } } }',
        }),
      });
      expect(response.status).toBe(400);
      const good = await fetch(`${url}?query={people{fin,courtCases{id}}}`);
      expect(await good.json()).toMatchObject({ data: { people: [{ fin: "FIN000001" }, { fin: "FIN000002" }] } });
      const exit = exitOf(child);
      const startedAt = performance.now();
      child.kill(signal);
      expect((await exit).code).toBe(0);
      expect(performance.now() - startedAt).toBeLessThan(5000);
    },
  );

  test("T83 on SIGTERM under load no answer is cut, and no request on a kept connection goes unanswered", async () => {
    await writeFile(file, graph.sdl);
    const child = start({});
    const url = await readyUrl(child);
    const exit = exitOf(child);
    const port = Number(new URL(url).port);
    const body = JSON.stringify({ query: "{ people { fin courtCases { id } } }" });
    const request = `POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    const seen = { whole: 0, told: 0, cut: 0, unanswered: 0 };
    const clients = 16;
    /** Asks again and again on one connection, until it is told that it ends. */
    const client = () =>
      new Promise<void>((resolve) => {
        let text = "";
        let isWaiting = false;
        const socket = connect(port, "127.0.0.1", () => ask());
        const ask = () => {
          [text, isWaiting] = ["", true];
          socket.write(request);
        };
        socket.on("error", () => undefined);
        socket.on("data", (chunk) => {
          text += chunk;
          const [head = "", answer] = text.split("\r\n\r\n");
          const length = Number(/^content-length: (\d+)/im.exec(head)?.[1] ?? Number.POSITIVE_INFINITY);
          if (answer === undefined || answer.length < length) return;
          isWaiting = false;
          if (head.startsWith("HTTP/1.1 200")) seen.whole += 1;
          else if (!head.startsWith("HTTP/1.1 503") || !answer.includes("SHUTTING_DOWN")) seen.cut += 1;
          if (!/^connection: close/im.test(head)) return ask();
          seen.told += 1;
          socket.end();
        });
        socket.once("close", () => {
          if (isWaiting) seen[text === "" ? "unanswered" : "cut"] += 1;
          resolve();
        });
      });
    const all = Promise.all(Array.from({ length: clients }, client));
    await until(
      async () => seen.whole,
      (whole) => whole > 100,
    );
    child.kill("SIGTERM");
    await all;
    expect((await exit).code).toBe(0);
    expect(seen).toEqual({ whole: seen.whole, told: clients, cut: 0, unanswered: 0 });
  });

  test.each([
    ["that cannot be had", "http://reader:hunter2@127.0.0.1:9/secret-path?key=secret-key"],
    ["that is mistyped", "http://reader:hunter2@ho st/secret-path"],
    ["of another kind", "ftp://reader:hunter2@127.0.0.1/secret-path"],
  ])("a supergraph by a URL %s is told of without its password", async (_title, url) => {
    const { code, stderr } = await exitOf(
      start({ GATEWAY_SUPERGRAPH: url, GATEWAY_INSECURE: "authentication,purpose,deny-by-default,plaintext" }),
    );
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
    expect(stderr).toContain("GATEWAY_SUPERGRAPH");
    expect(stderr).not.toMatch(/hunter2|secret-key|reader/);
  });

  test("a port in use, a bad supergraph, a bad setting: one line saying what to do, and exit code 1", async () => {
    const server = createServer();
    const port = new URL(await listening(server)).port;
    await writeFile(file, graph.sdl);
    const [inUse, missing, setting] = await Promise.all([
      exitOf(start({ PORT: port })),
      exitOf(start({ GATEWAY_SUPERGRAPH: join(folder, "nowhere.graphql") })),
      exitOf(start({ SUBGRAPH_TIMEOUT_MS: "soon" })),
    ]);
    await closing(server);
    await writeFile(file, graph.sdl.slice(0, 3000));
    const truncated = await exitOf(start({}));
    for (const { code, stderr } of [inUse, missing, truncated, setting]) {
      expect(code).toBe(1);
      expect(stderr.trim().split("\n")).toHaveLength(1);
    }
    expect(inUse.stderr).toContain(`port ${port} is in use`);
    expect(missing.stderr).toContain("nowhere.graphql");
    expect(truncated.stderr).toContain("GATEWAY_SUPERGRAPH");
    expect(setting.stderr).toContain("SUBGRAPH_TIMEOUT_MS");
  });
});
