/**
 * What notebook cells import as `npulab`: load a model, analyse it, look at it.
 *
 * @module
 */
export { type FindCliffsRequest, findCliffs, type WalkAxis } from "./analyze/cliffs.js";
export { type Difference, diffModels } from "./analyze/diff.js";
export { inspect } from "./analyze/inspect.js";
export { analyzeK210, type K210Options, k210StreamLayers, largestResolution } from "./analyze/k210.js";
export type { K210Analysis, K210Layer, K210Obstacle, K210Run } from "./analyze/k210-record.js";
export type { LoadedModel } from "./analyze/loaded.js";
export { freeInternalBytes, type MovesOptions, movesOf } from "./analyze/moves.js";
export type { MovesAnalysis } from "./analyze/moves-record.js";
export type { Claim, OffloadStudy, ResolutionLine, WhatIf } from "./analyze/offload-record.js";
export { type OffloadRequest, offloadStudy } from "./analyze/offload-study.js";
export { type AnalyzeOptions, type Prediction, predict } from "./analyze/predict.js";
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
export { resolutionLine } from "./analyze/resolution-line.js";
export { ROM_ERRORS } from "./analyze/rom-errors.js";
export { analyze, type Study, study } from "./analyze/study.js";
export { SWITCHES, type Switch, whatIf, whatIfs } from "./analyze/what-if.js";
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
export { latencyCalibration, latencyErrors } from "./node/latency-errors.js";
export { load, preset } from "./node/load.js";
export { publishedOffloadModels } from "./node/offload-models.js";
export { walkAxis } from "./node/walk-axis.js";
export { errorSharesFigure, predictedMeasuredFigure, residualsFigure } from "./plot/calibration.js";
export { cliffsFigure } from "./plot/cliffs.js";
export { type Figure, type FigureSpec, figure } from "./plot/figure.js";
export { flashSharingFigure } from "./plot/flash-sharing.js";
export { offloadLatencyFigure, offloadSentence } from "./plot/latency.js";
export { poolsFigure } from "./plot/memory.js";
export { epochMemoriesFigure, movesFigure } from "./plot/moves.js";
export { offloadStudyFigure, resolutionFigure } from "./plot/offload-study.js";
export { romCausesFigure, romGrowthFigure } from "./plot/rom.js";
export { k210MemoryFigure, maixFigure, streamFigure } from "./plot/stream.js";
export { stallSentence, timelineFigure } from "./plot/timeline.js";
export { chipGrowthFigure, romWaterfallFigure } from "./plot/waterfall.js";
export { openSession, type RunSession } from "./run/onnxruntime.js";
export { runUnprogrammed } from "./run/unprogrammed.js";
export { breakEvenFrames } from "./stream/break-even.js";
export { bestChoice, type Movable, rankMoves, takeInOrder } from "./stream/choose.js";
export { streamSchedule } from "./stream/law.js";
export { MAIX_FIGURES, maixComparison } from "./stream/maixpy.js";
export type { Store, Streaming, StreamLayer, StreamRequest, StreamSchedule } from "./stream/record.js";
export { bytesPerMs, MAIX_STORES } from "./stream/store.js";
export { validateSchedule } from "./stream/validate.js";
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
export {
  familyErrorsTable,
  latencyErrorsTable,
  modelErrorsTable,
  notPredictedTable,
  romErrorsTable,
} from "./table/errors.js";
export { epochMemoriesTable, movesTable, placesTable } from "./table/moves.js";
export {
  claimsTable,
  offloadSourcesTable,
  offloadTable,
  removeTable,
  resolutionTable,
  whatIfTable,
} from "./table/offload.js";
export { growthTable, settingsTable } from "./table/rom-plan.js";
export { type ShowOptions, show } from "./table/show.js";
export {
  k210LayersTable,
  k210ObstaclesTable,
  k210RunsTable,
  maixTable,
  streamLayersTable,
} from "./table/stream.js";
export { lanesTable, stallsTable } from "./table/timeline.js";
export {
  PROFILES,
  type Profile,
  ROM_CAUSES,
  TOOL_VERSIONS,
  type ToolVersion,
} from "./targets/neural-art/records.js";
