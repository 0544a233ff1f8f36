/** The same constants on several chips, as Arquero tables. */
import { type ColumnTable, from } from "arquero";
import type { Analysis } from "../analyze/record.js";
import { STORED_CAUSES, type StoredCause, type StoredForm } from "../targets/stored-form.js";
import { shortName } from "./analyses.js";

const CHIP_NAMES = { "cortex-m": "Cortex-M", k210: "Kendryte K210" } as const;

/** Returns the chip of a stored form as people write it. */
export function chipName({ chip }: StoredForm): string {
  return CHIP_NAMES[chip];
}

/** One row per analysis and chip: what is stored, how it grew against the unpacked constants, what cannot be held. */
export function chipsTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.flatMap((analysis) => {
      const unpacked = analysis.rom.elsewhere.find(({ chip }) => chip === "cortex-m")?.bytes ?? 0;
      const row = (chip: string, form: string, stored: number, cannot: string) => ({
        model: shortName(analysis),
        chip,
        form,
        stored_bytes: stored,
        growth_ratio: unpacked === 0 ? null : stored / unpacked,
        cannot_hold: cannot,
      });
      const { tool, epochController } = analysis.target;
      const controller = epochController ? "on" : "off";
      return [
        ...analysis.rom.elsewhere.map((form) =>
          row(chipName(form), form.form, form.bytes, obstacleText(form)),
        ),
        row(
          analysis.target.chip,
          `flash image, ${tool}, controller ${controller}`,
          analysis.rom.imageBytes,
          "",
        ),
      ];
    }),
  );
}

function obstacleText({ obstacles }: StoredForm): string {
  const reasons = [...new Set(obstacles.map(({ op, why }) => (why.startsWith(op) ? why : `${op}: ${why}`)))];
  return reasons.length > 2
    ? `${reasons.slice(0, 2).join("; ")}; ${reasons.length - 2} more`
    : reasons.join("; ");
}

/** One row per analysis, chip and cause: the ledgers of the other chips, summed. */
export function chipCausesTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.flatMap((analysis) =>
      analysis.rom.elsewhere.flatMap((form) =>
        [...storedByCause(form)].map(([cause, bytes]) => ({
          model: shortName(analysis),
          chip: chipName(form),
          cause,
          meaning: STORED_CAUSES[cause],
          stored_bytes: bytes,
          of_file_share: form.bytes === 0 ? 0 : bytes / form.bytes,
        })),
      ),
    ),
  );
}

/** Returns the bytes of a stored form by cause; causes that take nothing are left out. */
export function storedByCause({ ledger }: StoredForm): Map<StoredCause, number> {
  const totals = new Map<StoredCause, number>();
  for (const cause of Object.keys(STORED_CAUSES) as StoredCause[]) {
    const bytes = ledger.reduce((sum, entry) => (entry.cause === cause ? sum + entry.bytes : sum), 0);
    if (bytes > 0) totals.set(cause, bytes);
  }
  return totals;
}
