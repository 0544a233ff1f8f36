import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Message, newHeader, pack, parse } from "../../kernel/protocol/message.js";

const message: Message = {
  identities: [Buffer.from("client")],
  header: newHeader({ type: "execute_request", session: "s" }),
  parent: {},
  metadata: {},
  content: { code: "1 + 1", unicode: "µ → \u{1f600}" },
};
const frames = (key: string) => pack(message, key).map((frame) => Buffer.from(frame));

describe("pack() and parse()", () => {
  test("parse() gives back what pack() was given", () => {
    expect(parse(frames("key"), "key")).toEqual({ message });
  });

  test("parse() refuses a signature made with another key", () => {
    expect(parse(frames("other"), "key")).toEqual({ refused: "bad signature" });
  });

  test("parse() refuses content changed after signing", () => {
    const changed = frames("key");
    changed[6] = Buffer.from('{"code":"process.exit()"}');
    expect(parse(changed, "key")).toEqual({ refused: "bad signature" });
  });

  test("parse() refuses an unsigned message when a key is set", () => {
    expect(parse(frames(""), "key")).toEqual({ refused: "bad signature" });
  });

  test("an empty key means unsigned, as the protocol says", () => {
    expect(parse(frames(""), "")).toEqual({ message });
  });

  test("parse() never throws, whatever the frames hold", () => {
    const frame = fc.oneof(
      fc.uint8Array({ maxLength: 20 }),
      fc.constant(Buffer.from("<IDS|MSG>")),
      fc.json(),
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8 }), fc.constantFrom("", "key"), (parts, key) => {
        const parsed = parse(
          parts.map((part) => Buffer.from(part as string)),
          key,
        );
        expect("refused" in parsed || "message" in parsed).toBe(true);
      }),
    );
  });
});
