/**
 * Back-pressure between the thread that prints and the thread that sends: a cell that prints faster than the
 * sockets take it sleeps until they have caught up, so memory stays flat however much it prints.
 *
 *     cell's thread   waitForRoom() ─▶ post ─▶ sent(weight)
 *     wire thread                              … ─▶ ZeroMQ has it ─▶ taken(weight)
 *
 * The sleep is `Atomics.wait`, which an interrupt cuts. A cut may fall between any two steps; in this order
 * it can only make the count too low (some room too much), never leave a cell asleep for good.
 */
export interface Flow {
  readonly memory: SharedArrayBuffer;
  /** Sleeps while more is on its way than may be. */
  waitForRoom(): void;
  sent(weight: number): void;
  taken(weight: number): void;
}

/** UTF-16 units on their way; some tens of socket messages. */
const ROOM = 4 << 20;
/** What a message costs beside its text: some 16,000 short lines may be on their way. */
const MESSAGE_WEIGHT = 256;

export function createFlow(memory = new SharedArrayBuffer(4), room = ROOM): Flow {
  const onItsWay = new Int32Array(memory);
  return {
    memory,
    waitForRoom() {
      for (let now = Atomics.load(onItsWay, 0); now > room; now = Atomics.load(onItsWay, 0)) {
        Atomics.wait(onItsWay, 0, now);
      }
    },
    sent(weight) {
      Atomics.add(onItsWay, 0, weight);
    },
    taken(weight) {
      Atomics.sub(onItsWay, 0, weight);
      Atomics.notify(onItsWay, 0);
    },
  };
}

/** Returns what an output of so many characters, sent in so many messages, weighs. */
export function weightOf(characters: number, messages = 1): number {
  return characters + messages * MESSAGE_WEIGHT;
}
