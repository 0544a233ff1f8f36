/**
 * What is known of the Kendryte K210's convolution unit (KPU) and of its model file, kmodel V3. `kpu.h` is the
 * header of the vendor's stand-alone SDK (kendryte/kendryte-standalone-sdk, lib/drivers/include/kpu.h): sizes
 * are those of its structures. `converter` is the open K210 writer of TensorLayer's edge tools, which lays a
 * layer out as the SDK reads it. `kpu.md` is the public description of the unit's registers. `nncase` is the
 * vendor's compiler (kendryte/nncase, runtime_op_utility.h): how maps lie in the unit's memory.
 */
import { hertz } from "../../units.js";
import type { Evidence, Fact } from "../rule.js";
import type { StoringRule } from "../stored-form.js";

function fact<T>(value: T, evidence: Evidence, source: string): Fact<T> {
  return { value, evidence, source };
}

/** What one convolution of the unit can be. */
export const KPU = {
  kernels: fact([1, 3] as readonly number[], "documented", "kpu.md: filter_type 0 is 1x1, 1 is 3x3"),
  maxChannels: fact(1024, "documented", "kpu.h: i_ch_num and o_ch_num have 10 bits"),
  maxWidth: fact(1024, "documented", "kpu.h: i_row_wid has 10 bits"),
  maxHeight: fact(512, "documented", "kpu.h: i_col_high has 9 bits"),
  /** Smaller maps are copied into one of this size first. */
  minSide: fact(4, "documented", "converter: maps under 4x4 get add-padding and remove-padding layers"),
  maxStride: fact(2, "documented", "kpu.md: pool types of size 2 and 4; a stride of 2 is the left-top pool"),
} as const;

/** The unit's own memory, which holds what a layer reads and writes; in lines of 64 bytes. */
export const KPU_MEMORY = {
  bytes: fact(2 * 1024 * 1024, "documented", "kpu.md: 0x40600000 to 0x407fffff, 2 MiB"),
  lineBytes: fact(64, "documented", "kpu.md: addresses of maps count units of 64 bytes"),
  /** Rows up to this width share a line by four channels. */
  quarterLine: fact(16, "documented", "nncase, get_kpu_row_layout"),
  /** Rows up to this width share a line by two channels; wider ones take whole lines. */
  halfLine: fact(32, "documented", "nncase, get_kpu_row_layout"),
} as const;

/** How fast the unit works. */
export const KPU_SPEED = {
  /** 0.25 TOPS at 400 MHz: 312.5 MAC of a 3x3 kernel in a cycle. */
  macsPerCycle: fact(
    0.25e12 / 2 / 400e6,
    "documented",
    "vendor's figure as kpu.md quotes it, 0.25 TOPS at 400 MHz; 64 units of 9 taps would be 576",
  ),
  taps: fact(9, "documented", "kpu.md: 3x3 kernels; a 1x1 kernel uses one tap of nine"),
  clock: fact(
    hertz(398e6),
    "measured",
    "MaixPy forum, 'MaixPy Run Big Size Flash model': the log prints 398 as KPU frequency",
  ),
  /** What one whole network took, over what the other figures say of it. */
  overhead: fact(
    1.222,
    "fitted",
    "the same log, 40 ms in RAM, for MobileNetV1 0.75 at 224 (test/targets/k210-time.test.ts); one row, so no interval",
  ),
} as const;

/** What a model file may take. */
export const MODEL_LIMITS = {
  flash: fact(16 * 1024 * 1024, "documented", "MaixPy forum: run model up to Flash size (16M)"),
  memory: fact(
    6 * 1024 * 1024,
    "documented",
    "kpu.md: 6 MiB of general memory, which holds the program, pictures and a loaded model",
  ),
} as const;

/** Bytes of the file's records. */
export const KMODEL = {
  header: fact(28, "documented", "kpu.h: kpu_kmodel_header_t, 7 words"),
  output: fact(8, "documented", "kpu.h: kpu_model_output_t"),
  layerHeader: fact(8, "documented", "kpu.h: kpu_model_layer_header_t"),
  convolution: fact(24, "documented", "kpu.h: kpu_model_conv_layer_argument_t"),
  registers: fact(96, "documented", "kpu.h: kpu_layer_argument_t, 12 registers of 8 bytes"),
  batchNorm: fact(8, "documented", "kpu.h: kpu_batchnorm_argument_t, one per output channel"),
  activation: fact(144, "documented", "kpu.h: kpu_activate_table_t, 16 segments of 8 bytes and two words"),
  registersAlignment: fact(8, "documented", "converter: layer_offset"),
  blockAlignment: fact(128, "documented", "converter: weights_offset, bn_offset, act_offset"),
  padding: fact(16, "documented", "kpu.h: add-padding and remove-padding arguments, 4 words each"),
  upload: fact(24, "documented", "kpu.h: kpu_model_upload_layer_argument_t"),
  dense: fact(24, "documented", "kpu.h: kpu_model_fully_connected_layer_argument_t before its float weights"),
  /** Model RAM of real-time use. */
  ram: fact(5.5 * 1024 * 1024, "documented", "K210 datasheet: 5.5 to 5.9 MiB of fixed-point parameters"),
} as const;

/** Arguments of the layers that the CPU runs, by operator; `perInput` for each input of the node. */
export const CPU_LAYERS: Readonly<Record<string, { readonly bytes: number; readonly perInput?: number }>> = {
  Add: { bytes: 56 },
  AveragePool: { bytes: 64 },
  Concat: { bytes: 12, perInput: 8 },
  DequantizeLinear: { bytes: 24 },
  Flatten: { bytes: 24 },
  GlobalAveragePool: { bytes: 20 },
  GlobalMaxPool: { bytes: 20 },
  LpNormalization: { bytes: 16 },
  MaxPool: { bytes: 60 },
  QuantizeLinear: { bytes: 24 },
  ReduceMean: { bytes: 20 },
  Resize: { bytes: 36 },
  Sigmoid: { bytes: 16 },
  Softmax: { bytes: 16 },
  Sum: { bytes: 56 },
};

/** Operators that the per-channel table or the activation table of the convolution before them takes over. */
export const TABLE_ACTIVATIONS: ReadonlySet<string> = new Set([
  "BatchNormalization",
  "Relu",
  "Clip",
  "LeakyRelu",
  "HardSigmoid",
  "HardSwish",
  "Sigmoid",
  "Tanh",
  "Elu",
]);

/** Operators that change how values are named or shaped, not where they lie. */
export const VIEWS: ReadonlySet<string> = new Set(["Identity", "Reshape", "Squeeze", "Unsqueeze", "Dropout"]);

/** Limits that decide whether a network can run, beside what the format can hold. */
export const KPU_RULES = {
  memory: {
    id: "K210-KPU-RAM",
    sentence: `What a layer reads and what it writes lie side by side in ${KPU_MEMORY.bytes.value / 1024 / 1024} MiB of the unit's memory. Rows take lines of ${KPU_MEMORY.lineBytes.value} B; up to ${KPU_MEMORY.quarterLine.value} wide four channels share a line, up to ${KPU_MEMORY.halfLine.value} wide two.`,
    evidence: "documented",
    source: "kpu.md; nncase, get_kpu_row_layout; kendryte/nncase#32: 'KPU ran out of memory'",
  },
  model: {
    id: "K210-MODEL-RAM",
    sentence: `A model that is loaded takes up to ${KMODEL.ram.value / 1024 / 1024} MiB of general memory; a larger one has to stream from flash.`,
    evidence: "documented",
    source: "K210 datasheet: 5.5 to 5.9 MiB of fixed-point parameters in real-time use",
  },
  flash: {
    id: "K210-FLASH",
    sentence: `A model that streams takes up to ${MODEL_LIMITS.flash.value / 1024 / 1024} MiB of flash, less the firmware.`,
    evidence: "documented",
    source: "MaixPy forum: up to flash size (16M)",
  },
} as const satisfies Readonly<Record<string, StoringRule>>;

export const KMODEL_RULES = {
  convolution: {
    id: "K210-CONV",
    sentence: `A convolution is stored as arguments (${KMODEL.convolution.value} B), registers (${KMODEL.registers.value} B), weights of 1 byte, ${KMODEL.batchNorm.value} B per output channel and a table of ${KMODEL.activation.value} B; the last three start on ${KMODEL.blockAlignment.value}-byte boundaries. Depthwise kernels are not inflated.`,
    evidence: "documented",
    source: "kpu.h; converter, K210_Conv_Layer.to_kmodel",
  },
  dense: {
    id: "K210-DENSE",
    sentence: "A dense layer is a 1x1 convolution on a padded 4x4 map while its channels fit the unit.",
    evidence: "documented",
    source: "kpu.h: KL_K210_ADD_PADDING, KL_K210_REMOVE_PADDING; converter",
  },
  floatDense: {
    id: "K210-FLOAT-DENSE",
    sentence: `A dense layer with more than ${KPU.maxChannels.value} inputs or outputs runs on the CPU in float32: 4 B per weight and bias.`,
    evidence: "documented",
    source: "kpu.h: kpu_model_fully_connected_layer_argument_t holds float weights",
  },
  layer: {
    id: "K210-LAYER",
    sentence: `Every other layer takes its header (${KMODEL.layerHeader.value} B) and arguments; activations and 2x2 pools behind a convolution take nothing.`,
    evidence: "documented",
    source: "kpu.h: layer arguments",
  },
  none: {
    id: "K210-NO-LAYER",
    sentence: "What neither the unit nor the list of CPU layers has cannot be stored in kmodel V3.",
    evidence: "documented",
    source: "kpu.h: kpu_model_layer_type_t; kpu.md",
  },
} as const satisfies Readonly<Record<string, StoringRule>>;
