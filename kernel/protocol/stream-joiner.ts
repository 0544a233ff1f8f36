/**
 * Joins stream text so that 50,000 small prints become some tens of messages. Text waits until the stream or
 * the cell changes, until `maxChars` are held, or for `delayMs`; `flush` sends what is held at once.
 */
export interface StreamText<Parent> {
  readonly name: string;
  readonly parent: Parent;
  readonly text: string;
}

/** Text that is sent as one message. */
export interface JoinedText<Parent> extends StreamText<Parent> {
  /** How many pieces it was joined from. */
  readonly pieces: number;
}

export interface StreamJoiner<Parent> {
  add(piece: StreamText<Parent>): void;
  flush(): void;
}

export interface StreamJoinerOptions<Parent> {
  readonly emit: (joined: JoinedText<Parent>) => void;
  /** 15 ms is below what an eye sees and above what a burst needs. */
  readonly delayMs?: number;
  readonly maxChars?: number;
}

export function streamJoiner<Parent>({
  emit,
  delayMs = 15,
  maxChars = 1 << 18,
}: StreamJoinerOptions<Parent>): StreamJoiner<Parent> {
  let held: { name: string; parent: Parent; pieces: string[]; chars: number } | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (held === undefined) return;
    const { name, parent, pieces } = held;
    held = undefined;
    emit({ name, parent, text: pieces.join(""), pieces: pieces.length });
  }

  function add({ name, parent, text }: StreamText<Parent>): void {
    if (text === "") return;
    if (held !== undefined && (held.name !== name || held.parent !== parent)) flush();
    held ??= { name, parent, pieces: [], chars: 0 };
    held.pieces.push(text);
    held.chars += text.length;
    if (held.chars >= maxChars) flush();
    else timer ??= setTimeout(flush, delayMs);
  }

  return { add, flush };
}
