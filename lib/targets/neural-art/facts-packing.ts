/**
 * What is known of how ST Neural-ART lays weights and vectors out in flash: constants with their sources, and
 * the rules that use them. Sources: network.c files, c_info.json and flash images of 38 networks compiled by
 * ST Edge AI Core 2.0 to 4.0; `layers` and `networks` are the tables read from them, one row per layer and per
 * network.
 */
import type { Evidence, Fact, Rule } from "../rule.js";

function fact<T>(value: T, evidence: Evidence, source: string): Fact<T> {
  return { value, evidence, source };
}

/** A rule that sizes buffers; it forbids nothing, so it has no check. */
export type PackingRule = Omit<Rule<never>, "check">;

function rule<const Id extends string>(fields: PackingRule & { readonly id: Id }): typeof fields {
  return fields;
}

const IMAGES = "flash images of 9 networks, tools 2.1 to 4.0";

export const ALIGNMENT = fact(
  16,
  "observed",
  "offsets of every parameter buffer in 32 of 32 network.c files",
);

export const KERNEL_BLOCK = {
  /** Input channels that one block of an ordinary convolution holds, at most. */
  spatialInputs: fact(
    8,
    "observed",
    "layers, kernels 2x2 and 3x3: 22 of 22 buffers of source-matched layers",
  ),
  /** Kernels that one group of an ordinary convolution holds, at most. */
  spatialKernels: fact(8, "observed", `${IMAGES}: the four multi-block buffers`),
  /** The same when the input zero point is neither -128 nor 0: features are then taken as 16-bit values. */
  spatialKernelsWide: fact(
    4,
    "observed",
    "network.c of two networks: nKernels=4 in 18 of 18 layers with simd=2",
  ),
  /** Input channels that one block of a plain pointwise layer holds, at most. */
  plainInputs: fact(24, "observed", "layers, plain 1x1: block of 458 of 458 buffers"),
  /** Above this many blocks of a plain pointwise layer, their number is a multiple of it: one for each unit. */
  pipes: fact(
    4,
    "observed",
    "layers, plain 1x1: 458 of 458 buffers; 112 inputs lie in 8 blocks of 14, not 7 of 16",
  ),
  /** Input channels that one block of a deep pointwise layer holds, at most. */
  deepInputs: fact(128, "observed", "layers, deep 1x1: 438 of 441 buffers"),
  /** Kernels that one group of a pointwise layer holds, at most; limits 24 to 27 give the same lengths. */
  kernels: fact(24, "fitted", "layers, deep 1x1: 441 of 441 lengths; order of bytes in the images agrees"),
  /** Bytes of the words that the weights of deep mode arrive in. */
  deepWord: fact(3, "observed", "network.c: nbits_in=24, kseten=3 in every deep-mode epoch"),
} as const;

export const DEEP_MODE = {
  /** Input zero points, as signed 8-bit values, that deep mode can take. */
  zeroPoints: fact(
    [-128, 0] as readonly number[],
    "observed",
    "layers: 0 of 154 layers with any other zero point are deep",
  ),
  /** Input channels from which deep mode is considered. */
  minInputs: fact(25, "observed", "layers: none of the pointwise layers with 24 inputs or fewer is deep"),
  /** Convolution units that plain mode chains over the input channels. */
  chainedUnits: fact(4, "documented", "option Omax-ca-pipe=4 of every compiled network"),
  /** Units that deep mode chains over its blocks. */
  chainedDeepUnits: fact(2, "observed", "network.c of yamnet 1024: n_ca=2 for 256 and 512 inputs"),
  /** Input channels that a unit takes in a cycle in deep mode. */
  inputsPerCycle: fact(3, "observed", "c_info 2.1, MobileNetV2 0.5 128: 80->16 at 32x32 takes 27,307 cycles"),
  /**
   * Cycles of deep-mode arithmetic per weight byte above which four chained units in plain mode are preferred
   * when one pass over the inputs suffices.
   */
  plainAbove2x: fact(36, "fitted", "networks of 2.0 and 2.1: any value from 25 to 47 fits"),
  /** The same from 2.2 on: once arithmetic takes longer than weights that arrive at one byte per cycle. */
  plainAbove: fact(1, "fitted", "networks of 2.2, 3.0 and 4.0: any value from 0.89 to 1.32 fits"),
  /** The same where plain mode needs several passes, all tools. */
  plainAbovePasses: fact(36, "fitted", "networks of 2.1 and 3.0, 128 inputs: any value from 19 to 74 fits"),
} as const;

export const INFLATION = {
  /** Group of tools 2.0 to 2.2. */
  group2x: fact(8, "observed", "layers: 182 of 182 inflated depthwise buffers of 2.1 and 2.2"),
  /** Largest group from tool 3.0 on. */
  groupMax: fact(4, "observed", "layers: groups 2, 3 and 4 in 3.0 and 4.0"),
  /** Cycles that one weight byte is taken to cost when 3.0 and later weigh inflation against streaming. */
  cyclesPerByte: fact(
    8.7,
    "fitted",
    "layers of 3.0 and 4.0 at -O3 and the published size of st_yolo_lc_v1 (12x12 maps): any value above 8 up to 9.4 fits",
  ),
  /** Group that stride 2 has at least from tool 3.0 on: the units' depth-separable stride-2 mode. */
  strideTwoGroup: fact(2, "observed", "layers of 3.0 and 4.0; MobileNetV2 0.5 128, 3.0, default profile"),
  /** Side of the kernels that are inflated. */
  kernel: fact(3, "observed", "layers: 5x5 depthwise kernels have 37 of 37 times their own size"),
} as const;

export const ROW_SPLIT = {
  rows: fact(3, "observed", "layers: 5x5 -> 3+2 rows 41 of 41, 6x6 -> 3+3, 7x7 -> 3+3+1"),
  /** Columns from which kernels of a part lie in pairs. */
  pairColumns: fact(7, "inferred", "two parts of a 7x7 stem in 3.0, one network"),
  columns2x: fact(6, "observed", "MobileFaceNet 2.1: 7 columns -> 6+1; 3.0 and later keep 7"),
} as const;

export const VECTORS = {
  scaleBytes: fact(2, "observed", "network.c, no epoch controller: 88 of 88 layers"),
  biasBytes: fact(4, "observed", "network.c, no epoch controller: 88 of 88 layers"),
  /** Output channels up to which the vectors are immediate data of the epoch. */
  broadcastAbove: fact(512, "observed", "layers: 1504 of 1504 layers up to it, 55 of 55 above it"),
  broadcastBytes: fact(2, "observed", "layers with more than 512 output channels: 2*Cout*Wout, 55 of 55"),
  /** The input zero point that is taken off by an own one-byte operand. */
  zeroPoint: fact(
    -128,
    "observed",
    "zero_off buffers of MobileNetV2 0.5 128 (35 of 35 layers), yamnet 1024 (24) and rppg (3)",
  ),
} as const;

/** Numbers in the values of vectors; `images` are those of MobileNetV2 0.5 128 and rppg without controller. */
export const VECTOR_VALUES = {
  /** Bits of a scale without its sign. */
  scaleBits: fact(
    15,
    "observed",
    "c_info of MobileNetV2 0.5 128, 2.1 and 2.2: m + n = 15 in 53 of 53 vectors",
  ),
  /** Bits of a bias without its sign. */
  biasBits: fact(
    31,
    "observed",
    "c_info of MobileNetV2 0.5 128, 2.1 and 2.2: m + n = 31 in 53 of 53 vectors",
  ),
  /** Fraction bits of a bias where the largest leaves room for them. */
  biasFraction: fact(
    20,
    "observed",
    "c_info of MobileNetV2 0.5 128, 2.1 and 2.2: n = 20 in 52 of 53 vectors",
  ),
  /** Bits above the largest bias that the sum with the product needs. */
  biasHeadroom: fact(2, "fitted", "images 2.1 and 2.2: largest 700.5 has n = 19, 358.6 has n = 20"),
  /** Values of an 8-bit input: 0 to 255, or -128 to 127. */
  inputRange: fact(256, "observed", "int8 and uint8"),
  /** Bits of the accumulator that 3.0 and later multiply, its sign not counted. */
  accumulatorBits: fact(
    15,
    "observed",
    "image 3.0 of MobileNetV2 0.5 128: shifts of 53 of 53 layers; the 256 above, fitted, is 255.5 to 259.5",
  ),
  /** The byte of a zero offset: the unit takes its input as 0 to 255 then. */
  zeroOffset: fact(
    0,
    "observed",
    "images of MobileNetV2 0.5 128 (2.1, 2.2, 3.0; 105 of 105) and rppg (4 of 4)",
  ),
  /** Scale of a Softmax's result on the CPU, whatever the file says. */
  softmaxScale: fact(1 / 256, "observed", "images of MobileNetV2 0.5 128, whose file says 1/255"),
  /** Steps between the least and the greatest 8-bit input. */
  inputSteps: fact(255, "observed", "int8: -128 to 127"),
  /** Steps of the output below which tool 2.1 stores a channel's scale as 0. */
  deadSpan: fact(
    1,
    "fitted",
    "image 2.1 of MobileNetV2 0.5 128: 193 of 193 channels below 0.993 are 0, none of 5,249 above 1.0098",
  ),
} as const;

export const SLOPES = {
  /** Values that the slopes of a PReLU on the CPU take beside one per channel. */
  more: fact(1, "observed", "c_info of MobileFaceNet, 2.1: shapes 1x65, 1x129, 1x257 and 1x513, 33 of 33"),
} as const;

const BLOBS = "EC blobs of 14 builds, 2.1 to 4.0: 9 % off on average, 26 % at most";

export const BLOB = {
  bytesPerEpoch: fact(650, "fitted", BLOBS),
  /** An epoch that follows another one in the same blob. */
  bytesPerHandOver: fact(650, "fitted", BLOBS),
  /** Scale and bias of a channel are six bytes of it. */
  bytesPerChannel: fact(12, "fitted", BLOBS),
} as const;

export const RULES = {
  image: rule({
    id: "N6-PACK-IMAGE",
    sentence:
      "Buffers follow each other by decreasing size, each from a 16-byte boundary; the image ends with the last.",
    facts: { alignment: ALIGNMENT },
    evidence: "observed",
    source: "32 of 32 network.c files; size of every image",
  }),
  plain: rule({
    id: "N6-PACK-PLAIN",
    sentence: "Kernels of height 1 to 3 are stored as they are, one byte per weight, no channel padding.",
    facts: {
      inputs: KERNEL_BLOCK.plainInputs,
      kernels: KERNEL_BLOCK.kernels,
      spatialInputs: KERNEL_BLOCK.spatialInputs,
      spatialKernels: KERNEL_BLOCK.spatialKernels,
    },
    evidence: "observed",
    source: "layers: 22 of 22 spatial and 649 of 649 pointwise buffers",
  }),
  flatten: rule({
    id: "N6-PACK-FLATTEN",
    sentence:
      "A convolution of up to 3 rows whose kernel covers its whole input is stored as the pointwise layer of height x width x channels inputs.",
    facts: { rows: ROW_SPLIT.rows },
    evidence: "inferred",
    source: "bytes of one 3x3 layer of 936 channels on a 3x3 map",
  }),
  deep: rule({
    id: "N6-PACK-DEEP",
    sentence:
      "Pointwise layers of more than 24 inputs with zero point -128 or 0 use deep mode, unless four chained units are faster and weights are not what they wait for; each kernel group x input block is filled up to 24-bit words.",
    facts: {
      ...DEEP_MODE,
      inputs: KERNEL_BLOCK.deepInputs,
      kernels: KERNEL_BLOCK.kernels,
      word: KERNEL_BLOCK.deepWord,
    },
    evidence: "fitted",
    source: "layers: 441 of 441 lengths; the choice of mode is fitted on 9 networks",
  }),
  depthwise2x: rule({
    id: "N6-PACK-DW-2X",
    sentence:
      "3x3 depthwise kernels are widened to blocks of 8 channels, seven in eight bytes zero, when the channels are a multiple of 8 and the dilation is 1; otherwise stored as they are.",
    facts: { group: INFLATION.group2x, kernel: INFLATION.kernel },
    evidence: "observed",
    source:
      "layers of 2.1 and 2.2: 227 of 227. A face-landmark network in 2.2 has 4: one network, not modelled",
  }),
  depthwise: rule({
    id: "N6-PACK-DW",
    sentence:
      "At -O3, 3x3 depthwise kernels are widened to the largest group up to 4 that divides the channels and whose weights (9 bytes x group, 8.7 cycles each) load no longer than one channel computes: HxW cycles, half of it at stride 2, where the group is 2 or 4.",
    facts: {
      groupMax: INFLATION.groupMax,
      cyclesPerByte: INFLATION.cyclesPerByte,
      strideTwoGroup: INFLATION.strideTwoGroup,
    },
    evidence: "fitted",
    source:
      "layers of 3.0 and 4.0 at -O3; 4.0 depthwise microbenchmark (group 3) agrees, not used for the fit",
  }),
  depthwiseDefault: rule({
    id: "N6-PACK-DW-DEFAULT",
    sentence:
      "In the default profile of 3.0 and later, only 3x3 depthwise kernels of stride 2 are widened, by 2.",
    facts: { strideTwoGroup: INFLATION.strideTwoGroup },
    evidence: "observed",
    source: "MobileNetV2 0.5 128, 3.0: 17 of 17 layers; total of MobileNetV2 224, 4.0, agrees within 0.1 %",
  }),
  rows: rule({
    id: "N6-PACK-ROWS",
    sentence: "Kernels of more than 3 rows become parts of 3 rows and the rest; they never grow.",
    facts: { rows: ROW_SPLIT.rows, columns2x: ROW_SPLIT.columns2x },
    evidence: "observed",
    source: "layers: 5x5 41 of 41, 6x6 and 7x7 2 networks each",
  }),
  grouped: rule({
    id: "N6-PACK-GROUPED",
    sentence: "Grouped kernels that are no plain depthwise ones are taken to be stored as they are.",
    facts: {},
    evidence: "inferred",
    source: "no compiled network has one",
  }),
  float: rule({
    id: "N6-PACK-FLOAT",
    sentence:
      "Weights and biases of a layer that runs on the CPU are stored as float32; so is the column that a depthwise kernel of 2.x has left over.",
    facts: {},
    evidence: "observed",
    source:
      "layers: 5 of 5 layers of a float network (4.0); float parts of the 7x7 layer of MobileFaceNet (2.1; 3 of 3)",
  }),
  scale: rule({
    id: "N6-PACK-SCALE",
    sentence: "Without the epoch controller, per-channel weights bring an int16 scale per output channel.",
    facts: { bytes: VECTORS.scaleBytes, limit: VECTORS.broadcastAbove },
    evidence: "observed",
    source: "network.c: 88 of 88 layers",
  }),
  bias: rule({
    id: "N6-PACK-BIAS",
    sentence: "Without the epoch controller, each layer brings an int32 bias per output channel.",
    facts: { bytes: VECTORS.biasBytes, limit: VECTORS.broadcastAbove },
    evidence: "observed",
    source: "network.c: 88 of 88 layers",
  }),
  broadcast: rule({
    id: "N6-PACK-BROADCAST",
    sentence:
      "Above 512 output channels, scale (per-channel weights) and bias become int16 tensors repeated along the output width, with and without the epoch controller; a dense layer on several rows has none.",
    facts: { limit: VECTORS.broadcastAbove, bytes: VECTORS.broadcastBytes },
    evidence: "observed",
    source:
      "layers: 55 of 55 where the output width is known; 7 of 7 dense layers of a transformer have none",
  }),
  zeroOffset: rule({
    id: "N6-PACK-ZERO-OFF",
    sentence:
      "Without the epoch controller, a layer of up to 512 outputs whose input zero point is -128 brings one byte; so does a spatial mean.",
    facts: { zeroPoint: VECTORS.zeroPoint },
    evidence: "observed",
    source:
      "c_info of MobileNetV2 0.5 128 (2.1, 2.2, 3.0); totals of yamnet 1024, rppg and the microbenchmarks",
  }),
  padOnes: rule({
    id: "N6-PACK-PAD-ONES",
    sentence: "Padding along the channels brings one byte of value 1 per column of the image.",
    facts: {},
    evidence: "observed",
    source: "images of blazeface (2.2, 4.0; 11 of 11) and palm detection (2.1; 3 of 3)",
  }),
  poolOnes: rule({
    id: "N6-PACK-POOL-ONES",
    sentence: "Max pooling at stride 1 brings one byte of value 1 per channel.",
    facts: {},
    evidence: "observed",
    source: "st_yolo_x image (2.1) and total (3.0): 3 of 3 layers; tiny-yolo-v2 totals (2.1 to 3.0)",
  }),
  quantizePair: rule({
    id: "N6-PACK-QUANT-PAIR",
    sentence:
      "A quantising or dequantising step on the CPU brings its float32 scale and its one-byte zero point; Softmax and Resize on the CPU bring both for input and output, up to 2.2 a Softmax of dequantised values too.",
    facts: {},
    evidence: "observed",
    source:
      "images of mobilenet_v1 0.25 96, st_yolo_x, palm detection; c_info of MobileFaceNet; network.c of yamnet 1024 (2.2, Softmax of dequantised values): 114 of 114 buffers, published sizes in 2.0 and 4.0",
  }),
  resizeShape: rule({
    id: "N6-PACK-SW-RESIZE",
    sentence: "Resize on the CPU brings its region (float32), sizes (int64) and factors (float32).",
    facts: {},
    evidence: "observed",
    source: "image of palm detection (2.1): 2 of 2",
  }),
  slopes: rule({
    id: "N6-PACK-SLOPES",
    sentence: "PReLU on the CPU brings its slopes as float32, one value more than it has channels.",
    facts: { more: SLOPES.more },
    evidence: "observed",
    source: "c_info of MobileFaceNet, 2.1: 33 of 33",
  }),
  constantOutput: rule({
    id: "N6-PACK-CONSTANT-OUTPUT",
    sentence:
      "A constant that leaves the network through a conversion to float is stored in float32 by tools 2.0 to 2.2.",
    facts: {},
    evidence: "inferred",
    source:
      "six published SSD images of 2.0, whose anchors are such an output: within 0.02 % with the rule, 2.9 to 11.5 % without",
  }),
  constant: rule({
    id: "N6-PACK-CONSTANT",
    sentence:
      "Other constants are stored as the file has them where no epoch controller holds them, float32 where the CPU reads them; with the controller, up to 512 values are immediate data.",
    facts: { limit: VECTORS.broadcastAbove },
    evidence: "inferred",
    source: "palm detection: none of 31 PReLU slopes in the image",
  }),
} as const;
