/**
 * ONNX operators of any opset into the graph's vocabulary: that of the current opset, with the layouts that
 * operators.ts asks for. What older opsets held in attributes becomes a constant input at today's place.
 */
import { LabError } from "../../errors.js";
import type { Attributes } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import { float32Scalar, float32Vector, int64Constant, TO_THE_END } from "../shared/constant.js";
import { dataTypeOf } from "./data-types.js";

export interface OnnxCall {
  /** `Conv`, or `com.microsoft:QLinearAdd` for other domains. */
  readonly op: string;
  /** Version of the operator's domain that the file asks for. */
  readonly opset: number;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: Attributes;
  /** Names the node, and the constants made for it. */
  readonly name: string;
}

export interface CanonicalCall {
  readonly op: string;
  /** null: those of the call. Most calls keep them, and asking a call for its inputs makes their tensors. */
  readonly inputs: readonly (Tensor | null)[] | null;
  readonly attributes: Attributes;
}

type Rule = (call: OnnxCall) => CanonicalCall;

function refuse(call: OnnxCall, why: string, hint?: string): LabError {
  return new LabError({
    code: "OPERATOR",
    message: `Cannot take over ${call.op} '${call.name}' (opset ${call.opset}): ${why}`,
    ...(hint === undefined ? {} : { hint }),
  });
}

function without(attributes: Attributes, ...names: readonly string[]): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !names.includes(name)));
}

function kept({ op, attributes }: OnnxCall): CanonicalCall {
  return { op, inputs: null, attributes };
}

/** Returns a list attribute of numbers; undefined when the file leaves it out. */
function list(call: OnnxCall, name: string): readonly number[] | undefined {
  const value = call.attributes[name];
  if (value === undefined) return undefined;
  if (typeof value === "number") return [value];
  if (Array.isArray(value) && value.every((item) => typeof item === "number")) return value;
  throw refuse(call, `its attribute '${name}' is no list of numbers`);
}

/** Returns a constant of whole numbers; those at the rim of what a number holds mean "to the end". */
function integers(call: OnnxCall, role: string, values: readonly number[]): Tensor {
  const wide = values.map((value) => {
    if (value === Number.MAX_SAFE_INTEGER) return TO_THE_END;
    return value === Number.MIN_SAFE_INTEGER ? -TO_THE_END : value;
  });
  return int64Constant(`${call.name}/${role}`, wide);
}

/** Returns inputs with `tensor` at `place`, gaps before it left out. */
function placed(inputs: readonly (Tensor | null)[], place: number, tensor: Tensor): (Tensor | null)[] {
  const all = [...inputs];
  while (all.length < place) all.push(null);
  all[place] = tensor;
  return all;
}

/** Returns a rule that turns list attributes into constants, each at its place among the inputs. */
function attributesToInputs(places: Readonly<Record<string, number>>): Rule {
  return (call) => {
    let inputs: readonly (Tensor | null)[] | null = null;
    const moved: string[] = [];
    for (const [attribute, place] of Object.entries(places)) {
      const values = list(call, attribute);
      if (values === undefined) continue;
      inputs ??= call.inputs;
      if (inputs[place]) continue;
      inputs = placed(inputs, place, integers(call, attribute, values));
      moved.push(attribute);
    }
    return moved.length === 0
      ? kept(call)
      : { op: call.op, inputs, attributes: without(call.attributes, ...moved) };
  };
}

/** Returns a rule that says the layout of an image-like operator. */
function image(extra: Attributes = {}): Rule {
  // Nodes share the records of their attributes: so they do here.
  const made = new WeakMap<Attributes, Attributes>();
  return ({ op, attributes }) => {
    let full = made.get(attributes);
    if (full === undefined) {
      full = { ...attributes, layout: "NCHW", ...extra };
      made.set(attributes, full);
    }
    return { op, inputs: null, attributes: full };
  };
}

const plainImage = image();

const axesToInput = attributesToInputs({ axes: 1 });

/** Opset 1 calls the pads `paddings`; up to opset 10 the value is an attribute too. */
const pad: Rule = (call) => {
  const pads = list(call, "pads") ?? list(call, "paddings");
  if (pads === undefined) return kept(call);
  const { value } = call.attributes;
  let inputs = placed(call.inputs, 1, integers(call, "pads", pads));
  if (typeof value === "number" && value !== 0) {
    inputs = placed(inputs, 2, float32Scalar(`${call.name}/value`, value));
  }
  return { op: "Pad", inputs, attributes: without(call.attributes, "pads", "paddings", "value") };
};

const clip: Rule = (call) => {
  let inputs: readonly (Tensor | null)[] | null = null;
  for (const [place, bound] of [
    [1, "min"],
    [2, "max"],
  ] as const) {
    const value = call.attributes[bound];
    if (typeof value !== "number") continue;
    inputs ??= call.inputs;
    if (!inputs[place]) {
      inputs = placed(inputs, place, float32Scalar(`${call.name}/${bound}`, value));
    }
  }
  return { op: "Clip", inputs, attributes: without(call.attributes, "min", "max") };
};

/** Opsets 7 to 9 scale with an attribute or input 1; the sampling was asymmetric and rounded down. */
const upsample: Rule = (call) => {
  const scales = call.attributes.scales;
  const given = call.inputs[1];
  if (!given && !Array.isArray(scales)) {
    throw refuse(call, "it has no scales", "convert the model to opset 11 or later");
  }
  const tensor = given ?? float32Vector(`${call.name}/scales`, scales as readonly number[]);
  return {
    op: "Resize",
    inputs: [call.inputs[0] ?? null, null, tensor],
    attributes: oldSampling(call, without(call.attributes, "scales")),
  };
};

/** Opset 10 has [x, scales] and the sampling of Upsample. */
const resize: Rule = (call) => {
  if (call.opset >= 11) return plainImage(call);
  return {
    op: "Resize",
    inputs: [call.inputs[0] ?? null, null, call.inputs[1] ?? null],
    attributes: oldSampling(call, call.attributes),
  };
};

function oldSampling(call: OnnxCall, attributes: Attributes): Attributes {
  const mode = attributes.mode ?? "nearest";
  if (typeof mode !== "string") throw refuse(call, "its mode is no text");
  return {
    ...attributes,
    // Opset 7 named the modes nearest and bilinear.
    mode: mode === "bilinear" ? "linear" : mode,
    coordinateTransformationMode: "asymmetric",
    nearestMode: "floor",
    layout: "NCHW",
  };
}

/**
 * Before opset 13 the axis (default 1) began a tail of axes that were normalised together. That equals
 * today's meaning when the tail is the last axis; elsewhere `flattenFrom` keeps the old meaning beside it.
 */
const normalisation: Rule = (call) => {
  const { op, attributes, opset } = call;
  if (opset >= 13) return { op, inputs: null, attributes: { axis: -1, ...attributes } };
  const axis = typeof attributes.axis === "number" ? attributes.axis : 1;
  const rank = call.inputs[0]?.shape?.length;
  const isLast = axis === -1 || (rank !== undefined && axis === rank - 1);
  return { op, inputs: null, attributes: { ...attributes, axis, ...(isLast ? {} : { flattenFrom: axis }) } };
};

/** Before opset 7 the second operand broadcast only when told so, at `axis`. */
const arithmetic: Rule = (call) => {
  const { attributes, opset, op } = call;
  if (opset >= 7) return kept(call);
  if (attributes.broadcast && attributes.axis !== undefined) {
    throw refuse(
      call,
      `it broadcasts at axis ${String(attributes.axis)}, expected broadcasting from the last axis`,
      "convert the model to opset 7 or later (onnx.version_converter)",
    );
  }
  return { op, inputs: null, attributes: without(attributes, "broadcast", "axis", "consumedInputs") };
};

const cast: Rule = (call) => {
  const to = dataTypeOf(call.attributes.to);
  if (to === null) {
    throw refuse(call, `its attribute 'to' is ${String(call.attributes.to)}, expected a type of elements`);
  }
  return { op: "Cast", inputs: null, attributes: { ...call.attributes, to } };
};

/** Up to opset 19 the axis was an attribute, 1 unless told; then an input, the last but one unless told. */
const fourier: Rule = (call) =>
  call.opset >= 20 ? kept(call) : { ...kept(call), attributes: { axis: 1, ...call.attributes } };

// A Map: nodes by the hundred thousand ask, and a hash of texts is kept with them.
const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries<Rule>({
    Add: arithmetic,
    And: arithmetic,
    AveragePool: plainImage,
    Cast: cast,
    Clip: clip,
    Conv: image({ weightLayout: "OIHW" }),
    ConvInteger: image({ weightLayout: "OIHW" }),
    ConvTranspose: image({ weightLayout: "IOHW" }),
    DFT: fourier,
    DepthToSpace: plainImage,
    Div: arithmetic,
    Equal: arithmetic,
    GlobalAveragePool: plainImage,
    GlobalLpPool: plainImage,
    GlobalMaxPool: plainImage,
    Greater: arithmetic,
    Hardmax: normalisation,
    LRN: plainImage,
    Less: arithmetic,
    LogSoftmax: normalisation,
    LpPool: plainImage,
    MaxPool: plainImage,
    Mul: arithmetic,
    Or: arithmetic,
    Pad: pad,
    Pow: arithmetic,
    QLinearConv: image({ weightLayout: "OIHW" }),
    ReduceL1: axesToInput,
    ReduceL2: axesToInput,
    ReduceLogSum: axesToInput,
    ReduceLogSumExp: axesToInput,
    ReduceMax: axesToInput,
    ReduceMean: axesToInput,
    ReduceMin: axesToInput,
    ReduceProd: axesToInput,
    ReduceSum: axesToInput,
    ReduceSumSquare: axesToInput,
    Reshape: attributesToInputs({ shape: 1 }),
    Resize: resize,
    Slice: attributesToInputs({ starts: 1, ends: 2, axes: 3 }),
    Softmax: normalisation,
    SpaceToDepth: plainImage,
    Split: attributesToInputs({ split: 1 }),
    Squeeze: axesToInput,
    Sub: arithmetic,
    TopK: attributesToInputs({ k: 1 }),
    Unsqueeze: axesToInput,
    Upsample: upsample,
    Xor: arithmetic,
  }),
);

/** Returns the call as the current opset would make it; operators of other domains stay as they are. */
export function canonical(call: OnnxCall): CanonicalCall {
  return RULES.get(call.op)?.(call) ?? kept(call);
}
