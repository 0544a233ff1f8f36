/** Sends what the user's code prints to the notebook instead of the terminal the kernel was started from. */
export type StreamName = "stdout" | "stderr";

export function captureStreams(write: (name: StreamName, text: string) => void): void {
  const afterwards = callLater();
  for (const name of ["stdout", "stderr"] as const) {
    // Bytes of one character may come in two writes.
    const decoder = new TextDecoder();
    const captured = (chunk: Uint8Array | string, encoding?: unknown, callback?: unknown): boolean => {
      write(name, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") afterwards(done as () => void);
      return true;
    };
    process[name].write = captured as typeof process.stdout.write;
  }
}

/**
 * Returns a function that calls others once the running code yields, as often as it was asked. `console`
 * hands the same callback over with every line, and a loop that prints a million of them never yields:
 * callbacks are counted, not queued, so that they take no memory.
 */
export function callLater(defer: (work: () => void) => void = process.nextTick): (work: () => void) => void {
  const due = new Map<() => void, number>();

  function callDue(): void {
    const calls = [...due];
    due.clear();
    for (const [work, times] of calls) {
      // One that throws ends its own repetitions alone.
      defer(() => {
        for (let time = 0; time < times; time++) work();
      });
    }
  }

  return (work) => {
    if (due.size === 0) defer(callDue);
    due.set(work, (due.get(work) ?? 0) + 1);
  };
}
