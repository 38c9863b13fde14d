/** Settings and metrics: all of them are told, the gateway's settings with their defaults, and a wrong one by its name. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Config, type Environment, readConfig } from "../gateway/config.ts";
import { openTelemetry } from "../gateway/telemetry.ts";
import { readCbpSettings } from "../subgraphs/cbp/main.ts";
import { readEoirSettings } from "../subgraphs/eoir/main.ts";
import { readIceSettings } from "../subgraphs/ice/main.ts";
import { readObimSettings } from "../subgraphs/obim/main.ts";
import { readSafeguardsSettings } from "../subgraphs/safeguards/main.ts";
import { readUscisSettings } from "../subgraphs/uscis/main.ts";

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), "utf8");
const readme = read("README.md");
const folder = mkdtempSync(join(tmpdir(), "settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every name that is looked up, and the beginning of those that are looked for. */
function settingsRead(): readonly string[] {
  return [...lookedUp(readConfig), "SUBGRAPH_URL_", "SUBGRAPH_KEY_"];
}

function lookedUp(readSettings: (env: Environment) => unknown): readonly string[] {
  const names = new Set<string>();
  readSettings(new Proxy<Environment>({}, { get: (_, name) => void names.add(String(name)) }));
  return [...names];
}

function configOf(env: Environment): Config {
  const outcome = readConfig(env);
  if ("refusals" in outcome) throw new Error(outcome.refusals.join("\n"));
  return outcome.config;
}

/** Null where it is no number. */
function defaultOf(setting: string): number | null {
  const [usual, other] = [configOf({}), readConfig({ [setting]: "7" })];
  if ("refusals" in other) return null;
  const [changed] = (Object.keys(usual) as (keyof Config)[]).filter((key) => other.config[key] === 7);
  const value = changed === undefined ? null : usual[changed];
  return typeof value === "number" ? value : null;
}

/** By setting: what README.md's tables have as its default. */
const documented = new Map(
  [...readme.matchAll(/^\| (`[^|]+`) \| ([^|]+) \|/gm)].flatMap(([, names = "", defaults = ""]) => {
    const all = [...names.matchAll(/`([A-Z_]+)(?:<NAME>)?`/g)].map(([, name]) => name ?? "");
    const values = defaults.split(", ");
    return all.map((name, index): [string, string] => [name, values[all.length === values.length ? index : 0] ?? ""]);
  }),
);

test.each(settingsRead())("README.md tells %s and its default", (setting) => {
  expect([...documented.keys()]).toContain(setting);
  const usual = defaultOf(setting);
  if (usual !== null)
    expect(
      documented
        .get(setting)
        ?.replace(/^none$/, "0")
        .split(" ")[0],
    ).toBe(String(usual));
});

const ofSubgraphs = [
  readObimSettings,
  readCbpSettings,
  readIceSettings,
  readUscisSettings,
  readEoirSettings,
  readSafeguardsSettings,
].flatMap(lookedUp);
test.each([...new Set(ofSubgraphs.map((name) => name.replace(/^(SUBGRAPH_KEY_)(?!S_FILE).*/, "$1<NAME>")))])(
  "docs/subgraphs.md tells %s",
  (setting) => expect(read("docs/subgraphs.md")).toContain(`\`${setting}\``),
);

test("every metric is told of", async () => {
  const { text } = await openTelemetry(() => undefined).metrics();
  const names = [...text.matchAll(/^# TYPE (crosswalk_\w+)/gm)].map(([, name]) => name);
  const told = ["alerts", "callers", "gateway"].map((page) => read(`docs/${page}.md`)).join();
  expect(names.length).toBeGreaterThan(20);
  expect(names.filter((name) => !told.includes(`\`${name}\``))).toEqual([]);
});

test("one port is not given to both listeners", () => {
  expect(readConfig({ PORT: "4001" })).toEqual({ refusals: [expect.stringContaining("PORT and INTERNAL_PORT")] });
  expect(readConfig({ PORT: "0", INTERNAL_PORT: "0" })).toHaveProperty("config");
  expect(readConfig({ PORT: "4001", HOST: "10.0.0.5" })).toHaveProperty("config");
});

test("a share is no label to be named", () => {
  expect(readConfig({ GATEWAY_OVERRIDES: "moved,percent(20)" })).toEqual({
    refusals: [expect.stringContaining("percent(n)")],
  });
});

describe("trusted documents", () => {
  test("are known to a gateway that is given some, and required only where that is said", () => {
    expect(configOf({}).documentsMode).toBe("off");
    expect(configOf({ GATEWAY_DOCUMENTS: "x" }).documentsMode).toBe("prefer");
    expect(configOf({ GATEWAY_DOCUMENTS: "x", GATEWAY_DOCUMENTS_MODE: "off" }).documentsMode).toBe("off");
    expect(readConfig({ GATEWAY_DOCUMENTS_MODE: "require" })).toEqual({
      refusals: [expect.stringContaining("set GATEWAY_DOCUMENTS")],
    });
  });
});

describe("what cannot be used is told by the setting that names it", () => {
  const wrong = join(folder, "wrong.json");
  writeFileSync(wrong, '[{ "name": "a", "timeout": 3 }, { "name": "b", "partial": false }]');
  const badPolicies = join(folder, "policies");
  mkdirSync(badPolicies);
  writeFileSync(join(badPolicies, "policies.cedarschema"), "namespace {");
  writeFileSync(join(badPolicies, "a.cedar"), "permit (");
  test.each([
    [
      "GATEWAY_SUBGRAPHS",
      wrong,
      /^gateway: GATEWAY_SUBGRAPHS: .*a has a member.*\ngateway: GATEWAY_SUBGRAPHS: .*b must/,
    ],
    ["GATEWAY_SUBGRAPHS", join(folder, "none"), /^gateway: GATEWAY_SUBGRAPHS: .*cannot be read/],
    ["SUBGRAPH_KEYS_FILE", join(folder, "none"), /^gateway: SUBGRAPH_KEYS_FILE: .*cannot be read/],
    ["SUBGRAPH_KEY_OBIM", "secret-that-is-short", /^gateway: SUBGRAPH_KEY_OBIM must be id:key(?!.*secret-that)/],
    ["GATEWAY_POLICIES", join(folder, "none"), /^gateway: GATEWAY_POLICIES: .*none: cannot be read/],
    [
      "GATEWAY_POLICIES",
      badPolicies,
      /^gateway: GATEWAY_POLICIES: .*policies\.cedarschema:1: .*\ngateway: GATEWAY_POLICIES: .*a\.cedar:1: is no Cedar/,
    ],
    ["GATEWAY_DOCUMENTS", join(folder, "none"), /^gateway: GATEWAY_DOCUMENTS: .*no such file or folder/],
    ["HOST", "203.0.113.7", /^gateway: HOST is no address of this machine/],
    ["HOST", "no-such-host.invalid", /^gateway: HOST is no address of this machine/],
    ["GATEWAY_SUPERGRAPH", wrong, /^gateway: the supergraph .* cannot be used .*GATEWAY_SUPERGRAPH/],
  ])("%s=%s", (setting, path, line) => {
    const main = fileURLToPath(new URL("../gateway/main.ts", import.meta.url));
    const env = { ...process.env, PORT: "0", INTERNAL_PORT: "0", [setting]: path };
    const { status, stderr } = spawnSync(process.execPath, [main], { encoding: "utf8", timeout: 20_000, env });
    expect(stderr).toMatch(line);
    expect(status).toBe(1);
  });
});
