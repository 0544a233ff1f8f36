/** A file of the vendor's tools from its bytes: what kind it is, and what it says. */
import { LabError } from "../../errors.js";
import { parseCInfo } from "./c-info/c-info.js";
import type { CInfo } from "./c-info/records.js";
import { type HexImage, parseIntelHex } from "./intel-hex.js";
import { parseJson } from "./json.js";
import { type MpoolFile, readMpool } from "./mpool.js";
import { isNbin, type NbinHead, parseNbinHead } from "./nbin.js";
import { type NeuralArtProfiles, parseNeuralArtProfiles } from "./profiles.js";
import type { VendorReport } from "./report/records.js";
import { isReport, parseReport } from "./report/report.js";
import { parseTraffic, TRAFFIC_HEADER, type TrafficTable } from "./traffic.js";

export type VendorFile =
  | { readonly kind: "report"; readonly report: VendorReport }
  | { readonly kind: "c-info"; readonly cInfo: CInfo }
  | { readonly kind: "memory pools"; readonly pools: MpoolFile }
  | { readonly kind: "profiles"; readonly profiles: NeuralArtProfiles }
  | { readonly kind: "traffic"; readonly traffic: TrafficTable }
  | { readonly kind: "intel hex"; readonly image: HexImage }
  | { readonly kind: "relocatable"; readonly head: NbinHead }
  /** Bytes from the start of a pool; the file says neither which nor where. */
  | { readonly kind: "raw image"; readonly data: Uint8Array };

const EXPECTED =
  "a report, network_c_info.json, .mpool, user_neuralart.json, a traffic table, Intel HEX, .raw or .bin of ST Edge AI Core";

/** What people hand in by mistake: bytes from an offset on, and what they mark. */
const STRANGERS: readonly { readonly offset: number; readonly starts: string; readonly is: string }[] = [
  { offset: 4, starts: "TFL3", is: "a TFLite model" },
  { offset: 0, starts: "\x7fELF", is: "an ELF program" },
  { offset: 0, starts: "PK\x03\x04", is: "a zip archive" },
  { offset: 0, starts: "\x1f\x8b", is: "compressed with gzip" },
  { offset: 0, starts: "version https://git-lfs", is: "a Git LFS pointer, not the file that it stands for" },
];

const RAW = /\.(bin|raw)$/i;

function refuse(name: string, is: string): LabError {
  return new LabError({
    code: "VENDOR_FILE",
    message: `Cannot read '${name}' as a file of the vendor's tools: it is ${is}, expected ${EXPECTED}`,
  });
}

function startsWith(data: Uint8Array, offset: number, text: string): boolean {
  return Array.from(text).every((character, index) => data[offset + index] === character.charCodeAt(0));
}

/** Returns the text of bytes in UTF-8; null when they are no text. */
function textOf(data: Uint8Array): string | null {
  if (data.subarray(0, 4096).includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return null;
  }
}

/** Keys of the outermost object that only one kind of file has. */
const JSON_KINDS: readonly {
  readonly key: string;
  readonly open: (text: string, name: string) => VendorFile;
}[] = [
  { key: "json_schema_version", open: (text, name) => ({ kind: "c-info", cInfo: parseCInfo(text, name) }) },
  { key: "memory", open: (text, name) => ({ kind: "memory pools", pools: readMpool(text, name) }) },
  {
    key: "Profiles",
    open: (text, name) => ({ kind: "profiles", profiles: parseNeuralArtProfiles(text, name) }),
  },
];

function openJson(text: string, name: string): VendorFile {
  const mentioned = JSON_KINDS.find(({ key }) => text.includes(`"${key}"`));
  if (mentioned) return mentioned.open(text, name);
  const { value } = parseJson(text, name);
  const keys = Object.keys((value ?? {}) as object).slice(0, 5);
  throw refuse(
    name,
    `JSON of another kind (${keys.length > 0 ? `keys ${keys.join(", ")}` : "without keys"})`,
  );
}

/**
 * Returns what kind of file the bytes are, told by content (raw images by their name's ending), and what it
 * says. Throws a LabError that names what was found and what was expected, or a DecodeError that says where a
 * file of a known kind is broken.
 */
export function openVendorFile(name: string, data: Uint8Array): VendorFile {
  if (data.length === 0) throw refuse(name, "empty");
  const stranger = STRANGERS.find(({ offset, starts }) => startsWith(data, offset, starts));
  if (stranger) throw refuse(name, stranger.is);
  if (isNbin(data)) return { kind: "relocatable", head: parseNbinHead(data, name) };
  const text = textOf(data);
  if (text === null) {
    if (RAW.test(name)) return { kind: "raw image", data };
    throw refuse(name, "neither text nor an image by its name");
  }
  if (isReport(text)) return { kind: "report", report: parseReport(text, name) };
  const start = text.slice(0, 4096).trimStart();
  if (start.startsWith(":")) return { kind: "intel hex", image: parseIntelHex(text, name) };
  if (/^[{[/]|^\uFEFF?\{/.test(start)) return openJson(text, name);
  if (TRAFFIC_HEADER.test(start.split("\n", 1)[0]!.trimEnd())) {
    return { kind: "traffic", traffic: parseTraffic(text, name) };
  }
  if (RAW.test(name)) return { kind: "raw image", data };
  throw refuse(name, "text of another kind");
}
