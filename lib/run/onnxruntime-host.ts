/**
 * The process that ONNX Runtime runs in. An inference cannot be cut from inside: the runtime's run holds its
 * thread until it is done. A process can be ended at any time, and takes a crash of the runtime with it.
 *
 * Started by onnxruntime.ts; speaks `HostRequest` and `HostReply` over Node's channel.
 */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { HostReply, HostRequest, HostSlot } from "./host-messages.js";

const sessions = new Map<number, InferenceSession>();
let runtime: typeof import("onnxruntime-node") | undefined;

async function answer(request: HostRequest): Promise<Omit<HostReply, "id">> {
  switch (request.op) {
    case "open": {
      try {
        runtime ??= await import("onnxruntime-node");
      } catch (error) {
        return { missing: String(error) };
      }
      const { model, options } = request;
      const session =
        typeof model === "string"
          ? await runtime.InferenceSession.create(model, options)
          : await runtime.InferenceSession.create(model, options);
      sessions.set(request.session, session);
      return { inputs: session.inputMetadata.map(slot), outputs: session.outputMetadata.map(slot) };
    }
    case "run": {
      const session = sessions.get(request.session);
      if (session === undefined || runtime === undefined) throw new Error("the session is closed");
      const feeds: Record<string, OrtTensor> = {};
      for (const { name, type, shape, data } of request.feeds) {
        feeds[name] = new runtime.Tensor(type as "float32", data as Float32Array, shape);
      }
      const results = Object.entries(await session.run(feeds));
      return { results: results.map(([name, { type, dims, data }]) => ({ name, type, shape: dims, data })) };
    }
    case "close":
      await sessions.get(request.session)?.release();
      sessions.delete(request.session);
      return {};
    default:
      return request satisfies never;
  }
}

function slot(value: InferenceSession.ValueMetadata): HostSlot {
  return value.isTensor
    ? { name: value.name, type: value.type, shape: value.shape }
    : { name: value.name, type: null, shape: [] };
}

process.on("message", (request: HostRequest) => {
  answer(request)
    .catch((error: unknown) => ({ failure: error instanceof Error ? error.message : String(error) }))
    .then((reply) => process.send?.({ id: request.id, ...reply } satisfies HostReply));
});
// Whoever started this process has ended: nobody is left to run for.
process.on("disconnect", () => process.exit(0));
