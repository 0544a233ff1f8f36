/** Offload rates against latency, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { OffloadStudy } from "../analyze/offload-record.js";
import { formatCell } from "./columns.js";

const interval = (low: number, high: number) => `${formatCell("_ms", low)} to ${formatCell("_ms", high)}`;

/** One row per network: published epochs, rate and time beside the predicted, with the error where both are. */
export function offloadTable({ rows }: OffloadStudy): ColumnTable {
  return from(
    rows.map(({ model, published, predicted }) => ({
      model,
      epochs: published?.epochs ?? null,
      predicted_epochs: predicted?.epochs ?? null,
      off_NPU: published?.sw ?? null,
      predicted_off_NPU: predicted ? predicted.sw + predicted.hybrid : null,
      on_NPU_share: published?.epochs && published.sw !== null ? 1 - published.sw / published.epochs : null,
      predicted_by_epochs_share: predicted?.byEpochs ?? null,
      by_time_share: predicted?.byTime ?? null,
      measured_ms: published?.ms ?? null,
      predicted_ms: predicted?.time.ms ?? null,
      interval: predicted ? interval(predicted.time.low, predicted.time.high) : "",
      error_share: published?.ms && predicted ? predicted.time.ms / published.ms - 1 : null,
    })),
  );
}

/** One row per network: multiply-adds, flash published beside predicted, and where the figures are from. */
export function offloadSourcesTable({ rows }: OffloadStudy): ColumnTable {
  return from(
    rows.map(({ model, published, predicted }) => ({
      model,
      variant: published?.variant ?? "",
      work_macs: predicted?.macs ?? null,
      by_macs_share: predicted?.byMacs ?? null,
      flash_bytes: published?.flashBytes ?? null,
      predicted_flash_bytes: predicted?.imageBytes ?? null,
      claimed: published?.claimed ?? "",
      source: published?.source ?? "predicted only",
    })),
  );
}

/** One row per claim: the sentence, the verdict, and why. */
export function claimsTable({ claims }: OffloadStudy): ColumnTable {
  return from(
    claims.map(({ sentence, verdict, finding, rows }) => ({
      claim: sentence,
      verdict,
      finding,
      from: rows.join("; "),
    })),
  );
}

/** One row per size: published and predicted time. */
export function resolutionTable({ line }: OffloadStudy): ColumnTable {
  return from(
    line.points.map(({ side, publishedMs, predicted }) => ({
      resolution: side,
      pixels: side * side,
      published_ms: publishedMs,
      predicted_ms: predicted.ms,
      interval: interval(predicted.low, predicted.high),
      error_share: publishedMs === null ? null : predicted.ms / publishedMs - 1,
    })),
  );
}

/** One row per operator on the CPU over the sizes, what takes most first: what to remove. */
export function removeTable({ line }: OffloadStudy): ColumnTable {
  return from(
    line.remove.map(({ node, op, smallMs, largeMs }) => ({
      node,
      op,
      smallest_size_ms: smallMs,
      largest_size_ms: largeMs,
    })),
  );
}

/** One row per network and switch: what it would gain on a target that could do more. */
export function whatIfTable({ whatIfs }: OffloadStudy): ColumnTable {
  return from(
    whatIfs.flatMap(({ model, ifs }) =>
      ifs.map((answer) => ({
        model,
        on_the_NPU: answer.switch,
        operators: answer.ops.join(", "),
        nodes: answer.nodes,
        now_ms: answer.now.ms,
        gain_ms: answer.saving?.ms ?? null,
        interval: answer.saving ? interval(answer.saving.low, answer.saving.high) : "unknown",
        of_inference_share: answer.saving ? answer.saving.ms / answer.now.ms : null,
        off_NPU_now: answer.offNow,
        off_NPU_then: answer.offThen,
      })),
    ),
  );
}
