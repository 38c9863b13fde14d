/** `npm run check`: format, lint, types, composition, labels, policies, documents, the tree's rules; then one verdict. */
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { parse, validate } from "graphql";
import { staleAccessDocument } from "./access-document.ts";
import { contractFindings } from "./check-contract.ts";
import { readPolicyTexts } from "./check-policies.ts";
import { composeSupergraph, readSources, supergraphIsFresh } from "./compose.ts";

type Step = { readonly name: string; readonly run: () => readonly string[] };

const bin = (name: string) => new URL(`../node_modules/.bin/${name}`, import.meta.url).pathname;

const steps: readonly Step[] = [
  { name: "format and lint", run: () => command(bin("biome"), ["check", "--error-on-warnings", "."]) },
  { name: "types", run: () => command(bin("tsc"), []) },
  {
    name: "composition",
    run: () =>
      supergraphIsFresh()
        ? []
        : ["schema/supergraph.graphql is not what the subgraphs compose to: run `npm run compose` and commit it"],
  },
  { name: "labels and policies", run: () => contractFindings(readSources(), readPolicyTexts()) },
  { name: "documents", run: refusedDocuments },
  { name: "access document", run: staleAccessDocument },
  {
    name: "architecture and words",
    run: () => command(process.execPath, [bin("jest"), "tests/architecture", "tests/words"]),
  },
];

/** Every committed document must be valid for a client of what the subgraphs compose to. */
function refusedDocuments(): readonly string[] {
  const folder = new URL("./documents/", import.meta.url);
  const { apiSchema } = composeSupergraph();
  return readdirSync(folder).flatMap((file) =>
    validate(apiSchema, parse(readFileSync(new URL(file, folder), "utf8"))).map(
      ({ message, locations }) => `schema/documents/${file}:${locations?.[0]?.line}: ${message}`,
    ),
  );
}

function command(file: string, args: readonly string[]): readonly string[] {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: "utf8" });
  return status === 0 ? [] : [`${stdout}${stderr}`.trim()];
}

if (import.meta.main) {
  let failed = 0;
  for (const { name, run } of steps) {
    const startedAt = performance.now();
    const findings = run();
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
    console.log(`${findings.length === 0 ? "passed" : "FAILED"}  ${name} (${seconds} s)`);
    for (const finding of findings) console.log(finding.replace(/^/gm, "        "));
    if (findings.length > 0) failed += 1;
  }
  process.exitCode = failed === 0 ? 0 : 1;
}
