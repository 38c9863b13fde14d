/** `node ask.ts <REDIS_URL>`: says over the gateway's own connection what Redis answers; goes on trying until it is ended. */
import { openLink } from "../../gateway/cache/redis.ts";
import { readRedisAddress } from "../../gateway/cache/redis-address.ts";

const address = readRedisAddress({ url: process.argv[2] ?? "", sentinels: "", masterName: "" });
if (address === null) throw new Error("no address");
const link = openLink({ address, name: "test", timeoutMs: 1000, silenceMs: 5000, writes: false });
const ask = async (): Promise<void> => {
  const replies = await link.ask([["ECHO", "heard"]]);
  if (replies !== null) console.log(String(replies[0]));
  else setTimeout(ask, 20);
};
void ask();
