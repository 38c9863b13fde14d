/**
 * docker-compose.yml without Docker: every service's own command is started on this machine with its environment,
 * hosts and ports moved to loopback, its health check run, and the gateway asked.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { mintToken } from "../mocks/issuer/mint.ts";
import { defaultPorts } from "../mocks/main.ts";
import { scenarios } from "../mocks/population/scenarios.ts";
import { freePorts } from "./free-ports.ts";
import { personRecord } from "./graph.ts";
import { type Server, startPostgres, startRedis, testWithServers } from "./servers.ts";

type Service = {
  readonly build?: string;
  readonly image?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly depends_on?: Readonly<Record<string, { condition: string }>>;
  readonly ports?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
};

/** As a `.env` beside the file would give them: each secret is one and the same wherever it stands. */
function withSecrets(text: string): string {
  const secrets = new Map<string, string>();
  return text.replace(/\$\{(\w+):\?[^}]*\}/g, (_, name: string) => {
    const secret = secrets.get(name) ?? `a:${randomBytes(32).toString("base64url")}`;
    secrets.set(name, secret);
    return secret;
  });
}

const file = new URL("../docker-compose.yml", import.meta.url);
const { services } = parse(withSecrets(readFileSync(file, "utf8")), { merge: true }) as {
  services: Record<string, Service>;
};
const ours = Object.entries(services).filter(([, { build }]) => build !== undefined);

type Running = { readonly child: ChildProcess; readonly output: string[]; readonly exited: Promise<unknown> };
const running: Running[] = [];
const servers: Server[] = [];
const moved = new Map<string, string>();

beforeAll(async () => {
  const ports = [...new Set([...Object.values(defaultPorts), 4000, 4001, 4101, 4102, 4103, 4104, 4105, 4106])];
  const free = await freePorts(ports.length);
  ports.forEach((port, index) => void moved.set(String(port), String(free[index])));
});
afterAll(async () => {
  for (const { child, exited } of running.reverse()) {
    child.kill("SIGTERM");
    await exited;
  }
  for (const server of servers) await server.close();
});

/** Other services' hosts become loopback, and every port of ours the free one that stands for it. */
function local(text: string): string {
  const hosts = Object.keys(services).join("|");
  return text
    .replace("redis:6379", (place) => moved.get(place) ?? place)
    .replace(new RegExp(`(://(?:[^@/]*@)?)(?:${hosts}):`, "g"), "$1127.0.0.1:")
    .replace(/\b4\d{3}\b/g, (port) => moved.get(port) ?? port);
}

/** Ports that a container has to itself, and this machine has not. */
const ownPorts = (): Record<string, string> => ({
  INTERNAL_PORT: local("4001"),
  ...Object.fromEntries(
    Object.entries(defaultPorts).map(([part, port]) => [`${part.toUpperCase()}_PORT`, local(String(port))]),
  ),
});

function startService({ command = ["node", "gateway/main.ts"], environment = {} }: Service): Running {
  const env = Object.fromEntries(Object.entries(environment).map(([name, value]) => [name, local(value)]));
  const { DATABASE_URL: _elsewhere, ...inherited } = process.env;
  const child = spawn(process.execPath, command.slice(1), {
    env: { ...inherited, NODE_ENV: "production", PORT: local("4000"), ...ownPorts(), ...env },
  });
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (bytes) => output.push(String(bytes)));
  const started = { child, output, exited: new Promise((resolve) => child.on("exit", resolve)) };
  running.push(started);
  return started;
}

async function healthy({ healthcheck }: Service, { child, output }: Running): Promise<void> {
  const args = (healthcheck?.test ?? []).slice(2).map(local);
  const port = Number(/127\.0\.0\.1:(\d+)/.exec(args.join())?.[1]);
  for (;;) {
    // Each check is a process: none is begun before there is somebody to ask.
    if (await isListening(port)) {
      const check = spawn(process.execPath, args);
      if ((await new Promise((resolve) => check.on("exit", resolve))) === 0) return;
    }
    if (child.exitCode !== null) throw new Error(`ended before it was healthy:\n${output.join("")}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function isListening(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

test("every service has a health check, and waits for what it needs to be healthy", () => {
  for (const [name, { healthcheck, depends_on = {} }] of Object.entries(services)) {
    expect([name, healthcheck?.test.length]).toEqual([name, expect.any(Number)]);
    for (const [needed, { condition }] of Object.entries(depends_on)) {
      expect(Object.keys(services)).toContain(needed);
      expect(condition).toBe("service_healthy");
    }
  }
});

test("only the gateway's and the control listener's ports are published, on loopback", () => {
  const published = Object.values(services).flatMap(({ ports = [] }) => ports);
  expect(published.sort()).toEqual(["127.0.0.1:4000:4000", "127.0.0.1:4002:4002"]);
});

testWithServers(
  "every service's command starts with its environment, becomes healthy, and the gateway answers (needs postgres and redis-server)",
  async () => {
    const postgres = await startPostgres();
    const redis = await startRedis();
    servers.push(postgres, redis);
    moved.set("redis:6379", new URL(redis.url).host);
    const started = new Set(["redis", "postgres"]);
    while (started.size < ours.length + 2) {
      const next = ours.filter(
        ([name, { depends_on = {} }]) =>
          !started.has(name) && Object.keys(depends_on).every((each) => started.has(each)),
      );
      if (next.length === 0) throw new Error("services wait for each other");
      await Promise.all(
        next.map(async ([, service]) => {
          const { DATABASE_URL, ...environment } = service.environment ?? {};
          const database = DATABASE_URL === undefined ? {} : { DATABASE_URL: postgres.url };
          await healthy(service, startService({ ...service, environment: { ...environment, ...database } }));
        }),
      );
      for (const [name] of next) started.add(name);
    }
    const response = await fetch(local("http://127.0.0.1:4000/graphql"), {
      method: "POST",
      headers: {
        "content-type": "application/json",
        authorization: `Bearer ${await mintToken("ero-officer")}`,
        "crosswalk-purpose": "REMOVAL_OPERATIONS",
      },
      body: JSON.stringify({ query: personRecord, variables: { by: { fin: scenarios[0]?.identifiers.fin } } }),
    });
    const { data, errors, extensions } = (await response.json()) as {
      data: { person: { stays: unknown } };
      errors?: unknown;
      extensions: { freshness: readonly { system: string; asOf: string | null }[] };
    };
    expect(errors).toBeUndefined();
    expect(data.person.stays).toMatchObject([{ state: "IN_FORCE", basis: "MA_PENDING" }]);
    // Every source has been heard through Redis, be it a while ago on a busy machine.
    expect(extensions.freshness.filter(({ asOf }) => asOf === null)).toEqual([]);
  },
  120_000,
);
