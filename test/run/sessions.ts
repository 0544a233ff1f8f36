/** Runs of ONNX bytes with seeded inputs, for tests that compare two files of one network. */
import { openSession, type RunTensor, type SessionOptions } from "../../lib/run/onnxruntime.js";
import { seededInput } from "../../lib/run/seeded-input.js";

/** Returns the outputs of a model in the order of the file, for inputs of a seed. */
export async function runSeeded(
  model: Uint8Array | string,
  seed: string,
  options: SessionOptions = {},
): Promise<[name: string, value: RunTensor][]> {
  const session = await openSession(model, options);
  try {
    const results = await session.run(
      new Map(session.inputs.map((slot) => [slot.name, seededInput(slot, seed)])),
    );
    return session.outputs.map(({ name }) => [name, results.get(name)!]);
  } finally {
    await session.close();
  }
}
