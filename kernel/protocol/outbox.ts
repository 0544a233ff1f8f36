/**
 * One send in flight per socket. ZeroMQ refuses a second send while one is pending (EBUSY) and, after 512
 * sends in one turn of the event loop, even a first (zeromq 6, socket.cc, `max_sync_operations`); a kernel
 * that does not await loses output there. The outbox keeps the order and loses nothing.
 */
export type Frames = (string | Buffer)[];

export interface Outbox {
  /** `sent` is called once ZeroMQ has the message, or, with false, when nobody is left to send it to. */
  post(frames: Frames, sent?: (delivered: boolean) => void): void;
  /** Resolves when all that was posted before has been handed to ZeroMQ. */
  flushed(): Promise<void>;
}

export function outbox(send: (frames: Frames) => Promise<void>): Outbox {
  const queue: { readonly frames: Frames; readonly sent: ((delivered: boolean) => void) | undefined }[] = [];
  let pump: Promise<void> | undefined;

  async function run(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      let delivered = true;
      try {
        await send(next.frames);
      } catch {
        delivered = false;
        // The peer has gone (EHOSTUNREACH) or the socket is closed: nobody is left to read this message.
      }
      next.sent?.(delivered);
    }
    pump = undefined;
  }

  return {
    post(frames, sent) {
      queue.push({ frames, sent });
      pump ??= run();
    },
    async flushed() {
      await pump;
    },
  };
}
