/**
 * The audio front end of tflite-micro, integer by integer: from samples to the logarithms of a filter bank.
 * Source of each operator: tensorflow/tflite-micro, signal/src and signal/micro/kernels, file of its name.
 */
import { tensorNumbers } from "../../../graph/elements.js";
import { Tensor } from "../../../graph/tensor.js";
import { type FlexValue, flexMap } from "../../shared/flexbuffer.js";
import { Exact } from "./exact.js";
import { realFft } from "./lower-fft.js";
import type { Rewrite } from "./rewrite.js";

/** Returns how to read an option by name; throws a LabError that names the node where it is missing. */
function optionsOf(rewrite: Rewrite): (name: string) => number {
  const { customOptions } = rewrite.node.attributes;
  const found: ReadonlyMap<string, FlexValue> =
    customOptions instanceof Tensor && customOptions.data ? flexMap(customOptions.data.read()) : new Map();
  return (name) => {
    const value = found.get(name);
    if (typeof value === "boolean") return value ? 1 : 0;
    if (typeof value === "number") return value;
    throw rewrite.refuse(`its option '${name}' is ${JSON.stringify(value ?? null)}, expected a number`);
  };
}

function constantNumbersOf(rewrite: Rewrite, index: number): readonly number[] {
  const tensor = rewrite.node.input(index);
  if (!tensor.isConstant)
    throw rewrite.refuse(`'${tensor.name}' is computed at run time, expected a constant`);
  return Array.from(tensorNumbers(tensor));
}

function checkTypes(rewrite: Rewrite, input: string, output: string): void {
  const found = `${rewrite.node.input(0).dtype} to ${rewrite.node.output().dtype}`;
  if (found !== `${input} to ${output}`)
    throw rewrite.refuse(`it takes ${found}, expected ${input} to ${output}`);
}

/** A product with the window, rounded down. */
export function signalWindow(rewrite: Rewrite): void {
  checkTypes(rewrite, "int16", "int16");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const product = exact.multiply(exact.read(node.input(0)), exact.read(node.input(1)));
  const shifted = exact.shiftRight(product, optionsOf(rewrite)("shift"));
  exact.give(node.output(), exact.least(exact.most(shifted, -32768), 32767));
}

/** Shifts samples to the left so far that the largest fills 15 bits; gives the samples and the shift. */
export function signalAutoScale(rewrite: Rewrite): void {
  checkTypes(rewrite, "int16", "int16");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const samples = exact.read(node.input(0));
  const sizes = exact.node("Abs", [samples], samples.staticShape());
  const largest = exact.node("ReduceMax", [sizes], [], { keepdims: 0 });
  const shift = exact.most(exact.subtract(exact.scalar(15), exact.bitLength(largest, 16)), 0);
  const factors = Array.from({ length: 16 }, (_, bits) => 2 ** bits);
  exact.give(node.output(), exact.multiply(samples, exact.lookUp(factors, shift)));
  exact.give(node.output(1), shift);
}

/** Samples are filled up with zeros to the length of the transform. */
export function signalRfft(rewrite: Rewrite): void {
  checkTypes(rewrite, "int16", "int16");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const length = optionsOf(rewrite)("fft_length");
  const count = node.input(0).staticShape().at(-1) ?? 1;
  if (count !== node.input(0).size || count > length) {
    throw rewrite.refuse(
      `its input is ${node.input(0).staticShape().join("x")}, expected one row of up to ${length} samples`,
    );
  }
  const samples = exact.reshape(exact.read(node.input(0)), [count]);
  const missing = exact.constant(new Array<number>(length - count).fill(0));
  const filled = count === length ? samples : exact.concat([samples, missing], 0);
  exact.give(node.output(), realFft(exact, rewrite, filled, length));
}

/** re² + im² of the bins from start_index up to end_index; the others, which the kernel leaves alone, are 0. */
export function signalEnergy(rewrite: Rewrite): void {
  checkTypes(rewrite, "int16", "uint32");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const option = optionsOf(rewrite);
  const [start, end] = [option("start_index"), option("end_index")];
  const bins = node.output().size;
  const parts = exact.reshape(exact.read(node.input(0)), [bins, 2]);
  const energies = exact.sum(exact.multiply(parts, parts), 1);
  const mask = Array.from({ length: bins }, (_, bin) => (bin >= start && bin < end ? 1 : 0));
  exact.give(node.output(), mask.includes(0) ? exact.multiply(energies, exact.constant(mask)) : energies);
}

/**
 * Each bin counts for two neighbouring channels, with a weight and an unweight: a product with one matrix. Sums
 * stay below 2^52 as long as weights have 12 bits and bins are no more than 512.
 */
export function signalFilterBank(rewrite: Rewrite): void {
  checkTypes(rewrite, "uint32", "uint64");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const channels = optionsOf(rewrite)("num_channels");
  const [weights, unweights, frequencies, starts, widths] = [1, 2, 3, 4, 5].map((index) =>
    constantNumbersOf(rewrite, index),
  ) as [readonly number[], readonly number[], readonly number[], readonly number[], readonly number[]];
  const bins = node.input(0).size;
  const matrix = new Array<number>(bins * channels).fill(0);
  const count = (bin: number, channel: number, weight: number) => {
    if (bin >= bins) throw rewrite.refuse(`its channels reach to bin ${bin}, expected less than ${bins}`);
    if (channel >= 0 && channel < channels) matrix[bin * channels + channel]! += weight;
  };
  for (let index = 0; index <= channels; index++) {
    for (let offset = 0; offset < widths[index]!; offset++) {
      const [bin, place] = [frequencies[index]! + offset, starts[index]! + offset];
      // The first of channels + 1 sums is only there for what it hands to the next.
      count(bin, index - 1, weights[place]!);
      count(bin, index, unweights[place]!);
    }
  }
  const largest = Math.max(
    ...Array.from({ length: channels }, (_, channel) =>
      matrix.reduce((sum, weight, at) => (at % channels === channel ? sum + weight : sum), 0),
    ),
  );
  if (largest * 2 ** 32 >= 2 ** 53)
    throw rewrite.refuse(`the weights of a channel add up to ${largest}, expected less than ${2 ** 21}`);
  const row = exact.reshape(exact.read(node.input(0)), [1, bins]);
  exact.give(
    node.output(),
    exact.node("MatMul", [row, exact.constant(matrix, [bins, channels])], [1, channels]),
  );
}

/**
 * The root to the nearest integer, shifted back by what was scaled up. A 32-bit number gets a 16-bit root: the
 * last one, 65535, is not rounded up (square_root_32.cc).
 */
export function signalSquareRoot(rewrite: Rewrite): void {
  checkTypes(rewrite, "uint64", "uint32");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const value = exact.read(node.input(0));
  const root = exact.floor(exact.node("Sqrt", [value], value.staticShape()));
  const rest = exact.subtract(value, exact.multiply(root, root));
  const rounded = exact.choose("Greater", [rest, root], exact.add(root, 1), root);
  const fitted = exact.choose("Less", [value, 2 ** 32], exact.least(rounded, 65535), rounded);
  const factors = Array.from({ length: 32 }, (_, bits) => 2 ** -bits);
  const factor = exact.lookUp(factors, exact.reshape(exact.read(node.input(1)), []));
  exact.give(node.output(), exact.floor(exact.multiply(fitted, factor)));
}

/** What a running estimate of the noise leaves of each channel; the estimate is kept from run to run, first 0. */
export function signalSpectralSubtraction(rewrite: Rewrite): void {
  checkTypes(rewrite, "uint32", "uint32");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const option = optionsOf(rewrite);
  const shape = node.input(0).staticShape();
  const [smoothingBits, bits] = [option("smoothing_bits"), option("spectral_subtraction_bits")];
  const alternating = (even: string, odd: string) =>
    exact.constant(
      Array.from({ length: node.input(0).size }, (_, channel) => option(channel % 2 === 0 ? even : odd)),
      shape,
    );
  const kept = new Tensor({ name: `${node.name}/noise`, dtype: "uint32", shape, isVariable: true });

  const signal = exact.read(node.input(0));
  const scaled = exact.wrapUnsigned(exact.multiply(signal, 2 ** smoothingBits), 32);
  const fresh = exact.multiply(scaled, alternating("smoothing", "alternate_smoothing"));
  const old = exact.multiply(
    exact.read(kept),
    alternating("one_minus_smoothing", "alternate_one_minus_smoothing"),
  );
  const smoothed = exact.wrapUnsigned(exact.shiftRight(exact.add(fresh, old), bits), 32);
  // The estimate is no larger than the signal; with clamping it stays so.
  const estimate = exact.least(smoothed, scaled);
  const noise = option("clamping") ? estimate : smoothed;
  const floor = exact.shiftRight(exact.multiply(signal, option("min_signal_remaining")), bits);
  const subtracted = exact.shiftRight(exact.subtract(scaled, estimate), smoothingBits);
  exact.give(node.output(), exact.most(subtracted, floor));
  exact.give(node.output(1), noise);
  const next = new Tensor({ name: kept.name, dtype: "uint32", shape });
  exact.give(next, noise);
  rewrite.keep(kept, next);
}

/** Fractional bits of what the gain control works on and gives. Source: signal/src/pcan_argc_fixed.h. */
const SNR_BITS = 12;
const OUTPUT_BITS = 6;

/** Automatic gain by a table over the noise, three numbers per power of two, then x² / 4 or x − 1. */
export function signalPcan(rewrite: Rewrite): void {
  checkTypes(rewrite, "uint32", "uint32");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const table = constantNumbersOf(rewrite, 2);
  const noise = exact.read(node.input(1));
  const interval = exact.bitLength(noise, 32);
  const place = exact.most(exact.subtract(exact.multiply(interval, 4), 6), 0);
  const padded = [...table, 0, 0, 0, 0];
  const entry = (offset: number) =>
    exact.lookUp(padded, exact.least(exact.add(place, offset), padded.length - 1));
  const factors = Array.from({ length: 33 }, (_, bits) => 2 ** (11 - bits));
  const fraction = exact.wrapUnsigned(
    exact.floor(exact.multiply(noise, exact.lookUp(factors, interval))),
    10,
  );
  const slope = exact.add(
    exact.shiftRight(exact.multiply(entry(2), fraction), 5),
    exact.multiply(entry(1), 32),
  );
  const rise = exact.shiftRight(exact.add(exact.multiply(slope, fraction), 2 ** 14), 15);
  const small = exact.lookUp(padded, exact.least(noise, 2));
  const gain = exact.choose(
    "LessOrEqual",
    [noise, 2],
    small,
    exact.wrapSigned(exact.add(rise, entry(0)), 16),
  );

  const product = exact.multiply(exact.read(node.input(0)), gain);
  const snr = exact.wrapUnsigned(exact.shiftRight(product, optionsOf(rewrite)("snr_shift")), 32);
  const bent = exact.least(snr, 2 * 2 ** SNR_BITS);
  const low = exact.shiftRight(exact.multiply(bent, bent), 2 + 2 * SNR_BITS - OUTPUT_BITS);
  const high = exact.subtract(exact.shiftRight(snr, SNR_BITS - OUTPUT_BITS), 2 ** OUTPUT_BITS);
  exact.give(node.output(), exact.choose("Less", [snr, 2 * 2 ** SNR_BITS], low, high));
}

/** Fixed point of the logarithm. Source: signal/src/log.cc; its table is log2(1 + x) − x at 128 steps, rounded. */
const LOG_BITS = 16;
const LOG_SEGMENTS = 128;
const LN_2 = 45426;
const LOG_TABLE: readonly number[] = Array.from({ length: LOG_SEGMENTS + 2 }, (_, index) =>
  index > LOG_SEGMENTS
    ? 0
    : Math.round(2 ** LOG_BITS * (Math.log2(1 + index / LOG_SEGMENTS) - index / LOG_SEGMENTS)),
);

/** The natural logarithm, linear between the entries of a table, times output_scale; 0 for what is below 2. */
export function signalLog(rewrite: Rewrite): void {
  checkTypes(rewrite, "uint32", "int16");
  const exact = new Exact(rewrite);
  const { node } = rewrite;
  const option = optionsOf(rewrite);
  const scaled = exact.wrapUnsigned(
    exact.multiply(exact.read(node.input(0)), 2 ** option("input_correction_bits")),
    32,
  );
  const value = exact.most(scaled, 1);
  const whole = exact.subtract(exact.bitLength(value, 32), 1);
  const powers = Array.from({ length: 32 }, (_, bits) => 2 ** bits);
  const above = exact.subtract(value, exact.lookUp(powers, whole));
  const fraction = exact.floor(
    exact.multiply(
      above,
      exact.lookUp(
        powers.map((power) => 2 ** LOG_BITS / power),
        whole,
      ),
    ),
  );
  const segmentBits = LOG_BITS - Math.log2(LOG_SEGMENTS);
  const segment = exact.shiftRight(fraction, segmentBits);
  const [from, to] = [exact.lookUp(LOG_TABLE, segment), exact.lookUp(LOG_TABLE, exact.add(segment, 1))];
  const inside = exact.subtract(fraction, exact.multiply(segment, 2 ** segmentBits));
  const between = exact.shiftRight(exact.multiply(exact.subtract(to, from), inside), LOG_BITS);
  const log2 = exact.add(exact.multiply(whole, 2 ** LOG_BITS), exact.add(exact.add(fraction, from), between));
  const half = 2 ** (LOG_BITS - 1);
  const natural = exact.shiftRight(exact.add(exact.multiply(log2, LN_2), half), LOG_BITS);
  const product = exact.wrapUnsigned(exact.add(exact.multiply(natural, option("output_scale")), half), 32);
  const result = exact.least(exact.shiftRight(product, LOG_BITS), 32767);
  exact.give(node.output(), exact.choose("Greater", [scaled, 1], result, exact.multiply(result, 0)));
}
