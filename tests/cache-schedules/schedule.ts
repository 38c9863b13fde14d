/** One interleaving, out of a seed: gateways, far tier, sources and those who watch them, and whatever befalls them. */
import { type Carrier, openCarrier } from "./carrier.ts";
import { ask } from "./clients.ts";
import { openWatcher, type Watcher } from "./source.ts";
import { openWorld, type World } from "./world.ts";

export type Outcome = {
  /** What no cache may do. */
  readonly violations: readonly string[];
  /** Of single look-ups; `far`: those of the hits that were not in memory. */
  readonly hits: number;
  readonly misses: number;
  readonly far: number;
  readonly upstream: number;
  /** What happened, by kind. */
  readonly happened: ReadonlyMap<string, number>;
};

const beatMs = 500;
const durationMs = 9000;

export async function runSchedule(seed: number): Promise<Outcome> {
  const world = openWorld(seed);
  const { chance, timeline, weather, sources, gateways, violations, happened } = world;
  const carrier = openCarrier(world);
  const outOfReach = new Set<string>();
  const watchers = sources.map((source) =>
    openWatcher({
      source,
      timeline,
      chance,
      beatMs,
      clock: carrier.clock,
      publish: carrier.publish,
      canLook: () => !outOfReach.has(source.name),
      maySayLess: !world.putsBack,
    }),
  );
  const trouble = troubleOf(world, carrier, watchers, outOfReach);
  const repeat = (least: number, most: number, happen: () => void): void => {
    const again = () => {
      happen();
      timeline.in(chance.between(least, most), again);
    };
    timeline.in(chance.between(least, most), again);
  };
  repeat(5, chance.pick([100, 250, 600]), () => ask(world, carrier));
  repeat(50, chance.pick([600, 1500, 4000]), () => chance.pick(sources).change());
  repeat(50, 50, () => {
    for (const gateway of gateways) gateway.look();
  });
  // Half of them have a trouble of their own, again and again.
  const always = chance.is(0.5) ? chance.pick(trouble) : null;
  if (weather !== "calm")
    repeat(200, chance.pick([800, 3000]), () => {
      const [what, happen] = always ?? chance.pick(trouble);
      world.count(what);
      happen();
    });
  await timeline.runUntil(durationMs);
  for (const gateway of gateways) gateway.end();
  return { violations, ...world.lookups(), upstream: world.upstreamCalls(), happened };
}

type Trouble = readonly [what: string, happen: () => void];

function troubleOf(
  { chance, timeline, gateways, names, far, putsBack, startAnew }: World,
  carrier: Carrier,
  watchers: readonly Watcher[],
  outOfReach: Set<string>,
): readonly Trouble[] {
  const standStill = () => {
    const gateway = chance.pick(gateways);
    gateway.pause();
    timeline.in(chance.between(100, 4000), gateway.resume);
  };
  const hide = () => {
    const name = chance.pick(names);
    outOfReach.add(name);
    timeline.in(chance.between(500, 4000), () => outOfReach.delete(name));
  };
  return [
    ["gateway stands still", standStill],
    ["gateway starts anew", () => carrier.serve(startAnew(chance.between(0, gateways.length - 1)))],
    ["watcher starts anew", () => chance.pick(watchers).restart()],
    putsBack
      ? ["watcher is put back", () => chance.pick(watchers).putBack()]
      : ["carrier fails over", () => carrier.failOver()],
    ["far tier fails over", () => far?.failOver()],
    ["source out of reach of who watches it", hide],
  ];
}
