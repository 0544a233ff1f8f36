/**
 * What is known of ST Neural-ART 14 in STM32N6 itself: units, clocks, bandwidths. Documents named `*.html` are
 * those of ST Edge AI Core (stedgeai-dc.st.com/assets/embedded-docs, edition 2.1.0); constants of the public
 * runtime are those of `ll_aton_platform.h`.
 */
import { type Hertz, hertz } from "../../units.js";
import type { Evidence, Fact } from "../rule.js";

const PROGRAMMING_MODEL = "stneuralart_programming_model.html";

function fact<T>(value: T, evidence: Evidence, source: string): Fact<T> {
  return { value, evidence, source };
}

/** How many of each unit one chip has. */
export const UNITS = {
  convolution: fact(4, "documented", `${PROGRAMMING_MODEL}; ATON_CONVACC_NUM`),
  pooling: fact(2, "documented", `${PROGRAMMING_MODEL}; ATON_POOL_NUM`),
  activation: fact(2, "documented", `${PROGRAMMING_MODEL}; ATON_ACTIV_NUM`),
  arithmetic: fact(4, "documented", `${PROGRAMMING_MODEL}; ATON_ARITH_NUM`),
  stream: fact(10, "documented", `${PROGRAMMING_MODEL}; ATON_STRENG_NUM`),
  busInterface: fact(2, "documented", `${PROGRAMMING_MODEL}; ATON_BUSIF_NUM`),
  decompression: fact(2, "documented", `${PROGRAMMING_MODEL}; ATON_DECUN_NUM`),
} as const;

/** MACs that one convolution unit does in a cycle on int8 × int8. */
export const MACS_PER_UNIT_CYCLE = fact(72, "documented", PROGRAMMING_MODEL);

/** MACs that all convolution units do in a cycle on int8 × int8: 4 × 72. */
export const PEAK_MACS_PER_CYCLE = fact(
  UNITS.convolution.value * MACS_PER_UNIT_CYCLE.value,
  "documented",
  `${PROGRAMMING_MODEL}: 4 units × 72 MAC, quoted as 578+ GOPS at 1 GHz`,
);

export const CLOCK_MODES = ["overdrive", "normal"] as const;
export type ClockMode = (typeof CLOCK_MODES)[number];

export interface Clocks {
  readonly cpu: Fact<Hertz>;
  readonly npu: Fact<Hertz>;
  /** The four NPU banks, npuRAM3 to npuRAM6. */
  readonly npuRam: Fact<Hertz>;
  /** CPU RAMs, the network on chip and the NPU cache. */
  readonly cpuRam: Fact<Hertz>;
  /** External flash and PSRAM. */
  readonly external: Fact<Hertz>;
}

const megahertz = (value: number, source: string) => fact(hertz(value * 1e6), "documented", source);
const clocks = (mode: string, cpu: number, npu: number, npuRam: number): Clocks => {
  const source = `stneuralart_stm32n6_projects.html, clock tree, ${mode}`;
  return {
    cpu: megahertz(cpu, source),
    npu: megahertz(npu, source),
    npuRam: megahertz(npuRam, source),
    cpuRam: megahertz(400, source),
    external: megahertz(200, source),
  };
};

export const CLOCKS: Readonly<Record<ClockMode, Clocks>> = {
  overdrive: clocks("core at 0.9 V (overdrive)", 800, 1000, 900),
  normal: clocks("core at 0.8 V (normal)", 600, 800, 800),
};

/** Peak bandwidths in bytes per second. */
export const BANDWIDTH = {
  npuBank: fact(14.4e9, "documented", `${PROGRAMMING_MODEL}, bandwidth figure: each NPU bank at 900 MHz`),
  npuPorts: fact(32e9, "documented", `${PROGRAMMING_MODEL}: 2 × 64 bit, read and write, at 1 GHz`),
  cpuRam: fact(12.8e9, "documented", `${PROGRAMMING_MODEL}: 2 × 64 bit, read and write, at 400 MHz`),
  npuCache: fact(6.4e9, "documented", `${PROGRAMMING_MODEL}: NPU to NPU cache`),
  octoFlash: fact(0.4e9, "documented", `${PROGRAMMING_MODEL}: XSPI2, 8 bit, double rate at 200 MHz`),
  hyperRam: fact(0.8e9, "documented", `${PROGRAMMING_MODEL}: XSPI1, 16 bit, double rate at 200 MHz`),
} as const;

/** The NPU cache, in front of external memories only. */
export const NPU_CACHE_BYTES = fact(
  256 * 1024,
  "documented",
  "stneuralart_neural_art_compiler.html, cacheinfo: 512 lines × 64 bytes × 8 ways",
);
