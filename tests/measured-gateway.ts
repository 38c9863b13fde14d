/** A gateway in a process of its own that knows how long its event loop's longest turn was, by the processor's clock. */
import { readProcessConfig } from "../gateway/config.ts";
import { startGateway } from "../gateway/gateway.ts";

if (import.meta.main) {
  const outcome = readProcessConfig();
  if ("refusals" in outcome) throw new Error(outcome.refusals.join("\n"));
  const gateway = await startGateway(outcome.config, { writeLine: () => undefined });
  let longestMs = 0;
  let before = process.threadCpuUsage();
  const turn = () => {
    const { user, system } = process.threadCpuUsage(before);
    longestMs = Math.max(longestMs, (user + system) / 1000);
    before = process.threadCpuUsage();
    setImmediate(turn);
  };
  turn();
  process.on("message", () => {
    process.send?.(longestMs);
    longestMs = 0;
  });
  process.once("disconnect", () => process.exit(0));
  console.log(`ready ${gateway.url}`);
}
