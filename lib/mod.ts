/**
 * What notebook cells import as `npulab`: load a model, analyse it, look at it.
 *
 * @module
 */
export { type FindCliffsRequest, findCliffs, type WalkAxis } from "./analyze/cliffs.js";
export { type Difference, diffModels } from "./analyze/diff.js";
export { inspect } from "./analyze/inspect.js";
export type { LoadedModel } from "./analyze/loaded.js";
export type { AnalyzeOptions } from "./analyze/predict.js";
export type {
  Analysis,
  Cliff,
  CliffReport,
  EpochRecord,
  GainRecord,
  LedgerRecord,
  PoolRecord,
  RomError,
} from "./analyze/record.js";
export { checkReportedRom, nearestSettings, type ReportedCheck } from "./analyze/reported.js";
export { ROM_ERRORS } from "./analyze/rom-errors.js";
export { analyze, type Study, study } from "./analyze/study.js";
export { type Displayable, JUPYTER_DISPLAY, type MimeBundle, markdown } from "./display.js";
export { DecodeError, LabError } from "./errors.js";
export { convertToOnnx } from "./formats/onnx/write/convert.js";
export { encodeOnnx } from "./formats/onnx/write/encode.js";
export { encodeTflite } from "./formats/tflite/encode.js";
export { readMpool } from "./formats/vendor/mpool.js";
export { editMpool, type PoolEdit } from "./formats/vendor/mpool-edit.js";
export { lintMpool } from "./formats/vendor/mpool-lint.js";
export { nbinFits, parseNbin } from "./formats/vendor/nbin-sections.js";
export { eraseWeights } from "./image/erase.js";
export { imageFiles } from "./image/files.js";
export { imagesOf } from "./image/images-of.js";
export { readManifest } from "./image/read-manifest.js";
export { verifyImage } from "./image/verify.js";
export { weightTraffic } from "./image/weight-traffic.js";
export { predictWithout } from "./image/without-pools.js";
export { payBack, planInstall } from "./memory/install.js";
export { STOCK_POOLS } from "./memory/pools.js";
export { type SharedFlash, shareFlash } from "./memory/what-if-shared-flash.js";
export { splitWeights } from "./memory/what-if-split.js";
export { CATALOG } from "./models/catalog.js";
export { latencyErrors } from "./node/latency-errors.js";
export { load, preset } from "./node/load.js";
export { walkAxis } from "./node/walk-axis.js";
export { cliffsFigure } from "./plot/cliffs.js";
export { type Figure, type FigureSpec, figure } from "./plot/figure.js";
export { flashSharingFigure } from "./plot/flash-sharing.js";
export { offloadLatencyFigure, offloadSentence, timelineFigure } from "./plot/latency.js";
export { poolsFigure } from "./plot/memory.js";
export { romCausesFigure, romGrowthFigure } from "./plot/rom.js";
export { chipGrowthFigure, romWaterfallFigure } from "./plot/waterfall.js";
export { openSession, type RunSession } from "./run/onnxruntime.js";
export { runUnprogrammed } from "./run/unprogrammed.js";
export {
  causesByModelTable,
  causesTable,
  epochsTable,
  fallbackTable,
  gainsTable,
  latencyTable,
  ledgerTable,
  memoryTable,
  modelsTable,
  romTable,
  rulesTable,
} from "./table/analyses.js";
export { chipCausesTable, chipsTable } from "./table/chips.js";
export { cliffPointsTable, cliffsTable, flipsTable } from "./table/cliffs.js";
export { differencesTable } from "./table/diff.js";
export { latencyErrorsTable, romErrorsTable } from "./table/errors.js";
export { growthTable, settingsTable } from "./table/rom-plan.js";
export { type ShowOptions, show } from "./table/show.js";
export {
  PROFILES,
  type Profile,
  ROM_CAUSES,
  TOOL_VERSIONS,
  type ToolVersion,
} from "./targets/neural-art/records.js";
