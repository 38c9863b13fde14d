/** `node mocks/population/measure-speed.ts [size] [seed]`: streams everybody once; prints how fast, and the largest heap seen. */
import { createWorld } from "./world.ts";

export type Speed = {
  readonly persons: number;
  readonly perSecond: number;
  /** Says the same on a busy machine: what the processor spent, not what the wall clock showed. */
  readonly perProcessorSecond: number;
  readonly peakHeapMb: number;
};

export function measureSpeed(size: number, seed: number): Speed {
  const startedMs = performance.now();
  const startedCpu = process.cpuUsage();
  let persons = 0;
  let peak = 0;
  for (const { index } of createWorld({ size, seed }).persons()) {
    persons += 1;
    if (index % 2_000 === 0) peak = Math.max(peak, process.memoryUsage().heapUsed);
  }
  const { user, system } = process.cpuUsage(startedCpu);
  return {
    persons,
    perSecond: Math.round(persons / ((performance.now() - startedMs) / 1e3)),
    perProcessorSecond: Math.round(persons / ((user + system) / 1e6)),
    peakHeapMb: Math.round(peak / 1_048_576),
  };
}

if (import.meta.main) {
  const [size = "200000", seed = "1"] = process.argv.slice(2);
  process.stdout.write(`${JSON.stringify(measureSpeed(Number(size), Number(seed)))}\n`);
}
