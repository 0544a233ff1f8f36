/**
 * What the protocol promises of any conversation, however odd: a small judge of everything that was heard.
 *
 *     status busy ─ outputs of this request ─ status idle     one such span per request, on iopub
 *     one reply per request, on the channel it came by        its type is the request's
 */
import type { Heard } from "./peer.js";

export interface Asked {
  readonly id: string;
  readonly channel: "shell" | "control" | "stdin";
  readonly type: string;
}

/** Returns every broken promise, in words; empty when the conversation holds. */
export function judge(asked: readonly Asked[], heard: readonly Heard[]): string[] {
  const faults: string[] = [];
  for (const { id, channel, type } of asked) {
    const mine = heard.filter(({ parent }) => parent.msg_id === id);
    const say = (what: string) => faults.push(`${channel} ${type}: ${what}`);
    const published = mine.filter((message) => message.channel === "iopub");
    const states = published
      .filter(({ header }) => header.msg_type === "status")
      .map(({ content }) => String(content.execution_state));
    if (states.join() !== "busy,idle") say(`states were '${states.join()}', expected 'busy,idle'`);
    const ends = [published[0], published.at(-1)].map((message) => message?.header.msg_type);
    if (ends.some((end) => end !== "status")) say("output outside of busy … idle");

    const replies = mine.filter((message) => message.channel !== "iopub");
    const expected = repliesTo(type, channel);
    if (replies.length !== expected) say(`${replies.length} replies, expected ${expected}`);
    for (const reply of replies) {
      if (reply.channel !== channel) say(`replied on ${reply.channel}`);
      const replyType = type.replace(/_request$/, "_reply");
      if (reply.header.msg_type !== replyType) say(`replied ${reply.header.msg_type}, expected ${replyType}`);
      const { status } = reply.content;
      if (
        replyType !== "debug_reply" &&
        replyType !== "is_complete_reply" &&
        !/^(ok|error|aborted)$/.test(String(status))
      )
        say(`reply status '${status}'`);
    }
  }
  return faults;
}

const ANSWERED = new Set([
  "kernel_info_request",
  "complete_request",
  "inspect_request",
  "is_complete_request",
  "history_request",
  "comm_info_request",
  "debug_request",
  "interrupt_request",
]);

function repliesTo(type: string, channel: Asked["channel"]): number {
  if (type === "execute_request") return channel === "shell" ? 1 : 0;
  return ANSWERED.has(type) ? 1 : 0;
}
