import { createHash } from "node:crypto";
import { Command } from "commander";
import { LabError } from "../lib/errors.js";
import { fail } from "./fail.js";
import { parseAddress, withImageOptions } from "./options.js";
import { readPoolText } from "./read-pool-text.js";
import { type StudyFlags, studyOptions } from "./study-options.js";

interface Flags extends StudyFlags {
  readonly out: string;
  readonly ledger?: string;
  readonly hex?: string;
  readonly base?: number;
  readonly target: string;
}

const count = (value: number): string => value.toLocaleString("en-US");
function say(text: string): void {
  process.stderr.write(`npulab: ${text}\n`);
}
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Returns the address of the pool that holds the weights; throws a LabError unless it is a single one. */
async function weightAddress({ target, mpool }: Flags, holders: readonly string[]): Promise<number> {
  const { boardOf } = await import("../lib/targets/neural-art/boards.js");
  const { poolsFromFile } = await import("../lib/targets/neural-art/pools.js");
  const { readMpool } = await import("../lib/formats/vendor/mpool.js");
  const pools =
    mpool === undefined
      ? boardOf(target).pools
      : poolsFromFile(readMpool(readPoolText(mpool), mpool).pools, mpool);
  const [holder] = pools.filter(({ name }) => holders.includes(name));
  if (holder && holders.length === 1) return holder.address;
  throw new LabError({
    code: "WEIGHT_POOLS",
    message: `Cannot tell where the image starts: ${holders.length} memory pools hold weights${holders.length > 0 ? ` (${holders.join(", ")})` : ""}, expected one`,
    hint: "say it with --base, for example --base 0x71000000",
  });
}

async function pack(file: string, flags: Flags): Promise<void> {
  const { study } = await import("../lib/analyze/study.js");
  const { load } = await import("../lib/node/load.js");
  const { writeChunks } = await import("../lib/node/write-chunks.js");
  const { packImage } = await import("../lib/targets/neural-art/packing/pack-image.js");
  const { packLedger } = await import("../lib/targets/neural-art/packing/pack-ledger.js");

  const loaded = load(file);
  const { graph, plan, memory } = study(loaded, studyOptions(flags));
  const image = packImage({ graph, options: plan.options, plan });
  const ledger = packLedger(image, sha256);

  if (flags.hex !== undefined) {
    const { intelHex } = await import("../lib/formats/vendor/intel-hex-write.js");
    const holders = memory.pools.filter((pool) => pool.weightBytes > 0).map((pool) => pool.name);
    const base = flags.base ?? (await weightAddress(flags, holders));
    const text = new TextEncoder().encode(intelHex(image.bytes, base));
    say(`${flags.hex}, ${count(writeChunks(flags.hex, [text]))} bytes, from address 0x${base.toString(16)}`);
  }
  say(`${flags.out}, ${count(writeChunks(flags.out, [image.bytes]))} bytes`);
  if (flags.ledger !== undefined) {
    const record = { ...ledger, model: { file, sha256: loaded.sha256 } };
    const text = new TextEncoder().encode(`${JSON.stringify(record, null, 2)}\n`);
    say(`${flags.ledger}, ${count(writeChunks(flags.ledger, [text]))} bytes`);
  }
  const { known, assumed, unknown } = ledger.content;
  say(`content: ${count(known)} bytes known, ${count(assumed)} assumed, ${count(unknown)} unknown`);
  const doubts = new Map<string, number>();
  for (const { why, content, bytes } of ledger.buffers) {
    if (why !== undefined) doubts.set(`${content}: ${why}`, (doubts.get(`${content}: ${why}`) ?? 0) + bytes);
  }
  for (const [doubt, bytes] of doubts) say(`${count(bytes)} bytes ${doubt}`);
}

export function packCommand(): Command {
  return withImageOptions(
    new Command("pack")
      .description(
        "write the flash image of a model's weights as the vendor's tool lays it out, and its ledger",
      )
      .argument("<file>", "a .tflite or .onnx file, or built:<preset>")
      .requiredOption("--out <image>", "where to write the image, as raw bytes")
      .option("--ledger <json>", "where to write the ledger: every buffer, its place, rule and causes")
      .option("--hex <file>", "write the image as Intel HEX too")
      .option(
        "--base <address>",
        "first address of the HEX file; the pool that holds the weights",
        parseAddress,
      ),
  ).action(async (file: string, flags: Flags) => {
    try {
      await pack(file, flags);
    } catch (error) {
      fail(error);
    }
  });
}
