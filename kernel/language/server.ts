/** The language of one notebook as a process of its own: answers one request after the other. */
import type { FromLanguage, ToLanguage } from "../threads.js";
import { useIdleTime } from "./idle.js";
import type { LanguageSession } from "./session.js";

/** Answers what the kernel asks until it ends, and ends then. */
export function serve(session: LanguageSession): void {
  const send = (message: FromLanguage) => {
    if (process.connected) process.send?.(message);
  };
  // Ctrl-C in a terminal reaches every process of the kernel and is meant for the cell.
  process.on("SIGINT", () => {});
  process.on("disconnect", () => process.exit());
  process.on("message", (message: ToLanguage) => {
    idle.requested();
    if ("commit" in message) {
      session.commit(message.commit.module, message.commit.names);
      return;
    }
    try {
      send({ id: message.id, reply: session.answer(message.request) });
    } catch (error) {
      const failure = error instanceof Error ? (error.stack ?? error.message) : String(error);
      send({ id: message.id, failure });
    }
  });
  send({ ready: true });
  const idle = useIdleTime(session);
}
