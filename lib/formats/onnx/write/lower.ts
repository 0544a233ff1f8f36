/**
 * The graph's vocabulary in ONNX's own words, as far as single nodes go: the mirror of the TFLite lowerings.
 * Layouts (channels-first.ts) and quantisation (expand-qdq.ts) are passes of their own, behind this one.
 */
import type { Node } from "../../../graph/node.js";
import type { Pass } from "../../../graph/passes/pass.js";
import {
  floorDivision,
  normalisation,
  reciprocalRoot,
  relu6,
  splitActivation,
  square,
  squaredDifference,
} from "./lower-arithmetic.js";
import { dense, slidingWindow, transposedWindow } from "./lower-layers.js";
import { sequenceLstm } from "./lower-lstm.js";
import {
  constantOfShape,
  pad,
  reshape,
  stack,
  stridedSlice,
  unstack,
  wideInputs,
  wideOutputs,
} from "./lower-moves.js";
import {
  signalAutoScale,
  signalEnergy,
  signalFilterBank,
  signalLog,
  signalPcan,
  signalRfft,
  signalSpectralSubtraction,
  signalSquareRoot,
  signalWindow,
} from "./lower-signal.js";
import { svdf } from "./lower-svdf.js";
import { Rewrite, type State } from "./rewrite.js";
import { placeStates, type StateHandling } from "./state.js";

/** Appends to a rewriting what stands for its node. */
type Lowering = (rewrite: Rewrite) => void;

const axes = wideInputs(1);

const LOWERINGS: Readonly<Record<string, Lowering>> = {
  ArgMax: wideOutputs(0),
  ArgMin: wideOutputs(0),
  AveragePool: slidingWindow,
  ConstantOfShape: constantOfShape,
  "CUSTOM:SignalEnergy": signalEnergy,
  "CUSTOM:SignalFftAutoScale": signalAutoScale,
  "CUSTOM:SignalFilterBank": signalFilterBank,
  "CUSTOM:SignalFilterBankLog": signalLog,
  "CUSTOM:SignalFilterBankSpectralSubtraction": signalSpectralSubtraction,
  "CUSTOM:SignalFilterBankSquareRoot": signalSquareRoot,
  "CUSTOM:SignalPCAN": signalPcan,
  "CUSTOM:SignalRfft": signalRfft,
  "CUSTOM:SignalWindow": signalWindow,
  Conv: slidingWindow,
  ConvTranspose: transposedWindow,
  Expand: wideInputs(1),
  Flatten: reshape,
  FloorDiv: floorDivision,
  GatherND: wideInputs(1),
  Gemm: dense,
  Hardmax: normalisation,
  LogSoftmax: normalisation,
  LpPool: slidingWindow,
  MaxPool: slidingWindow,
  Pad: pad,
  ReduceL1: axes,
  ReduceL2: axes,
  ReduceLogSum: axes,
  ReduceLogSumExp: axes,
  ReduceMax: axes,
  ReduceMean: axes,
  ReduceMin: axes,
  ReduceProd: axes,
  ReduceSum: axes,
  ReduceSumSquare: axes,
  Relu6: relu6,
  Reshape: reshape,
  Resize: wideInputs(3),
  Rsqrt: reciprocalRoot,
  Shape: wideOutputs(0),
  Size: wideOutputs(0),
  Slice: wideInputs(1, 2, 3, 4),
  Softmax: normalisation,
  Split: wideInputs(1),
  Square: square,
  SquaredDifference: squaredDifference,
  SVDF: svdf,
  Squeeze: reshape,
  Stack: stack,
  StridedSlice: stridedSlice,
  Tile: wideInputs(1),
  TopK: wideOutputs(1),
  UNIDIRECTIONAL_SEQUENCE_LSTM: sequenceLstm,
  Unsqueeze: reshape,
  Unstack: unstack,
};

/** Operators whose activation is not behind the node but inside of it. */
const ACTIVATION_INSIDE: ReadonlySet<string> = new Set(["UNIDIRECTIONAL_SEQUENCE_LSTM"]);

/** Returns whether an operator can be said in ONNX's words though ONNX has none of that name. */
export function hasLowering(op: string): boolean {
  return Object.hasOwn(LOWERINGS, op);
}

function lowerNode(node: Node, states: State[]): readonly Node[] {
  const behind = new Rewrite(node, { behind: true });
  const { activation = "none" } = node.attributes;
  const isInside = activation === "none" || ACTIVATION_INSIDE.has(node.op);
  const plain = isInside ? node : splitActivation(node, behind);
  const lowering = hasLowering(plain.op) ? LOWERINGS[plain.op] : undefined;
  if (!lowering) return [plain, ...behind.nodes];
  const rewrite = new Rewrite(plain);
  lowering(rewrite);
  states.push(...rewrite.states);
  return [...rewrite.nodes, ...behind.nodes];
}

/** Returns the pass that rewrites nodes; `state` says what becomes of what they keep between runs. */
export function lowerToOnnx({ state }: { readonly state: StateHandling }): Pass {
  return {
    name: "lower-to-onnx",
    sentence: "Says operators of the graph's own vocabulary in ONNX's words",
    requires: "shapes are static; constants are folded",
    ensures: "no node has a fused activation or an autoPad with channels last; positions are int64",
    run(graph) {
      const before = new Set(graph.nodes);
      const states: State[] = [];
      const nodes = graph.nodes.flatMap((node) => lowerNode(node, states));
      graph.setNodes(nodes);
      placeStates(graph, states, state);
      return nodes.filter((node) => !before.has(node)).length;
    },
  };
}
