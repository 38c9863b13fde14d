/** The gateway's settings: README.md tells all of them with their defaults, and a wrong one is told by its name. */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { type Config, type Environment, readConfig } from "../gateway/config.ts";

const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
const folder = mkdtempSync(join(tmpdir(), "settings-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Every name that is looked up, and the beginning of those that are looked for. */
function settingsRead(): readonly string[] {
  const names = new Set<string>(["SUBGRAPH_URL_", "SUBGRAPH_KEY_"]);
  const env = new Proxy<Environment>({}, { get: (_, name) => void names.add(String(name)) });
  readConfig(env);
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

describe("a file that cannot be used is told by the setting that names it", () => {
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
    ["GATEWAY_SUPERGRAPH", wrong, /^gateway: the supergraph .* cannot be used .*GATEWAY_SUPERGRAPH/],
  ])("%s=%s", (setting, path, line) => {
    const main = fileURLToPath(new URL("../gateway/main.ts", import.meta.url));
    const env = { ...process.env, PORT: "0", INTERNAL_PORT: "0", [setting]: path };
    const { status, stderr } = spawnSync(process.execPath, [main], { encoding: "utf8", timeout: 20_000, env });
    expect(stderr).toMatch(line);
    expect(status).toBe(1);
  });
});
