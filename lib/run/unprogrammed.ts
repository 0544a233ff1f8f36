/** "What if it was never programmed": a network beside itself with erased weights, run on the same inputs. */
import { LabError } from "../errors.js";
import { convertToOnnx } from "../formats/onnx/write/convert.js";
import { onnxBytes } from "../formats/onnx/write/encode.js";
import { decodeElements } from "../graph/elements.js";
import type { Model } from "../graph/graph.js";
import { elementCount } from "../graph/shape.js";
import { eraseWeights } from "../image/erase.js";
import { openSession, type RunSession, type RunTensor } from "./onnxruntime.js";
import { seededInput } from "./seeded-input.js";

export interface UnprogrammedOptions {
  /** How many inputs to compare on; seeded noise. */
  readonly samples?: number;
  readonly seed?: string;
  /** Inputs to use in place of noise, by name. */
  readonly inputs?: readonly ReadonlyMap<string, RunTensor>[];
}

export interface UnprogrammedRun {
  /** Outputs of each sample, by name. */
  readonly programmed: readonly ReadonlyMap<string, RunTensor>[];
  readonly erased: readonly ReadonlyMap<string, RunTensor>[];
  readonly agreement: {
    /** Share of samples whose largest value of the first output is at the same place. */
    readonly top1: number;
    /** How many different places that are, with the right weights and with erased ones. */
    readonly answers: { readonly programmed: number; readonly erased: number };
    /** How many different first outputs the samples gave: 1 when the input does not matter at all. */
    readonly distinct: { readonly programmed: number; readonly erased: number };
    /** Largest difference of the first output, and how far its values reach with the right weights. */
    readonly largestDifference: number;
    readonly range: number;
    /** Share of the values of the erased first outputs that are no numbers. */
    readonly notNumbers: number;
  };
  /** Median milliseconds of a run on this machine. */
  readonly ms: { readonly programmed: number; readonly erased: number };
  readonly erasedBytes: number;
  readonly erasedLayers: number;
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!;

function firstOutput(session: RunSession, outputs: ReadonlyMap<string, RunTensor>): Float64Array {
  const { dtype, shape, data } = outputs.get(session.outputs[0]!.name)!;
  return decodeElements(dtype, data, elementCount(shape));
}

function largestAt(values: Float64Array): number {
  let at = -1;
  for (let index = 0; index < values.length; index++) {
    if (!Number.isNaN(values[index]!) && (at < 0 || values[index]! > values[at]!)) at = index;
  }
  return at;
}

/** Returns NaN for no values. */
function extremes(values: readonly number[]): { readonly least: number; readonly most: number } {
  let [least, most] = [Number.NaN, Number.NaN];
  for (const value of values) {
    if (!(least <= value)) least = value;
    if (!(most >= value)) most = value;
  }
  return { least, most };
}

function distinct(outputs: readonly Float64Array[]): number {
  return new Set(outputs.map((values) => values.join())).size;
}

/**
 * Runs a network with its weights and with erased ones and returns both outputs, how far they agree, and how long
 * each took. The two are run in turns, so that a busy machine is busy for both. Throws a LabError when ONNX cannot
 * say the network or the runtime is absent.
 */
export async function runUnprogrammed(
  model: Model,
  { samples = 8, seed = "unprogrammed", inputs }: UnprogrammedOptions = {},
): Promise<UnprogrammedRun> {
  const count = inputs?.length ?? samples;
  if (!Number.isSafeInteger(count) || count < 1) {
    throw new LabError({
      code: "SAMPLES",
      message: `Cannot compare on ${count} samples: expected 1 or more`,
    });
  }
  const { model: without, bytes, layers } = eraseWeights(model);
  const right = await openSession(onnxBytes(convertToOnnx(model)));
  const wrong = await openSession(onnxBytes(convertToOnnx(without)));
  try {
    const programmed: Map<string, RunTensor>[] = [];
    const erased: Map<string, RunTensor>[] = [];
    const ms = { programmed: [] as number[], erased: [] as number[] };
    for (let sample = 0; sample < count; sample++) {
      const fed =
        inputs?.[sample] ??
        new Map(right.inputs.map((slot) => [slot.name, seededInput(slot, `${seed}/${sample}`)]));
      const timed = async (session: RunSession, times: number[]) => {
        const start = performance.now();
        const outputs = await session.run(fed);
        times.push(performance.now() - start);
        return outputs;
      };
      programmed.push(await timed(right, ms.programmed));
      erased.push(await timed(wrong, ms.erased));
    }
    const good = programmed.map((outputs) => firstOutput(right, outputs));
    const bad = erased.map((outputs) => firstOutput(wrong, outputs));
    const places = { programmed: good.map(largestAt), erased: bad.map(largestAt) };
    const pairs = good.flatMap((values, sample) =>
      [...values].map((value, at) => Math.abs(value - bad[sample]![at]!)),
    );
    const numbers = pairs.filter((value) => !Number.isNaN(value));
    const all = good.flatMap((values) => [...values]);
    return {
      programmed,
      erased,
      agreement: {
        top1: places.programmed.filter((place, sample) => place === places.erased[sample]).length / count,
        answers: { programmed: new Set(places.programmed).size, erased: new Set(places.erased).size },
        distinct: { programmed: distinct(good), erased: distinct(bad) },
        largestDifference: extremes(numbers).most,
        range: extremes(all).most - extremes(all).least,
        notNumbers: bad.reduce((sum, values) => sum + values.filter(Number.isNaN).length, 0) / all.length,
      },
      ms: { programmed: median(ms.programmed), erased: median(ms.erased) },
      erasedBytes: bytes,
      erasedLayers: layers,
    };
  } finally {
    await right.close();
    await wrong.close();
  }
}
