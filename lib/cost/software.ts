/** What the Cortex-M55 takes for an epoch in software, in CPU cycles. */
import { isFloat } from "../graph/dtype.js";
import type { Tensor } from "../graph/tensor.js";
import type { Epoch, ToolVersion } from "../targets/neural-art/records.js";
import { type Cycles, cycles } from "../units.js";
import { CPU, HYBRID } from "./parameters.js";

function elements(tensors: readonly Tensor[]): number {
  return tensors.reduce((total, tensor) => total + tensor.size, 0);
}

export interface SoftwareCost {
  /** Cycles of operators that board runs timed, and of starting the epoch. */
  readonly timed: Cycles;
  /** Cycles of operators whose rate is inferred. */
  readonly untimed: Cycles;
}

/** Returns the cycles of one operator over the elements it touches, and whether a board run timed it. */
function operatorCycles(
  op: string,
  touched: number,
  written: Tensor | undefined,
): [cycles: number, timed: boolean] {
  switch (op) {
    case "DequantizeLinear":
      return [touched * CPU.dequantize.value, true];
    case "QuantizeLinear":
      return [touched * CPU.quantize.value, true];
    case "Softmax":
    case "LogSoftmax": {
      const classes = written?.staticShape().at(-1) ?? 1;
      const rows = touched / classes;
      const cost = CPU.softmaxTable.value + rows * CPU.softmaxRow.value + touched * CPU.softmaxElement.value;
      return [cost, false];
    }
    case "Resize":
      return [(written?.size ?? touched) * CPU.resizeElement.value, false];
    case "ReduceMean":
    case "GlobalAveragePool":
      return [touched * CPU.floatElement.value, true];
    default:
      return [touched * CPU.floatElement.value, false];
  }
}

/** Returns the cycles of a software epoch: its multiply-adds or its elements, whichever is more. */
export function softwareCost(epoch: Epoch): SoftwareCost {
  const touched = Math.max(elements(epoch.reads), elements(epoch.writes));
  let timed = CPU.epoch.value;
  let untimed = 0;
  for (const op of epoch.ops) {
    const [cost, known] = operatorCycles(op, touched, epoch.writes[0]);
    if (known) timed += cost;
    else untimed += cost;
  }
  const float = epoch.layer ? isFloat(epoch.layer.geometry.weights.dtype) : false;
  const rate = float ? CPU.floatMacsPerCycle.value : CPU.macsPerCycle.value;
  return { timed: cycles(timed), untimed: cycles(Math.max(untimed, epoch.macs / rate)) };
}

export interface HybridCost {
  /** NPU cycles of the copies. */
  readonly copy: Cycles;
  /** CPU cycles that prepare them, or that move the bytes themselves. */
  readonly prepare: Cycles;
}

/** Tools whose hybrid epochs for enlarged maps leave the NPU's copies to the CPU. */
const REARRANGED_BY_CPU: ReadonlySet<ToolVersion> = new Set(["3.0", "4.0"]);

/** Returns what a hybrid epoch costs beside its layer, if it has one: bytes moved, and the CPU's part. */
export function hybridCost(epoch: Epoch, tool: ToolVersion): HybridCost {
  const moved = [...epoch.reads, ...epoch.writes].reduce((total, tensor) => total + tensor.bytes, 0) / 2;
  const rearranges = epoch.ops.includes("DepthToSpace") && REARRANGED_BY_CPU.has(tool);
  const written = epoch.writes.reduce((total, tensor) => total + tensor.bytes, 0);
  return {
    copy: cycles(moved * HYBRID.cyclesPerByte.value),
    prepare: cycles(
      HYBRID.cpuCycles.value + (rearranges ? written * HYBRID.rearrangeCyclesPerByte.value : 0),
    ),
  };
}
