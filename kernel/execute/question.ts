/**
 * A question to the person at the front end, answered before the cell goes on: the cell's thread sleeps on
 * shared memory until the wire thread has written the answer.
 *
 *     int32 state (0 waiting, 1 answered, 2 refused) | int32 length | UTF-8 bytes
 */
const HEADER_BYTES = 8;
/** Longer than a person types; a longer answer is refused, not cut. */
const ANSWER_BYTES = 1 << 20;
const WAITING = 0;
const ANSWERED = 1;
const REFUSED = 2;

/** How long a leaving process waits for its last words to be sent. */
export const EXIT_GRACE_MS = 5000;

/** Returns what the person typed; throws when the front end takes no questions. */
export function ask(send: (answer: SharedArrayBuffer) => void): string {
  const memory = new SharedArrayBuffer(HEADER_BYTES + ANSWER_BYTES);
  const head = new Int32Array(memory, 0, 2);
  send(memory);
  Atomics.wait(head, 0, WAITING);
  const text = new TextDecoder().decode(new Uint8Array(memory, HEADER_BYTES, head[1]).slice());
  if (head[0] === REFUSED) throw new Error(`Cannot ask for input: ${text}`);
  return text;
}

/** Writes an answer and wakes the cell. */
export function answer(memory: SharedArrayBuffer, text: string): void {
  const bytes = new TextEncoder().encode(text);
  if (bytes.length > ANSWER_BYTES)
    refuse(memory, `the answer has ${bytes.length} bytes, expected at most ${ANSWER_BYTES}`);
  else write(memory, ANSWERED, bytes);
}

/** Wakes the cell with a reason instead of an answer. */
export function refuse(memory: SharedArrayBuffer, reason: string): void {
  write(memory, REFUSED, new TextEncoder().encode(reason));
}

function write(memory: SharedArrayBuffer, state: number, bytes: Uint8Array): void {
  const head = new Int32Array(memory, 0, 2);
  new Uint8Array(memory, HEADER_BYTES).set(bytes);
  head[1] = bytes.length;
  Atomics.store(head, 0, state);
  Atomics.notify(head, 0);
}
