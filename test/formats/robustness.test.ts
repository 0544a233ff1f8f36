/** Whatever the bytes: a model, or an error that says where; never another exception, never a hang. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FIXTURES } from "../../datasets/fixtures/make.js";
import { LabError } from "../../lib/errors.js";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { openModel } from "../../lib/formats/open.js";
import { decodeTflite } from "../../lib/formats/tflite/decode.js";
import { bufferSource } from "../../lib/source.js";

const TIME_LIMIT_MS = 2_000;
const MUTATIONS = 1_000;

/** Opens bytes and reads all constants; passes LabErrors, lets everything else through. */
function survive(bytes: Uint8Array, open: typeof openModel): void {
  const before = performance.now();
  try {
    const { graph } = open(bufferSource("mutant", bytes));
    for (const { data } of graph.constants()) data!.read();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    expect(error.describe().length).toBeLessThan(2_000);
  }
  expect(performance.now() - before).toBeLessThan(TIME_LIMIT_MS);
}

const DECODERS: Readonly<Record<string, typeof openModel>> = { tflite: decodeTflite, onnx: decodeOnnx };

describe.each(Object.entries(FIXTURES))("%s, damaged,", (name, make) => {
  const bytes = make();
  const decode = DECODERS[name.split(".").at(-1)!]!;

  it("opens or is refused when cut at any byte", () => {
    for (let length = 0; length < bytes.length; length++) {
      survive(bytes.subarray(0, length), openModel);
      survive(bytes.subarray(0, length), decode);
    }
  });

  it("opens or is refused with some bytes changed", () => {
    const edit = fc.record({
      at: fc.nat(bytes.length - 1),
      to: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
    });
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 8 }), (edits) => {
        const mutant = Uint8Array.from(bytes);
        for (const { at, to } of edits) mutant[at] = to;
        survive(mutant, decode);
      }),
      { seed: 20_260_101, numRuns: MUTATIONS },
    );
  });

  it("opens or is refused with a word overwritten or a piece moved", () => {
    const words = fc.constantFrom(0, 1, 4, 0x7fffffff, 0x80000000, 0xffffffff, 0xfffffffc, bytes.length);
    const move = fc.record({ from: fc.nat(bytes.length), to: fc.nat(bytes.length), length: fc.nat(64) });
    fc.assert(
      fc.property(fc.nat(bytes.length - 4), words, move, (at, word, { from, to, length }) => {
        const mutant = Uint8Array.from(bytes);
        new DataView(mutant.buffer).setUint32(at, word, true);
        survive(mutant, decode);
        mutant.copyWithin(to, from, from + length);
        survive(mutant, decode);
      }),
      { seed: 20_260_102, numRuns: MUTATIONS },
    );
  });
});
