/** What the Cortex-M55 takes for an epoch in software, in CPU cycles. */
import { isFloat } from "../graph/dtype.js";
import type { Tensor } from "../graph/tensor.js";
import type { Epoch } from "../targets/neural-art/records.js";
import { type Cycles, cycles } from "../units.js";
import { CPU, HYBRID } from "./parameters.js";

function elements(tensors: readonly Tensor[]): number {
  return tensors.reduce((total, tensor) => total + tensor.size, 0);
}

/** Returns the cycles of one operator over the elements it touches. */
function operatorCycles(op: string, touched: number, written: number): number {
  switch (op) {
    case "DequantizeLinear":
      return touched * CPU.dequantize.value;
    case "QuantizeLinear":
      return touched * CPU.quantize.value;
    case "Softmax":
    case "LogSoftmax":
      return CPU.softmaxTable.value + touched * CPU.softmaxElement.value;
    case "Resize":
      return written * CPU.resizeElement.value;
    default:
      return touched * CPU.floatElement.value;
  }
}

/** Returns the cycles of a software epoch: its multiply-adds or its elements, whichever is more. */
export function softwareCycles(epoch: Epoch): Cycles {
  const written = elements(epoch.writes);
  const touched = Math.max(elements(epoch.reads), written);
  const float = epoch.layer ? isFloat(epoch.layer.geometry.weights.dtype) : false;
  const rate = float ? CPU.floatMacsPerCycle.value : CPU.macsPerCycle.value;
  const multiplying = epoch.macs / rate;
  const ops = epoch.ops.length > 0 ? epoch.ops : ["?"];
  const moving = ops.reduce((total, op) => total + operatorCycles(op, touched, written), 0);
  return cycles(CPU.epoch.value + Math.max(multiplying, moving));
}

export interface HybridCost {
  /** NPU cycles of the copies. */
  readonly copy: Cycles;
  /** CPU cycles that prepare them. */
  readonly prepare: Cycles;
}

/** Returns what a hybrid epoch costs beside its layer, if it has one: bytes moved, and the CPU's part. */
export function hybridCost(epoch: Epoch): HybridCost {
  const moved = [...epoch.reads, ...epoch.writes].reduce((total, tensor) => total + tensor.bytes, 0) / 2;
  return { copy: cycles(moved * HYBRID.cyclesPerByte.value), prepare: cycles(HYBRID.cpuCycles.value) };
}
