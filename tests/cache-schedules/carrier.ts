/** What brings announcements from those who watch the sources to the gateways, and what becomes of them on the way. */
import type { Gateway } from "./gateway.ts";
import type { Announced } from "./source.ts";
import type { World } from "./world.ts";

export type Carrier = {
  publish(announced: Announced): void;
  /** Its clock, by name. */
  clock(): string;
  /** Another takes over, with a clock of its own, which may lack the last messages. */
  failOver(): void;
  /** Brings what it keeps to a gateway that starts anew. */
  serve(gateway: Gateway): void;
  /** The last announcement of a source. */
  latest(source: string): Announced | undefined;
};

export function openCarrier({ chance, timeline, weather, gateways, model, count }: World): Carrier {
  let clock = 0;
  const clockName = () => `clock-${clock}`;
  const stream: Announced[] = [];
  const latest = new Map<string, Announced>();
  const readers = new Map<Gateway, { next: number; isReading: boolean }>();

  const receive = (gateway: Gateway, announced: Announced): void => {
    const { heartbeat } = announced.message;
    const isTimely = heartbeat?.clock === clockName();
    count(gateway.feeds.receive(announced.message, isTimely ? timeline.now() - heartbeat.since : null));
    model.reached(gateway.index, announced, isTimely);
  };
  const delay = () => {
    if (weather === "calm") return 1;
    return chance.is(0.05) ? chance.between(300, 4000) : chance.between(0, 30);
  };

  const sendLoose = (gateway: Gateway, announced: Announced): void => {
    const copies = chance.is(0.08) ? 0 : chance.is(0.15) ? 2 : 1;
    if (copies === 0) count("lost");
    const arrive = () => gateway.deliver(() => receive(gateway, announced));
    if (copies > 0) timeline.in(delay(), arrive);
    // The other copy was stuck somewhere.
    if (copies > 1) timeline.in(chance.between(100, 2500), arrive);
  };

  /** Each gateway reads the stream at its own pace, from where it is. */
  const readOn = (gateway: Gateway): void => {
    const reader = readers.get(gateway) ?? { next: 0, isReading: false };
    readers.set(gateway, reader);
    if (reader.isReading || reader.next >= stream.length) return;
    reader.isReading = true;
    const arrive = () => {
      reader.isReading = false;
      for (; reader.next < stream.length; reader.next++) receive(gateway, stream[reader.next] as Announced);
    };
    timeline.in(delay(), () => gateway.deliver(arrive, true));
  };

  return {
    publish(announced) {
      latest.set(announced.message.source, announced);
      if (weather === "loose") {
        for (const gateway of gateways) sendLoose(gateway, announced);
        return;
      }
      stream.push(announced);
      if (weather === "stream" && chance.is(0.05)) stream.push(announced);
      for (const gateway of gateways) readOn(gateway);
    },
    clock: clockName,
    failOver() {
      clock += 1;
      const lost = chance.between(0, Math.min(3, stream.length));
      stream.length -= lost;
      for (const reader of readers.values()) reader.next = Math.min(reader.next, stream.length);
    },
    serve(gateway) {
      if (weather !== "loose") readOn(gateway);
    },
    latest: (source) => latest.get(source),
  };
}
