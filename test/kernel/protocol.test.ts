import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { Dealer } from "zeromq";
import { address } from "../../kernel/protocol/connection.js";
import { newHeader, pack } from "../../kernel/protocol/message.js";
import { sharedKernel } from "./harness.js";

const shared = sharedKernel();
const { run } = shared;

describe("requests", () => {
  test("kernel_info names protocol and language", () => {
    expect(shared.kernel.info).toMatchObject({
      status: "ok",
      protocol_version: "5.4",
      language_info: { name: "typescript", file_extension: ".ts", version: expect.stringMatching(/^6\./) },
    });
  });

  test("execute counts, announces its input and answers once idle", async () => {
    const { types, contents } = await run("1 + 1");
    expect(types).toEqual(["execute_input", "execute_result"]);
    expect(contents[0]?.execution_count).toBe(contents[1]?.execution_count);
  });

  test("silent requests publish nothing and do not count", async () => {
    const before = (await run("0")).contents[0]?.execution_count;
    expect((await run("2", { silent: true })).types).toEqual([]);
    await run("3", { storeHistory: false });
    expect((await run("4")).contents[0]?.execution_count).toBe(Number(before) + 1);
  });

  test("user_expressions are evaluated, each with its own status", async () => {
    const { reply } = await shared.kernel.execute("const u = 2", {
      userExpressions: { ok: "u + 1", bad: "nope" },
    });
    expect(reply.user_expressions).toMatchObject({
      ok: { status: "ok", data: { "text/plain": "3" } },
      bad: { status: "error", ename: "TypeScriptError" },
    });
  });

  test("after a failure what waits is aborted; with stop_on_error off it runs", async () => {
    const all = (stopOnError: boolean) =>
      Promise.all([run("throw new Error('x')", { stopOnError }), run("1"), run("2")]);
    expect((await all(true)).map(({ status }) => status)).toEqual(["error", "aborted", "aborted"]);
    expect((await run("3")).result).toBe("3");
    expect((await all(false)).map(({ status }) => status)).toEqual(["error", "ok", "ok"]);
  });

  test("completion knows members and names of earlier cells, by code point", async () => {
    await run("const wideName = { alpha: 1 }");
    const ask = async (code: string) => {
      const { content } = await shared.kernel.request("shell", "complete_request", {
        code,
        cursor_pos: [...code].length,
      });
      return content as { matches: string[]; cursor_start: number; cursor_end: number };
    };
    expect((await ask("Math.ab")).matches).toContain("abs");
    expect((await ask("wideN")).matches).toEqual(["wideName"]);
    expect(await ask("'\u{1f600}'; wideName.al")).toMatchObject({
      matches: ["alpha"],
      cursor_start: 14,
      cursor_end: 16,
    });
  });

  test("inspection gives signature and documentation", async () => {
    await run("/** Adds one. */\nfunction addOne(n: number) { return n + 1 }");
    const { content } = await shared.kernel.request("shell", "inspect_request", {
      code: "addOne(1)",
      cursor_pos: 6,
    });
    expect(content).toMatchObject({
      found: true,
      data: { "text/plain": expect.stringMatching(/^addOne\(n: number\): number\n\nAdds one\./) },
    });
    const none = await shared.kernel.request("shell", "inspect_request", { code: "  ", cursor_pos: 1 });
    expect(none.content).toMatchObject({ status: "ok", found: false });
  });

  test("is_complete, history and comm_info", async () => {
    const complete = await shared.kernel.request("shell", "is_complete_request", { code: "if (x) {" });
    expect(complete.content).toEqual({ status: "incomplete", indent: "  " });
    await run("'to be found'");
    const history = await shared.kernel.request("shell", "history_request", {
      hist_access_type: "search",
      pattern: "*be f*",
      output: false,
      raw: true,
    });
    expect(history.content.history).toMatchObject([[1, expect.any(Number), "'to be found'"]]);
    const comms = await shared.kernel.request("shell", "comm_info_request");
    expect(comms.content).toEqual({ status: "ok", comms: {} });
  });

  test("a question is answered by the front end, or refused when nobody answers", async () => {
    expect((await run("prompt('name? ')", { onInput: (question) => `Ann to ${question}` })).result).toBe(
      "'Ann to name? '",
    );
    expect((await run("prompt('name?')")).error?.evalue).toMatch(/does not take questions/);
  });

  test("a message signed with another key is not heard", async () => {
    const { connection } = shared.kernel;
    const socket = new Dealer({ linger: 0, receiveTimeout: 300 });
    socket.connect(address(connection, "control"));
    const message = {
      identities: [],
      header: newHeader({ type: "kernel_info_request", session: "x" }),
      parent: {},
      metadata: {},
      content: {},
    };
    await socket.send(pack(message, "another key"));
    await expect(socket.receive()).rejects.toThrow();
    await socket.send(pack(message, connection.key));
    expect((await socket.receive()).length).toBeGreaterThan(5);
    socket.close();
  });
});

describe("while a cell runs", () => {
  test("control requests and completion are answered", async () => {
    const busy = run("const until = Date.now() + 1500; while (Date.now() < until);");
    await pause(300);
    const started = performance.now();
    await shared.kernel.request("control", "kernel_info_request");
    const control = performance.now() - started;
    const { content } = await shared.kernel.request("shell", "complete_request", {
      code: "Math.ab",
      cursor_pos: 7,
    });
    expect(content.matches).toContain("abs");
    expect(control).toBeLessThan(250);
    expect(performance.now() - started).toBeLessThan(1100);
    expect((await busy).status).toBe("ok");
  });
});
