import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { newHeader, pack } from "../../kernel/protocol/message.js";
import { sharedKernel } from "./harness.js";
import { type Asked, judge } from "./model.js";
import { connectPeer, isIdleOf, isReplyTo, type Peer } from "./peer.js";

/** `npm run soak` sends more. */
const RUNS = Number(process.env.SOAK_MESSAGES ?? 12);

const shared = sharedKernel();
const { run } = shared;
let peer: Peer;
let other: Peer;
beforeAll(async () => {
  peer = await connectPeer(shared.kernel.connection);
  other = await connectPeer(shared.kernel.connection);
  await run("let kept = 41");
}, 60_000);
afterAll(() => {
  peer?.close();
  other?.close();
});

const odd = fc.oneof(
  fc.constant(undefined),
  fc.constant(null),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.string(),
  fc.array(fc.integer(), { maxLength: 3 }),
  fc.constant({ a: 1 }),
);
const code = fc.constantFrom(
  "1 + 1",
  "",
  "const a = 1",
  "console.log('out')",
  "throw new Error('x')",
  "let = ;",
  "const n: string = 1",
  "await null",
  "}",
  "import 'no-such'",
  "'\u{1f600}'.length",
  "console.error('e'); 2",
);
const content = fc.record(
  {
    code: fc.oneof(code, odd),
    cursor_pos: fc.oneof(fc.integer({ min: -3, max: 20 }), odd),
    silent: fc.oneof(fc.boolean(), odd),
    store_history: fc.oneof(fc.boolean(), odd),
    stop_on_error: fc.oneof(fc.boolean(), odd),
    allow_stdin: odd,
    user_expressions: fc.oneof(fc.constant({ x: "1 + 1" }), odd),
    hist_access_type: fc.constantFrom("tail", "range", "search", "nothing"),
    n: odd,
    session: odd,
    start: odd,
    stop: odd,
    pattern: fc.oneof(fc.constant("*1*"), odd),
    unique: odd,
    output: odd,
    comm_id: odd,
    target_name: odd,
    data: odd,
    seq: odd,
    command: odd,
    detail_level: odd,
  },
  { requiredKeys: [] },
);
const type = fc.constantFrom(
  "execute_request",
  "execute_request",
  "complete_request",
  "inspect_request",
  "is_complete_request",
  "history_request",
  "kernel_info_request",
  "comm_info_request",
  "comm_open",
  "comm_msg",
  "comm_close",
  "debug_request",
  "interrupt_request",
  "nothing_request",
);
const valid = fc.record({
  kind: fc.constant("valid" as const),
  from: fc.constantFrom(0, 1),
  channel: fc.constantFrom("shell" as const, "control" as const),
  type,
  content,
});
/** Not to be heard at all: damaged, unsigned, or said before; or an answer that nobody asked for. */
const refused = fc.record({
  kind: fc.constantFrom(
    "bytes" as const,
    "unsigned" as const,
    "replay" as const,
    "cut" as const,
    "answer" as const,
  ),
  frames: fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 6 }),
});

describe("any conversation", () => {
  test("each request of two front ends gets busy, one reply and idle; what is not signed or was said before, or answers no question, gets nothing", async () => {
    const { key } = shared.kernel.connection;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: valid }, refused), { minLength: 1, maxLength: 12 }),
        async (messages) => {
          const asked: Asked[][] = [[], []];
          const peers = [peer, other];
          const ghosts: string[] = [];
          let last: (string | Buffer)[] | undefined;
          for (const message of messages) {
            if (message.kind === "valid") {
              const from = peers[message.from] as Peer;
              const header = newHeader({ type: message.type, session: from.session });
              const body = { identities: [], header, parent: {}, metadata: {}, content: message.content };
              // JSON drops what is undefined.
              last = pack(body, key);
              await from.sendFrames(message.channel, last);
              // A control channel runs no cells.
              asked[message.from]?.push({ id: header.msg_id, channel: message.channel, type: message.type });
            } else if (message.kind === "replay") {
              if (last !== undefined) await peer.sendFrames("shell", last);
            } else if (message.kind === "answer") {
              ghosts.push(await peer.send("stdin", "input_reply", { value: "unasked" }));
            } else if (message.kind === "bytes") {
              await peer.sendFrames(
                "shell",
                message.frames.map((each) => Buffer.from(each)),
              );
            } else {
              const header = newHeader({ type: "execute_request", session: peer.session });
              ghosts.push(header.msg_id);
              const body = {
                identities: [],
                header,
                parent: {},
                metadata: {},
                content: { code: "kept = 0" },
              };
              const frames = pack(body, message.kind === "unsigned" ? "" : key);
              await peer.sendFrames("shell", message.kind === "cut" ? frames.slice(0, 4) : frames);
            }
          }
          for (const [index, each] of peers.entries()) {
            for (const { id, type, channel } of asked[index] ?? []) {
              await each.until(isIdleOf(id));
              if (type === "execute_request" && channel === "shell") await each.until(isReplyTo(id));
            }
            // Replies travel on another socket than `idle`: one more round on each, and all of them are here.
            for (const channel of ["shell", "control"] as const)
              await each.until(isReplyTo(await each.send(channel, "kernel_info_request")));
            expect(judge(asked[index] ?? [], each.heard)).toEqual([]);
          }
          expect(ghosts.flatMap((id) => peer.answersTo(id))).toEqual([]);
        },
      ),
      { seed: 20, numRuns: RUNS, endOnFailure: true },
    );
    expect((await run("kept")).result).toBe("41");
  }, 600_000);

  test("debug_request is declined in the words of the debugger's protocol", async () => {
    const id = await peer.send("control", "debug_request", {
      seq: 3,
      type: "request",
      command: "initialize",
    });
    expect((await peer.until(isReplyTo(id))).content).toMatchObject({
      type: "response",
      request_seq: 3,
      command: "initialize",
      success: false,
      message: expect.stringMatching(/no debugger/),
    });
  });

  test("a question may ask for a password", async () => {
    const id = await peer.send("shell", "execute_request", {
      code: "prompt('key? ', { password: true })",
      allow_stdin: true,
    });
    const { content } = await peer.until(
      (message) => message.channel === "stdin" && message.parent.msg_id === id,
    );
    expect(content).toEqual({ prompt: "key? ", password: true });
    await peer.send("stdin", "input_reply", { value: "secret" });
    const answered = await peer.until(
      (message) => message.channel === "shell" && message.parent.msg_id === id,
    );
    expect(answered.content.status).toBe("ok");
  });
});

describe("two front ends at once", () => {
  test("each hears its own answers; a failure of one does not abort the other's cells", async () => {
    const slow = await peer.send("shell", "execute_request", {
      code: "await new Promise((r) => setTimeout(r, 300)); throw new Error('mine')",
    });
    const mine = await peer.send("shell", "execute_request", { code: "'never'" });
    const theirs = await other.send("shell", "execute_request", { code: "'theirs'" });
    const reply = async (who: Peer, id: string) => (await who.until(isReplyTo(id))).content.status;
    expect([await reply(peer, slow), await reply(peer, mine), await reply(other, theirs)]).toEqual([
      "error",
      "aborted",
      "ok",
    ]);
    await peer.until(isIdleOf(theirs));
    expect(peer.answersTo(theirs).every(({ channel }) => channel === "iopub")).toBe(true);
  });
});
