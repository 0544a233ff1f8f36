import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sharedKernel } from "./harness.js";
import { connectPeer, isIdleOf, isReplyTo, type Peer } from "./peer.js";

const shared = sharedKernel();
const { run } = shared;
let peer: Peer;

beforeAll(async () => {
  peer = await connectPeer(shared.kernel.connection);
  const { error } = await run(`
import { openComm, registerCommTarget } from "tslab";
registerCommTarget("echo", (comm, { data }) => {
  comm.send({ opened: data });
  comm.onMessage(({ data, buffers }) => comm.send({ got: data, bytes: buffers.map((b) => [...b]) }, { buffers }));
  comm.onClose(() => console.log("closed by the front end"));
});
registerCommTarget("broken", () => { throw new Error("no comms today"); });
`);
  expect(error).toBeUndefined();
}, 60_000);
afterAll(() => peer?.close());

const commMessages = (id: string, type = "comm_msg") =>
  peer.heard.filter(({ header, content }) => header.msg_type === type && content.comm_id === id);
const infoOf = async (target = "") => {
  const id = await peer.send("shell", "comm_info_request", { target_name: target });
  return (await peer.until(isReplyTo(id))).content.comms;
};

describe("comms", () => {
  test("a registered target answers what a front end opens and sends, bytes included", async () => {
    const opened = await peer.send("shell", "comm_open", {
      comm_id: "c1",
      target_name: "echo",
      data: { a: 1 },
    });
    await peer.until(isIdleOf(opened));
    expect(commMessages("c1").map(({ content }) => content.data)).toEqual([{ opened: { a: 1 } }]);
    expect(commMessages("c1")[0]?.parent.msg_id).toBe(opened);
    expect(await infoOf("echo")).toEqual({ c1: { target_name: "echo" } });
    expect(await infoOf("another")).toEqual({});

    const sent = await peer.send("shell", "comm_msg", { comm_id: "c1", data: { b: 2 } }, [
      Buffer.from([7, 8]),
    ]);
    await peer.until(isIdleOf(sent));
    const answer = commMessages("c1").at(-1);
    expect(answer?.content.data).toEqual({ got: { b: 2 }, bytes: [[7, 8]] });
    expect(answer?.buffers).toEqual([Buffer.from([7, 8])]);

    const closed = await peer.send("shell", "comm_close", { comm_id: "c1", data: {} });
    await peer.until(isIdleOf(closed));
    const printed = peer.answersTo(closed).find(({ header }) => header.msg_type === "stream");
    expect(printed?.content.text).toBe("closed by the front end\n");
    expect(await infoOf()).toEqual({});
  });

  test("a target that nobody registered is closed at once", async () => {
    const id = await peer.send("shell", "comm_open", { comm_id: "c2", target_name: "nothing", data: {} });
    await peer.until(isIdleOf(id));
    expect(commMessages("c2", "comm_close")).toHaveLength(1);
    expect(await infoOf()).toEqual({});
  });

  test("an error in a handler is shown and harms nobody", async () => {
    const id = await peer.send("shell", "comm_open", { comm_id: "c3", target_name: "broken", data: {} });
    await peer.until(isIdleOf(id));
    const shown = peer.answersTo(id).find(({ header }) => header.msg_type === "stream");
    expect(shown?.content).toMatchObject({ name: "stderr", text: expect.stringContaining("no comms today") });
    expect((await run("1 + 1")).result).toBe("2");
  });

  test("a cell opens a comm to the front end, hears of it and closes it", async () => {
    const ran = await run(
      "const comm = openComm('view', { data: { plot: 1 } }); let last: unknown; comm.onMessage((m) => { last = m.data }); comm.id",
    );
    const id = ran.result?.replaceAll("'", "") ?? "";
    const opening = await peer.until(({ content }) => content.comm_id === id);
    expect(opening.content).toMatchObject({ target_name: "view", data: { plot: 1 } });
    const sent = await peer.send("shell", "comm_msg", { comm_id: id, data: { zoom: 2 } });
    await peer.until(isIdleOf(sent));
    expect((await run("last")).result).toBe("{ zoom: 2 }");
    await run("comm.close(); comm.close()");
    await peer.until(({ header }) => header.msg_type === "comm_close");
    expect(commMessages(id, "comm_close")).toHaveLength(1);
    expect((await run("comm.send({})")).error?.evalue).toMatch(/it is closed$/);
  });
});
