/**
 * Remembers signatures so that a recorded message cannot be sent a second time: it would be signed well, and
 * run its code again. Every message has its own id, so two honest ones never share a signature.
 */
export interface Replays {
  /** Returns false for a signature that was accepted before. */
  accept(signature: string): boolean;
}

/** As many as ipykernel's session keeps (jupyter_client, session.py, `digest_history_size`). */
const REMEMBERED = 1 << 16;

export function replays(remembered = REMEMBERED): Replays {
  const seen = new Set<string>();
  return {
    accept(signature) {
      if (signature === "") return true; // a kernel without a key: nothing tells a replay
      if (seen.has(signature)) return false;
      seen.add(signature);
      if (seen.size > remembered) {
        const [oldest] = seen;
        if (oldest !== undefined) seen.delete(oldest);
      }
      return true;
    },
  };
}
