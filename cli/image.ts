import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { LabError } from "../lib/errors.js";
import type { ImageManifest } from "../lib/image/manifest.js";
import { fail } from "./fail.js";
import { verifyCommand } from "./image-verify.js";
import { withImageOptions } from "./options.js";
import { type StudyFlags, studyOptions } from "./study-options.js";

interface Flags extends StudyFlags {
  readonly out?: string;
  readonly without?: readonly string[];
}

const count = (value: number): string => value.toLocaleString("en-US");
function say(text: string): void {
  process.stderr.write(`npulab: ${text}\n`);
}
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The one thing that the rules do not give: docs/packing.md. */
const ORDER =
  "the vendor's compiler is free in the order of buffers of one size, and its network.c holds their addresses: verify its own .raw against this manifest before you program these images for it";

function sayManifest({ pools, content, store }: ImageManifest): void {
  for (const { name, kind, bytes, address, buffers, files } of pools) {
    const where = `0x${address.toString(16)}`;
    say(`${name}: ${count(bytes)} bytes, ${buffers.length} buffers at ${where}, ${kind}: ${files.hex}`);
  }
  if (store) say(`${store.file}: ${count(store.bytes)} bytes to be copied to RAM after each reset`);
  const { known, assumed, unknown } = content;
  say(`content: ${count(known)} bytes known, ${count(assumed)} assumed, ${count(unknown)} unknown`);
  say(ORDER);
  if (unknown > 0) {
    say(
      `${count(unknown)} bytes are unknown and stand as zeros: do not program these images, the network would answer garbage`,
    );
  }
}

async function write(file: string, flags: Flags): Promise<void> {
  // Not a required option: commander would ask `image verify` for it too.
  if (flags.out === undefined) {
    throw new LabError({
      code: "OPTION",
      message: `Cannot write the images of '${file}': --out is missing, expected a folder`,
    });
  }
  const { load } = await import("../lib/node/load.js");
  const { writeChunks } = await import("../lib/node/write-chunks.js");
  const { imagesOf } = await import("../lib/image/images-of.js");
  const { imageFiles } = await import("../lib/image/files.js");

  const { images, whatIf } = imagesOf({
    loaded: load(file),
    options: studyOptions(flags),
    without: flags.without ?? [],
    sha256,
  });
  mkdirSync(flags.out, { recursive: true });
  for (const { name, chunks } of imageFiles(images)) {
    const path = join(flags.out, name);
    say(`${path}, ${count(writeChunks(path, chunks))} bytes`);
  }
  sayManifest(images.manifest);
  for (const sentence of whatIf?.sentences ?? []) say(sentence);
}

export function imageCommand(): Command {
  return withImageOptions(
    new Command("image")
      .description("write the images that are programmed or copied, one per memory pool, and check them")
      .argument("<file>", "a .tflite or .onnx file, or built:<preset>")
      .option("--out <folder>", "where to write the images, their manifest, header and script")
      .option("--without <pool...>", "what if these pools had size 0, for example octoFlash"),
  )
    .action(async (file: string, flags: Flags) => {
      try {
        await write(file, flags);
      } catch (error) {
        fail(error);
      }
    })
    .addCommand(verifyCommand());
}
