/** Sizes of the epoch controller's blobs in compiled networks, and the law fitted without each of them. */
import { type BlobCounts, type BlobLaw, blobBytes } from "../../../lib/targets/neural-art/packing/blob.js";
import type { ToolVersion } from "../../../lib/targets/neural-art/records.js";
import { readRows, toolOf } from "./compiled.js";

export interface BlobRow extends BlobCounts {
  readonly network: string;
  readonly tool: ToolVersion;
  /** Builds of one network, in several tools, are left out of a fit together. */
  readonly family: string;
  readonly observed: number;
}

const FAMILIES: Readonly<Record<string, string>> = {
  od_tinyyolov2_nucleo: "tiny-yolo-v2",
  syaf_tinyyolov2_nucleo: "tiny-yolo-v2",
  reid_od_dk: "tiny-yolo-v2",
  xc_face_detector: "blazeface",
  fd_blazeface_dk: "blazeface",
};

/** Returns every compiled network, copies of a build left out, of which both blobs and layers are known. */
export function blobRows(): readonly BlobRow[] {
  const layers = readRows("layers");
  return readRows("networks").flatMap((row) => {
    const own = layers.filter((layer) => layer.model === row.id);
    const observed = Number(row.ec_blob_bytes);
    // Float networks have blobs of a few words: nothing runs on the NPU.
    const isQuantised = own.some((layer) => layer.wtype === "DataType_INT8");
    if (observed === 0 || !isQuantised || row.duplicate_of !== "") return [];
    const channels = own.map((layer) => Number(layer.cout)).filter((count) => count <= 512);
    return [
      {
        network: row.id!,
        tool: toolOf(row),
        family: FAMILIES[row.id!] ?? row.id!,
        observed,
        epochs: Number(row.epochs_hw_or_ec),
        blobs: Number(row.ec_blobs),
        channels: channels.reduce((total, count) => total + count, 0),
      },
    ];
  });
}

/** Returns by which share of the observed size a law is off; positive: above it. */
export function blobError(row: BlobRow, law?: BlobLaw): number {
  return blobBytes(row, law) / row.observed - 1;
}

const steps = (to: number, step: number) => Array.from({ length: to / step + 1 }, (_, index) => index * step);
const LAWS: readonly BlobLaw[] = steps(1500, 50).flatMap((perEpoch) =>
  steps(1500, 50).flatMap((perHandOver) =>
    steps(18, 1).map((perChannel) => ({ perEpoch, perHandOver, perChannel })),
  ),
);

/** Returns the law with the least mean error, by trying all of a grid. */
export function fitBlobs(rows: readonly BlobRow[]): BlobLaw {
  let best = LAWS[0]!;
  let least = Number.POSITIVE_INFINITY;
  for (const law of LAWS) {
    let total = 0;
    for (const row of rows) total += Math.abs(blobError(row, law));
    if (total < least) [best, least] = [law, total];
  }
  return best;
}

/** Returns each row with its error by the law of this package and by one fitted without its family. */
export function blobsLeftOut(): readonly {
  readonly row: BlobRow;
  readonly error: number;
  readonly leftOut: number;
}[] {
  const rows = blobRows();
  return rows.map((row) => {
    const others = rows.filter(({ family }) => family !== row.family);
    return { row, error: blobError(row), leftOut: blobError(row, fitBlobs(others)) };
  });
}
