/** Redis behind TLS: whose certificate is good is talked to, and nobody else is told anything. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect } from "@jest/globals";
import { freePorts } from "./free-ports.ts";
import { eventually, type RedisServer, startRedisServer, testWithRedisServer } from "./redis-servers.ts";

let server: RedisServer | null = null;
let tlsPort = 0;
/** On the way to it, so that a test sees connections come and go. */
let way: { readonly port: number; ended(): number; close(): void } | null = null;
let asker: ChildProcess | null = null;
const at = (name: string): string => join(server?.folder ?? "", name);

/** A certificate authority and what it signs: for the address of this machine, or for somebody else's. */
function makeCertificates(name: "good" | "elsewhere", subject: string): void {
  const openssl = (...args: readonly string[]) => execFileSync("openssl", args, { cwd: server?.folder, stdio: "pipe" });
  if (name === "good")
    openssl(..."req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=ca -keyout ca.key -out ca.pem".split(" "));
  openssl(...`req -newkey rsa:2048 -nodes -subj /CN=redis -keyout ${name}.key -out ${name}.csr`.split(" "));
  writeFileSync(at(`${name}.ext`), `subjectAltName=${subject}\n`);
  openssl(
    ...`x509 -req -in ${name}.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ${name}.ext -out ${name}.pem`.split(
      " ",
    ),
  );
}

const serve = (name: "good" | "elsewhere") =>
  server?.restart(
    ...["--tls-port", String(tlsPort), "--tls-auth-clients", "no", "--tls-ca-cert-file", at("ca.pem")],
    ...["--tls-cert-file", at(`${name}.pem`), "--tls-key-file", at(`${name}.key`)],
  );

afterAll(async () => {
  asker?.kill();
  way?.close();
  await server?.close();
});

async function openWay(to: number): Promise<NonNullable<typeof way>> {
  let ended = 0;
  const proxy = createServer((near) => {
    const far = connect(to, "127.0.0.1");
    for (const each of [near, far]) each.on("error", () => {});
    near.once("close", () => {
      ended += 1;
      far.destroy();
    });
    far.once("close", () => near.destroy());
    near.pipe(far).pipe(near);
  });
  await new Promise<void>((resolve) => void proxy.listen(0, "127.0.0.1", resolve));
  const { port } = proxy.address() as AddressInfo;
  return { port, ended: () => ended, close: () => void proxy.close() };
}

async function started(): Promise<void> {
  if (server !== null) return;
  [tlsPort = 0] = await freePorts(1);
  server = await startRedisServer();
  way = await openWay(tlsPort);
  makeCertificates("good", "IP:127.0.0.1");
  makeCertificates("elsewhere", "DNS:redis.elsewhere.example");
}

/** What is heard, as it comes. */
function asking(env: Readonly<Record<string, string>>): { heard: string } {
  const told = { heard: "" };
  const script = fileURLToPath(new URL("redis-tls/ask.ts", `file://${__dirname}/`));
  asker?.kill();
  const child = spawn(process.execPath, [script, `rediss://127.0.0.1:${way?.port}`], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  child.stdout.on("data", (bytes: Buffer) => {
    told.heard += String(bytes);
  });
  asker = child;
  return told;
}

describe("over TLS Redis", () => {
  testWithRedisServer(
    "is talked to where its certificate is of an authority that is trusted, and for its address",
    async () => {
      await started();
      await serve("good");
      const told = asking({ NODE_EXTRA_CA_CERTS: at("ca.pem") });
      await eventually(() => told.heard !== "", "an answer over TLS");
      expect(told.heard).toBe("heard\n");
    },
    60_000,
  );

  testWithRedisServer(
    "is told nothing where nobody vouches for its certificate, or it is another address's",
    async () => {
      await started();
      for (const [name, env] of [
        ["good", {}],
        ["elsewhere", { NODE_EXTRA_CA_CERTS: at("ca.pem") }],
      ] as const) {
        await serve(name);
        const before = way?.ended() ?? 0;
        const told = asking(env);
        await eventually(() => (way?.ended() ?? 0) >= before + 3, "a connection that is given up again and again");
        expect(told.heard).toBe("");
      }
    },
    60_000,
  );
});
