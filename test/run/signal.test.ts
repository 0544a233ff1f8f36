import { encode } from "flatbuffers/mjs/flexbuffers.js";
import { describe, expect, it } from "vitest";
import { LabError } from "../../lib/errors.js";
import { convertToOnnx } from "../../lib/formats/onnx/write/convert.js";
import type { DType } from "../../lib/graph/dtype.js";
import { RandomStream } from "../../lib/models/random-stream.js";
import { bitLength, controlGain, logarithm, realFft, squareRoot, subtractNoise } from "./signal-reference.js";
import { customOptions, oneOperator, runInTurn, tensorOf } from "./stateful.js";

const stream = new RandomStream("signal");
const whole = (low: number, high: number) => Math.floor(stream.between(low, high));
const list = (count: number, low: number, high: number) =>
  Array.from({ length: count }, () => whole(low, high));
/** Numbers of every size below 2^bits. */
const wide = (count: number, bits: number) =>
  Array.from({ length: count }, () => Math.floor(2 ** stream.between(0, bits)) - 1);

const options = (values: Readonly<Record<string, number | boolean>>) =>
  customOptions(Uint8Array.from(encode(values)));

interface Constant {
  readonly dtype: DType;
  readonly values: readonly number[];
}

/** Returns a network of one signal operator, with one list as input and lists as outputs. */
function signal(
  op: string,
  fields: {
    readonly input: readonly [DType, number];
    readonly outputs: readonly (readonly [DType, number])[];
    readonly constants?: readonly Constant[];
    readonly options?: Readonly<Record<string, number | boolean>>;
  },
) {
  const [dtype, size] = fields.input;
  const constants = (fields.constants ?? []).map(({ dtype, values }, index) =>
    tensorOf(`constant${index}`, { dtype, shape: [values.length], values }),
  );
  return oneOperator(`CUSTOM:${op}`, {
    inputs: [tensorOf("x", { dtype, shape: [size] }), ...constants],
    outputs: fields.outputs.map(([dtype, size], index) =>
      tensorOf(`y${index}`, { dtype, shape: size === 0 ? [] : [size] }),
    ),
    attributes: options(fields.options ?? {}),
  });
}

const int16 = (values: readonly number[]): Constant => ({ dtype: "int16", values });

describe("signal operators in ONNX", () => {
  it("SignalWindow rounds products down", async () => {
    const [x, window] = [list(64, -32768, 32768), list(64, 0, 4097)];
    const model = signal("SignalWindow", {
      input: ["int16", 64],
      outputs: [["int16", 64]],
      constants: [int16(window)],
      options: { shift: 12 },
    });
    const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
    expect(found).toEqual(x.map((value, index) => (value * window[index]!) >> 12));
  });

  it.each([0, 1, 300, 16384, 32768])(
    "SignalFftAutoScale fills 15 bits from a largest sample of %i",
    async (size) => {
      const x = [...list(30, -Math.min(size, 32768), size), -size, 0];
      const model = signal("SignalFftAutoScale", {
        input: ["int16", 32],
        outputs: [
          ["int16", 32],
          ["int32", 0],
        ],
      });
      const [[found, shift]] = (await runInTurn(model, [x])) as [[number[], number[]]];
      const expected = Math.max(0, 15 - bitLength(size));
      expect(shift).toEqual([expected]);
      expect(found).toEqual(x.map((value) => value * 2 ** expected + 0));
    },
  );

  it.each([
    [16, 12, 32768],
    [32, 32, 32768],
    [64, 60, 100],
    [512, 480, 32768],
  ])("SignalRfft of %i gives KISS FFT's 16-bit integers", async (length, count, size) => {
    const x = list(count, -size, size);
    const bins = length + 2;
    const model = signal("SignalRfft", {
      input: ["int16", count],
      outputs: [["int16", bins]],
      options: { fft_length: length, T: 7 },
    });
    const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
    expect(found).toEqual(realFft([...x, ...new Array<number>(length - count).fill(0)]));
  });

  it("SignalEnergy squares the bins in its range", async () => {
    const x = [...list(18, -32768, 32768), -32768, -32768];
    const model = signal("SignalEnergy", {
      input: ["int16", 20],
      outputs: [["uint32", 10]],
      options: { start_index: 2, end_index: 10 },
    });
    const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
    const energy = (bin: number) => (bin < 2 ? 0 : x[2 * bin]! ** 2 + x[2 * bin + 1]! ** 2);
    expect(found).toEqual(Array.from({ length: 10 }, (_, bin) => energy(bin)));
    expect(found[9]).toBe(2 ** 31);
  });

  it("SignalFilterBank counts a bin for a channel and its neighbour", async () => {
    const x = list(12, 0, 2 ** 31);
    const [weights, unweights] = [list(9, 0, 4097), list(9, 0, 4097)];
    const [frequencies, starts, widths] = [
      [1, 3, 6, 9],
      [0, 2, 5, 8],
      [2, 3, 3, 1],
    ];
    const model = signal("SignalFilterBank", {
      input: ["uint32", 12],
      outputs: [["uint64", 3]],
      constants: [weights, unweights, frequencies, starts, widths].map(int16),
      options: { num_channels: 3 },
    });
    const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
    const part = (channel: number, by: readonly number[]) =>
      Array.from(
        { length: widths[channel]! },
        (_, at) => x[frequencies[channel]! + at]! * by[starts[channel]! + at]!,
      ).reduce((a, b) => a + b, 0);
    expect(found).toEqual([1, 2, 3].map((channel) => part(channel, weights) + part(channel - 1, unweights)));
  });

  it("SignalFilterBankSquareRoot rounds to the nearest, and shifts back", async () => {
    const edges = [
      0,
      1,
      2,
      3,
      6,
      7,
      2 ** 32 - 1,
      2 ** 32 - 2 ** 16,
      2 ** 32,
      2 ** 50 + 2 ** 25,
      2 ** 50 + 2 ** 25 + 1,
    ];
    const x = [...edges, ...wide(53, 51)];
    for (const shift of [0, 3]) {
      const model = signal("SignalFilterBankSquareRoot", {
        input: ["uint64", x.length],
        outputs: [["uint32", x.length]],
        constants: [{ dtype: "int32", values: [shift] }],
      });
      const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
      expect(found).toEqual(x.map((value) => squareRoot(BigInt(value)) >>> shift));
    }
  });

  it.each([false, true])(
    "SignalFilterBankSpectralSubtraction keeps its noise from run to run, clamping %s",
    async (clamping) => {
      const values = {
        alternate_one_minus_smoothing: 15401,
        alternate_smoothing: 983,
        clamping,
        min_signal_remaining: 819,
        num_channels: 8,
        one_minus_smoothing: 15975,
        smoothing: 409,
        smoothing_bits: 10,
        spectral_subtraction_bits: 14,
      };
      const model = signal("SignalFilterBankSpectralSubtraction", {
        input: ["uint32", 8],
        outputs: [
          ["uint32", 8],
          ["uint32", 8],
        ],
        options: values,
      });
      const frames = [0, 1, 2, 3].map(() => wide(8, 24));
      const noise = new Array<number>(8).fill(0);
      const expected = frames.map((frame) => [subtractNoise(frame, noise, values), [...noise]]);
      expect(await runInTurn(model, frames)).toEqual(expected);
    },
  );

  it("SignalPCAN bends what the gain of its noise makes of a channel", async () => {
    const [x, noise] = [wide(200, 22), [0, 1, 2, 3, ...wide(196, 31)]];
    const table = list(125, 0, 20000);
    const model = signal("SignalPCAN", {
      input: ["uint32", 200],
      outputs: [["uint32", 200]],
      constants: [{ dtype: "uint32", values: noise }, int16(table)],
      options: { snr_shift: 6 },
    });
    const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
    expect(found).toEqual(x.map((value, index) => controlGain(value, noise[index]!, table, 6)));
  });

  it.each([64, 1600])("SignalFilterBankLog follows its table, at a scale of %i", async (scale) => {
    const x = [0, 1, 2, 3, 2 ** 29 - 1, ...wide(195, 29)];
    const model = signal("SignalFilterBankLog", {
      input: ["uint32", 200],
      outputs: [["int16", 200]],
      options: { input_correction_bits: 3, output_scale: scale },
    });
    const [[found]] = (await runInTurn(model, [x])) as [[number[]]];
    expect(found).toEqual(x.map((value) => logarithm(value, 3, scale)));
  });

  it("name what they cannot do: a length with other factors, an option that is missing, another operator", () => {
    const odd = signal("SignalRfft", {
      input: ["int16", 24],
      outputs: [["int16", 26]],
      options: { fft_length: 24 },
    });
    expect(() => convertToOnnx(odd)).toThrow("transforms 24 samples, expected twice a product of twos");
    const bare = signal("SignalWindow", {
      input: ["int16", 4],
      outputs: [["int16", 4]],
      constants: [int16([1, 2, 3, 4])],
    });
    expect(() => convertToOnnx(bare)).toThrow("its option 'shift' is null, expected a number");
    const framer = signal("SignalFramer", { input: ["int16", 4], outputs: [["int16", 4]] });
    expect(() => convertToOnnx(framer)).toThrow(LabError);
    expect(() => convertToOnnx(framer)).toThrow("CUSTOM:SignalFramer");
  });
});
