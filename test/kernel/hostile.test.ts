import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
beforeAll(async () => {
  peer = await connectPeer(shared.kernel.connection);
  await run("let kept = 41");
}, 60_000);
afterAll(() => peer?.close());

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
    stop_on_error: fc.constant(false),
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
  "nothing_request",
);
const valid = fc.record({
  kind: fc.constant("valid" as const),
  channel: fc.constantFrom("shell" as const, "control" as const),
  type,
  content,
});
/** Not to be heard at all: damaged, unsigned, or said before. */
const refused = fc.record({
  kind: fc.constantFrom("bytes" as const, "unsigned" as const, "replay" as const, "cut" as const),
  frames: fc.array(fc.uint8Array({ maxLength: 20 }), { minLength: 1, maxLength: 6 }),
});

describe("any conversation", () => {
  test("each request gets busy, one reply and idle; what is not signed or was said before gets nothing", async () => {
    const { key } = shared.kernel.connection;
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof({ weight: 4, arbitrary: valid }, refused), { minLength: 1, maxLength: 12 }),
        async (messages) => {
          const asked: Asked[] = [];
          const ghosts: string[] = [];
          let last: (string | Buffer)[] | undefined;
          for (const message of messages) {
            if (message.kind === "valid") {
              const header = newHeader({ type: message.type, session: peer.session });
              const body = { identities: [], header, parent: {}, metadata: {}, content: message.content };
              // JSON drops what is undefined.
              last = pack(body, key);
              await peer.sendFrames(message.channel, last);
              // A control channel runs no cells.
              asked.push({ id: header.msg_id, channel: message.channel, type: message.type });
            } else if (message.kind === "replay") {
              if (last !== undefined) await peer.sendFrames("shell", last);
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
          for (const { id, type, channel } of asked) {
            await peer.until(isIdleOf(id));
            if (type === "execute_request" && channel === "shell") await peer.until(isReplyTo(id));
          }
          // Replies travel on another socket than `idle`: one more round on each, and all of them are here.
          for (const channel of ["shell", "control"] as const)
            await peer.until(isReplyTo(await peer.send(channel, "kernel_info_request")));
          expect(judge(asked, peer.heard)).toEqual([]);
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
    const other = await connectPeer(shared.kernel.connection);
    try {
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
    } finally {
      other.close();
    }
  });
});

describe("the end of either side", () => {
  const folder = mkdtempSync(join(tmpdir(), "npulab-ends-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("kill -9 of the kernel in a cell is noticed and its history is there afterwards", async () => {
    const { startKernel } = await import("../../kernel/client.js");
    const env = { NPULAB_HISTORY: join(folder, "history.jsonl") };
    const first = await startKernel({ env });
    await first.execute("'remembered'");
    const running = first.execute("while (true) {}");
    setTimeout(() => first.kill(), 250);
    await expect(running).rejects.toThrow(/the kernel died \(signal SIGKILL\)/);
    await first.died;
    const second = await startKernel({ env });
    const { content } = await second.request("shell", "history_request", { hist_access_type: "tail", n: 9 });
    expect(content.history).toEqual([
      [1, 1, "'remembered'"],
      [1, 2, "while (true) {}"],
    ]);
    second.kill();
    await second.died;
  }, 60_000);
});
