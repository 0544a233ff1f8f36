/**
 * Part of an initialiser's file name that stands for a pool: `network_atonbuf.<fname>.raw`. As in ST's stock pool
 * file stm32n6.mpool; a pool file of one's own says its own.
 */
const STOCK: Readonly<Record<string, string>> = {
  flexMEM: "AXIFLEXMEM",
  cpuRAM1: "AXISRAM1",
  cpuRAM2: "AXISRAM2",
  npuRAM3: "AXISRAM3",
  npuRAM4: "AXISRAM4",
  npuRAM5: "AXISRAM5",
  npuRAM6: "AXISRAM6",
  hyperRAM: "xSPI1",
  octoFlash: "xSPI2",
};

/** Returns the stem of the files of a pool; characters that file systems refuse become `_`. */
export function imageStem(pool: string, fnames: ReadonlyMap<string, string> = new Map()): string {
  const fname = fnames.get(pool) ?? STOCK[pool] ?? pool;
  return `network_atonbuf.${fname.replaceAll(/[^\w.-]/g, "_")}`;
}
