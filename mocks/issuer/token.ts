/** `npm run -s token -- <persona> [--minutes N]` prints one token, and nothing else. */
import { parseArgs } from "node:util";
import { mintToken } from "./mint.ts";
import { personaNames, personas } from "./personas.ts";

const usage = [
  "npm run -s token -- <persona> [--minutes N]; personas, and the purposes they may state, the usual one first:",
  ...personaNames().map((name) => `  ${name.padEnd(30)}${personas[name].purposes.join(", ") || "none"}`),
].join("\n");

/** The token asked for; throws a line to show as it is. */
export async function tokenFor(args: readonly string[]): Promise<string> {
  const { positionals, values } = parse(args);
  const [persona, ...others] = positionals;
  if (persona === undefined || others.length > 0) throw new Error(usage);
  if (values.minutes === undefined) return mintToken(persona);
  const minutes = Number(values.minutes);
  if (!/^\d{1,4}$/.test(values.minutes) || minutes === 0 || minutes > 1440)
    throw new Error("--minutes takes a whole number from 1 to 1440");
  return mintToken(persona, { minutes });
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: { minutes: { type: "string" } }, allowPositionals: true });
  } catch {
    throw new Error(usage);
  }
}

if (import.meta.main) {
  tokenFor(process.argv.slice(2)).then(console.log, (error: Error) => {
    console.error(`token: ${error.message}`);
    process.exitCode = 1;
  });
}
