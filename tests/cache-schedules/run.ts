/** `node tests/cache-schedules/run.ts <count> [first seed]`: runs schedules, and ends with 1 at the first that is wrong. */
import { runSchedule } from "./schedule.ts";

export type Summary = {
  /** Of the first schedule that is wrong, with its seed. */
  readonly wrong: { readonly seed: number; readonly violations: readonly string[] } | null;
  readonly schedules: number;
  readonly hits: number;
  readonly far: number;
  readonly misses: number;
  readonly upstream: number;
  readonly happened: Readonly<Record<string, number>>;
};

export async function runSchedules(count: number, firstSeed: number): Promise<Summary> {
  const sum = { hits: 0, far: 0, misses: 0, upstream: 0 };
  const happened: Record<string, number> = {};
  for (let nth = 0; nth < count; nth++) {
    const outcome = await runSchedule(firstSeed + nth);
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += outcome[key];
    for (const [what, times] of outcome.happened) happened[what] = (happened[what] ?? 0) + times;
    if (outcome.violations.length > 0)
      return { wrong: { seed: firstSeed + nth, violations: outcome.violations }, schedules: nth + 1, ...sum, happened };
  }
  return { wrong: null, schedules: count, ...sum, happened };
}

async function main(count: number, firstSeed: number): Promise<void> {
  const { wrong, ...sum } = await runSchedules(count, firstSeed);
  console.log(JSON.stringify(sum));
  if (wrong === null) return;
  console.log(`seed ${wrong.seed}\n${wrong.violations.slice(0, 10).join("\n")}`);
  process.exitCode = 1;
}

if (import.meta.main) void main(Number(process.argv[2] ?? 100), Number(process.argv[3] ?? 1));
