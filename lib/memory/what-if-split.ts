/**
 * Split weights: which tensor goes to which memory when weights may be placed one by one (`--split-weights` of
 * X-CUBE-AI writes an array per tensor). A tensor that is read often earns most in a fast memory; what counts is the
 * time saved per byte that it takes there.
 *
 *   fast memory of 100 bytes at 1 ns per byte, slow flash at 10 ns per byte
 *     a: 80 bytes, read 1x    saves  720 ns,  9 ns per byte
 *     b: 60 bytes, read 4x    saves 2160 ns, 36 ns per byte   -> fast
 *     c: 40 bytes, read 2x    saves  720 ns, 18 ns per byte   -> fast
 */
import { LabError } from "../errors.js";

export interface SplitTensor {
  readonly name: string;
  readonly bytes: number;
  /** Bytes read from it per inference, at least its size. */
  readonly traffic: number;
}

export interface SplitMemory {
  readonly name: string;
  readonly bytes: number;
  /** What reading a byte takes, as the CPU sees it; measure it on the board. */
  readonly nsPerByte: number;
}

export interface SplitPlan {
  /** Memory by tensor. */
  readonly placement: ReadonlyMap<string, string>;
  readonly used: ReadonlyMap<string, number>;
  /** Time that all reads of weights take per inference. */
  readonly ms: number;
  /** No placement takes less: tensors cut to pieces, each byte where it is worth most. */
  readonly boundMs: number;
  /** With everything in the slowest memory: what `network_data.bin` in external flash costs. */
  readonly slowestMs: number;
}

/** Arrays of floats and of biases start at multiples of 4; the vendor aligns to 8 where SIMD reads. */
const ALIGNMENT = 8;
const takes = ({ bytes }: SplitTensor) => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

function check(tensors: readonly SplitTensor[], memories: readonly SplitMemory[]): void {
  const refuse = (problem: string) =>
    new LabError({ code: "SPLIT_WEIGHTS", message: `Cannot split the weights: ${problem}` });
  const names = new Set<string>();
  for (const { name, bytes, traffic } of tensors) {
    if (names.has(name)) throw refuse(`'${name}' is given twice, expected unique names`);
    names.add(name);
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      throw refuse(`'${name}' has ${bytes} bytes, expected zero or more`);
    if (!(traffic >= bytes) || !Number.isFinite(traffic)) {
      throw refuse(`the traffic of '${name}' is ${traffic} bytes, expected at least its size, ${bytes}`);
    }
  }
  for (const { name, bytes, nsPerByte } of memories) {
    if (!Number.isSafeInteger(bytes) || bytes < 0)
      throw refuse(`memory '${name}' has ${bytes} bytes, expected zero or more`);
    if (!(nsPerByte >= 0) || !Number.isFinite(nsPerByte)) {
      throw refuse(`memory '${name}' takes ${nsPerByte} ns per byte, expected a finite time`);
    }
  }
  if (memories.length === 0) throw refuse("there is no memory, expected at least one");
}

/**
 * Returns a memory for each tensor, by falling traffic per byte, fastest memory first; then single tensors and pairs
 * change places as long as that saves time. `boundMs` says how far from the best this may be. Throws a LabError that
 * names the tensor without a place.
 */
export function splitWeights(tensors: readonly SplitTensor[], given: readonly SplitMemory[]): SplitPlan {
  check(tensors, given);
  const memories = given.toSorted((a, b) => a.nsPerByte - b.nsPerByte);
  const free = memories.map(({ bytes }) => bytes);
  const order = tensors.toSorted((a, b) => b.traffic * takes(a) - a.traffic * takes(b));
  const place = order.map((tensor) => {
    const index = free.findIndex((room) => room >= takes(tensor));
    if (index < 0) {
      const room = memories.map(({ name }, at) => `${name} ${free[at]}`).join(", ");
      throw new LabError({
        code: "SPLIT_WEIGHTS",
        message: `Cannot place '${tensor.name}': it takes ${takes(tensor)} bytes, the memories have left: ${room}`,
        hint: "add a memory that holds the rest, for example external flash",
      });
    }
    free[index]! -= takes(tensor);
    return index;
  });
  while (improve(order, { memories, free, place }));
  const cost = (tensor: SplitTensor, index: number) => (tensor.traffic * memories[index]!.nsPerByte) / 1e6;
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  return {
    placement: new Map(order.map(({ name }, at) => [name, memories[place[at]!]!.name])),
    used: new Map(memories.map(({ name, bytes }, index) => [name, bytes - free[index]!])),
    ms: sum(order.map((tensor, at) => cost(tensor, place[at]!))),
    boundMs: fractional(order, memories),
    slowestMs: sum(order.map((tensor) => cost(tensor, memories.length - 1))),
  };
}

interface State {
  readonly memories: readonly SplitMemory[];
  readonly free: number[];
  readonly place: number[];
}

/** Makes the first change that saves time: a tensor to a faster memory, or two that change places. */
function improve(tensors: readonly SplitTensor[], { memories, free, place }: State): boolean {
  const speed = (index: number) => memories[index]!.nsPerByte;
  for (const [a, tensor] of tensors.entries()) {
    const from = place[a]!;
    for (let to = 0; to < memories.length; to++) {
      if (speed(to) >= speed(from)) break;
      if (free[to]! >= takes(tensor)) {
        free[to]! -= takes(tensor);
        free[from]! += takes(tensor);
        place[a] = to;
        return true;
      }
    }
    for (const [b, other] of tensors.entries()) {
      const to = place[b]!;
      const gain = (tensor.traffic - other.traffic) * (speed(from) - speed(to));
      const more = takes(tensor) - takes(other);
      if (speed(to) < speed(from) && gain > 0 && free[to]! >= more && free[from]! >= -more) {
        free[to]! -= more;
        free[from]! += more;
        place[a] = to;
        place[b] = from;
        return true;
      }
    }
  }
  return false;
}

/** Returns the least time if tensors could be cut: the densest bytes fill the fastest memory. */
function fractional(order: readonly SplitTensor[], memories: readonly SplitMemory[]): number {
  let index = 0;
  let room = memories[0]!.bytes;
  let ns = 0;
  for (const tensor of order) {
    for (let left = takes(tensor); left > 0; ) {
      while (room === 0 && index < memories.length - 1) room = memories[++index]!.bytes;
      const here = index === memories.length - 1 ? left : Math.min(left, room);
      ns += (here / takes(tensor)) * tensor.traffic * memories[index]!.nsPerByte;
      left -= here;
      room -= Math.min(room, here);
    }
  }
  return ns / 1e6;
}
