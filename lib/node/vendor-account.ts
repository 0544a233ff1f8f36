/** The vendor's files of one compilation from their paths. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { VendorAccount } from "../analyze/compare-reported.js";
import { LabError } from "../errors.js";
import { openVendorFile, type VendorFile } from "../formats/vendor/open.js";
import { fileSource } from "./file-source.js";

function openPath(path: string): VendorFile {
  const source = fileSource(path);
  return openVendorFile(path, source.read(0, source.size));
}

/** Returns where the tool puts the C-info file of a report: `network_generate_report.txt` → `network_c_info.json`. */
function besideReport(path: string): string | null {
  const sibling = path.replace(/([_.])(?:generate|analyze|validate)_report\.txt$/, "$1c_info.json");
  return sibling !== path && existsSync(sibling) ? sibling : null;
}

/** Returns whether a path is to be read as a file of the vendor: it is there, and its name is no model's. */
export function isVendorFile(path: string): boolean {
  if (!existsSync(path) || /\.(onnx|tflite)$/i.test(path)) return false;
  return true;
}

function requireCInfo(path: string): VendorAccount {
  const file = openPath(path);
  if (file.kind === "c-info") return { cInfo: file.cInfo };
  throw new LabError({
    code: "VENDOR_FILE",
    message: `Cannot take '${path}' for a C-info file: it is a file of kind '${file.kind}', expected network_c_info.json`,
  });
}

export interface OpenedAccount {
  readonly account: VendorAccount;
  readonly notes: readonly string[];
}

/**
 * Returns the vendor's account of a compilation: the report or C-info file at `path`, and the C-info file given
 * or found beside a report. Throws a LabError that says what the file is instead.
 */
export function openAccount(path: string, cInfoPath?: string): OpenedAccount {
  const file = openPath(path);
  if (file.kind === "c-info") return { account: { cInfo: file.cInfo }, notes: [] };
  if (file.kind !== "report") {
    throw new LabError({
      code: "VENDOR_FILE",
      message: `Cannot compare with '${path}': it is a file of kind '${file.kind}', expected a report or network_c_info.json`,
    });
  }
  const { report } = file;
  if (cInfoPath !== undefined) return { account: { report, ...requireCInfo(cInfoPath) }, notes: [] };
  const sibling = besideReport(path);
  if (sibling === null) return { account: { report }, notes: [] };
  const found = requireCInfo(sibling);
  // The validate command overwrites the file of the compilation with its own.
  if (found.cInfo?.kind === "validated" && report.kind !== "validate")
    return { account: { report }, notes: [] };
  return {
    account: { report, ...found },
    notes: [`Buffers and epochs are those of '${basename(sibling)}', found beside the report.`],
  };
}
