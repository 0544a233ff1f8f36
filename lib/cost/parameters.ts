/**
 * Constants of the latency model. "Board run A" is MobileNetV2-224 on STM32N6570-DK, ST Edge AI Core 2.2, no
 * epoch controller, CPU 800 MHz, NPU 1000 MHz, per-epoch counters published in Magnus3327/stm32n6-edge-ai-benchmarks
 * (commit ea0f73d, mobilenet_v2_224.txt); datasets/measurements/epoch-timing.json carries its figures. "Run B"
 * are the single-layer networks of the same repository.
 */
import { BANDWIDTH } from "../targets/neural-art/facts.js";
import type { Evidence, Fact } from "../targets/rule.js";
import { CALIBRATION } from "./calibration.js";

const RUN_A = "board run A (datasets/measurements/epoch-timing.json)";

function fact(value: number, evidence: Evidence, source: string): Fact {
  return { value, evidence, source };
}

/** What an NPU epoch costs in NPU cycles, whatever the clock. */
export const NPU = {
  outputPerCycle: fact(
    1,
    "measured",
    `${RUN_A}, 17 output-bound epochs; run B: 65,536, 131,072 and 262,144 outputs of 1x1, 3x3 and 5x5 kernels take 1.01 to 1.03 cycles each`,
  ),
  inputPerCycle: fact(
    5.1,
    "fitted",
    `${RUN_A}, grid search over 52 epochs (mean error 4.6 %): input elements × passes over the input`,
  ),
  depthwiseInputPerCycle: fact(
    1,
    "fitted",
    `${RUN_A}, 17 depthwise epochs: one input element per cycle, whatever the stride`,
  ),
  kernelsPerPass: fact(
    24,
    "observed",
    "network.c of tools 2.x: nKernels of a convolution is the largest divisor of Cout up to 24, and each pass reads the input again",
  ),
  unitKernels: fact(
    8,
    "inferred",
    "72 MAC per unit and cycle = 8 kernels × 9 taps: compiler estimates 301,056 cycles for 112x112x3 → 64 (8 passes), board run A 605 us for 224x224x3 → 32 (4 passes)",
  ),
  unitTaps: fact(9, "inferred", "72 MAC per unit and cycle = 8 kernels × 9 taps"),
  unitChannels: fact(
    8,
    "inferred",
    "depthwise kernels are inflated to groups of 8; convolutions with 3 input channels run at the rate of one unit",
  ),
  chainedUnits: fact(
    2,
    "fitted",
    "dense 3x3 layers, units in a chain along the input channels: of 1 to 4, 2 errs least on whole networks (test/cost/structure.test.ts), in nine of ten folds that leave a family out, that family's choice included; compiler estimates assume up to 4",
  ),
  elementwise: fact(
    1.15,
    "measured",
    `${RUN_A}, epoch 1: 150,528 elements copied in 173,230 cycles; run B: 12,288 elements averaged in 14,013`,
  ),
} as const;

/** Bytes per second that the NPU gets from a memory, by how it reads. External clocks do not follow the mode. */
export const STREAM = {
  flashInflated: fact(
    1e9 / 3.2,
    "fitted",
    `${RUN_A}, kernels of depthwise layers, which lie in groups of 8 bytes: 3.2 cycles per byte at 1 GHz`,
  ),
  flashDense: fact(
    1e9 / 2.5,
    "fitted",
    `${RUN_A}, kernels of 1x1 layers: 2.5 cycles per byte at 1 GHz, the flash's own limit of 400 MB/s; Tiny YOLO v2 reads 11 MB of 3x3 kernels in less than 30.7 ms`,
  ),
  flashCached: fact(
    1e9 / 0.7,
    "fitted",
    `${RUN_A}, vectors widened along the output row, read again for each row: 0.7 cycles per byte at 1 GHz`,
  ),
  hyperRamOverFlash: fact(
    2,
    "documented",
    "stneuralart_programming_model.html: XSPI1 0.8 GB/s, XSPI2 0.4 GB/s",
  ),
  /** Activations, not parameters: short bursts, and nothing is cached. */
  hyperRamActivations: fact(
    93e6,
    "fitted",
    "ResNet-50 V2 at 224, two rows: what is missing without it, per byte of the tensors whose published external RAM they fill; EfficientNetV2-S, two rows, says 20 and 37 MB/s",
  ),
  ports: fact(BANDWIDTH.npuPorts.value, BANDWIDTH.npuPorts.evidence, BANDWIDTH.npuPorts.source),
  internal: fact(14.4e9, "documented", "stneuralart_programming_model.html: one NPU bank at 900 MHz"),
} as const;

/** What starting and ending an epoch costs. Without the epoch controller the CPU programs the units. */
export const SETUP = {
  cpuCycles: fact(4640, "fitted", `${RUN_A}: 5.8 us at 800 MHz, plus a part per channel`),
  cpuCyclesPerChannel: fact(
    101.6,
    "fitted",
    `${RUN_A}: 0.127 us at 800 MHz; scales and biases of up to 512 channels are written by the CPU`,
  ),
  writtenChannels: fact(512, "observed", "network.c of tools 2.x: vectors beyond 512 channels lie in flash"),
  endCpuCycles: fact(3000, "measured", `${RUN_A}: 0.97 to 6.4 k cycles after an epoch, median 3.0 k`),
} as const;

/** What the Cortex-M55 takes for epochs in software, in its own cycles. */
export const CPU = {
  epoch: fact(500, "inferred", `${RUN_A}, epoch 56: 9,523 cycles for 1,280 elements, at 7.08 per element`),
  dequantize: fact(7.08, "measured", `${RUN_A}, epoch 54: 62,720 elements in 443,761 cycles`),
  quantize: fact(7.08, "measured", `${RUN_A}, epochs 54 and 56 cost the same per element`),
  floatElement: fact(
    5.02,
    "measured",
    `${RUN_A}, epoch 55: float pooling of 62,720 elements in 314,916 cycles`,
  ),
  softmaxTable: fact(
    5100,
    "inferred",
    "stneuralart_getting_started.html, screenshot: int8 softmax of 5 classes takes 5.5 k cycles; its scratch is a table of 257 words, made anew each time",
  ),
  softmaxRow: fact(
    300,
    "fitted",
    "5 published rows of two SSD families, whose softmax runs over 6,820 rows of 2 classes and whose bilinear resizes differ fivefold: both costs follow",
  ),
  softmaxElement: fact(20, "inferred", "lookup, sum, multiply and shift per element; not timed"),
  resizeElement: fact(
    30,
    "fitted",
    "the same 5 rows; MoveNet at 192 up to its heatmaps, which is not among them, then takes 20.5 ms of the published 22.05",
  ),
  macsPerCycle: fact(1, "inferred", "int8 kernels on Cortex-M55 without im2col reuse; not timed"),
  floatMacsPerCycle: fact(0.5, "inferred", "float kernels on Cortex-M55; not timed"),
} as const;

/** Hybrid epochs: the CPU drives the stream engines through prepared copies. */
export const HYBRID = {
  cyclesPerByte: fact(1.15, "inferred", "copies run at the rate of an element-wise epoch; not timed alone"),
  cpuCycles: fact(
    16000,
    "inferred",
    "run B: 7 to 16 k CPU cycles to prepare an epoch without the controller",
  ),
  rearrangeCyclesPerByte: fact(
    13,
    "inferred",
    "tools from 3.0 on: the three st_yolo_x rows of 4.0 miss 2.5 to 4.8 ms that grow with the enlarged maps alone, 20 ns per byte, where the rows of 2.0 miss nothing; taken as a loop of the CPU over bytes",
  ),
} as const;

/** How far the time of activations in external memory may be off, up and down. */
export const EXTERNAL_DOUBT = fact(
  4,
  "inferred",
  "the two networks with activations in external memory that were timed differ by this factor in bytes per second",
);

/**
 * Products of two activations run as convolutions on the CPU, with many small epochs around them, and no row of the
 * calibration has any. Where they are as large a share of the epochs as in the one such network that was timed, an
 * inference may take `times` the prediction; less where they are fewer.
 */
export const SOFTWARE_PRODUCTS = {
  times: fact(
    2.5,
    "inferred",
    "Transformer-NPU-STM32N6, cloud benchmark of tool 2.2: 42.38 ms, 2.4 times what is predicted of the same network built in code",
  ),
  share: fact(0.24, "inferred", "the same network: 48 of 199 predicted epochs"),
} as const;

/** Factors learnt from whole networks; what they were learnt from is in calibration.ts. */
export const FACTORS = {
  npu: fact(CALIBRATION.factors.npu, "fitted", CALIBRATION.source),
  stream: fact(CALIBRATION.factors.stream, "fitted", CALIBRATION.source),
  untimed: fact(CALIBRATION.factors.untimed, "fitted", CALIBRATION.source),
  epochMicroseconds: fact(CALIBRATION.factors.epochMicroseconds, "fitted", CALIBRATION.source),
} as const;

/** How far CPU kernels may be off in networks that spend more of their time on the CPU than any timed one. */
export const UNSEEN_CPU_FACTOR = fact(
  2,
  "inferred",
  "operators timed alone differ from the stated rates by up to this factor; no whole network of this kind is among the published figures",
);
