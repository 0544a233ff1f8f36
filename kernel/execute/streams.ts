/** Sends what the user's code prints to the notebook instead of the terminal the kernel was started from. */
export type StreamName = "stdout" | "stderr";

export function captureStreams(write: (name: StreamName, text: string) => void): void {
  for (const name of ["stdout", "stderr"] as const) {
    // Bytes of one character may come in two writes.
    const decoder = new TextDecoder();
    const captured = (chunk: Uint8Array | string, encoding?: unknown, callback?: unknown): boolean => {
      write(name, typeof chunk === "string" ? chunk : decoder.decode(chunk, { stream: true }));
      const done = typeof encoding === "function" ? encoding : callback;
      if (typeof done === "function") queueMicrotask(() => done());
      return true;
    };
    process[name].write = captured as typeof process.stdout.write;
  }
}
