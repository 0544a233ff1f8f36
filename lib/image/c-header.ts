/**
 * A C header for the firmware: is the right image in flash, and the copy of weights to RAM. C99, no includes but
 * the freestanding ones and string.h; addresses and the CRC may be replaced by macros, to test it on a host or to
 * use the chip's CRC unit.
 */
import type { ImageManifest, ManifestPool } from "./manifest.js";
import { SEAL_MAGIC } from "./seal.js";

const hex = (value: number) => `0x${value.toString(16).padStart(8, "0")}UL`;
/** Names come from files: nothing in them may end a string, a comment or a line. */
const text = (name: string) => JSON.stringify(name.replaceAll(/[^\x20-\x7e]|[*/\\?]/g, "_"));

const PREAMBLE = `#ifndef NPULAB_WEIGHTS_H
#define NPULAB_WEIGHTS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* How an address becomes a pointer; a test on a host maps it to a buffer. */
#ifndef NPULAB_AT
#define NPULAB_AT(address) ((uint8_t *)(uintptr_t)(address))
#endif

/* CRC-32 (ISO-HDLC). Define NPULAB_CRC32 to use the CRC unit of the chip instead. */
#ifndef NPULAB_CRC32
static inline uint32_t npulab_crc32(const uint8_t *data, uint32_t bytes)
{
  static const uint32_t nibble[16] = {
    0x00000000UL, 0x1db71064UL, 0x3b6e20c8UL, 0x26d930acUL, 0x76dc4190UL, 0x6b6b51f4UL, 0x4db26158UL, 0x5005713cUL,
    0xedb88320UL, 0xf00f9344UL, 0xd6d6a3e8UL, 0xcb61b38cUL, 0x9b64c2b0UL, 0x86d3d2d4UL, 0xa00ae278UL, 0xbdbdf21cUL
  };
  uint32_t crc = 0xffffffffUL;
  while (bytes-- > 0) {
    crc ^= *data++;
    crc = (crc >> 4) ^ nibble[crc & 15];
    crc = (crc >> 4) ^ nibble[crc & 15];
  }
  return crc ^ 0xffffffffUL;
}
#define NPULAB_CRC32(data, bytes) npulab_crc32((data), (bytes))
#endif

typedef enum {
  NPULAB_WEIGHTS_RIGHT = 0,
  NPULAB_WEIGHTS_ERASED,  /* all 0xFF: never programmed, or the flash is not mapped */
  NPULAB_WEIGHTS_OTHER,   /* a whole image, but not the one that this firmware was built with */
  NPULAB_WEIGHTS_DAMAGED  /* neither: half programmed, at another address, in another byte order */
} npulab_weights_t;

typedef struct {
  const char *pool;
  uint32_t address;
  uint32_t bytes;
  uint32_t crc32;
  uint32_t id;    /* first four bytes of the image's SHA-256 */
  uint32_t seal;  /* where the seal lies; 0: none */
} npulab_flash_image_t;

typedef struct {
  const char *pool;
  uint32_t destination;
  uint32_t offset;  /* in the store */
  uint32_t bytes;
  uint32_t crc32;
} npulab_ram_image_t;
`;

const CHECK = `
static inline uint32_t npulab_word(const uint8_t *at)
{
  return (uint32_t)at[0] | ((uint32_t)at[1] << 8) | ((uint32_t)at[2] << 16) | ((uint32_t)at[3] << 24);
}

/* Whether one image is in flash. The flash must be memory mapped. The seal is looked at first: 16 bytes. */
static inline npulab_weights_t npulab_check_image(const npulab_flash_image_t *image)
{
  const uint8_t *data = NPULAB_AT(image->address);
  uint32_t index;
  if (image->seal != 0) {
    const uint8_t *seal = NPULAB_AT(image->seal);
    if (npulab_word(seal) == ${hex(SEAL_MAGIC)} &&
        (npulab_word(seal + 4) != image->bytes || npulab_word(seal + 8) != image->crc32)) {
      return NPULAB_WEIGHTS_OTHER;
    }
  }
  if (NPULAB_CRC32(data, image->bytes) == image->crc32) return NPULAB_WEIGHTS_RIGHT;
  for (index = 0; index < image->bytes; index++) {
    if (data[index] != 0xff) break;
  }
  if (index == image->bytes) return NPULAB_WEIGHTS_ERASED;
  return NPULAB_WEIGHTS_DAMAGED;
}
`;

function flashTable(pools: readonly ManifestPool[]): string {
  const rows = pools.map(
    ({ name, address, bytes, crc32, sha256, seal }) =>
      `  { ${text(name)}, ${hex(address)}, ${bytes}UL, 0x${crc32}UL, 0x${sha256.slice(0, 8)}UL, ${hex(seal?.address ?? 0)} }`,
  );
  return `
#define NPULAB_FLASH_IMAGES ${pools.length}
static const npulab_flash_image_t npulab_flash_images[NPULAB_FLASH_IMAGES] = {
${rows.join(",\n")}
};

/* Call it at boot, behind the set-up of the flash and before the network's init: a network without its weights
   runs at full speed and answers garbage. Returns the first thing that is wrong. */
static inline npulab_weights_t npulab_check_flash(void)
{
  for (int index = 0; index < NPULAB_FLASH_IMAGES; index++) {
    const npulab_weights_t found = npulab_check_image(&npulab_flash_images[index]);
    if (found != NPULAB_WEIGHTS_RIGHT) return found;
  }
  return NPULAB_WEIGHTS_RIGHT;
}
`;
}

function installTable({ store }: ImageManifest): string {
  if (store === null) return "";
  const rows = store.entries.map(
    ({ pool, destination, offset, bytes, crc32 }) =>
      `  { ${text(pool)}, ${hex(destination)}, ${offset}UL, ${bytes}UL, 0x${crc32}UL }`,
  );
  return `
#define NPULAB_RAM_IMAGES ${store.entries.length}
#define NPULAB_STORE_BYTES ${store.bytes}UL
static const npulab_ram_image_t npulab_ram_images[NPULAB_RAM_IMAGES] = {
${rows.join(",\n")}
};

/* After writing RAM that the NPU reads: clean the data cache, SCB_CleanDCache_by_Addr on Cortex-M55. */
#ifndef NPULAB_CLEAN
#define NPULAB_CLEAN(address, bytes) ((void)(address), (void)(bytes))
#define NPULAB_CLEAN_IS_MISSING 1
#endif

/* Copies the weights that live in RAM. \`store\` is where ${store.file} can be read. Call it after each reset, with
   the RAMs powered, clocked and opened to the NPU (RISAF), before the network's init.
   Returns the number of images that arrived; NPULAB_RAM_IMAGES when all did. */
static inline int npulab_install_weights(const uint8_t *store)
{
  int index;
  for (index = 0; index < NPULAB_RAM_IMAGES; index++) {
    const npulab_ram_image_t *image = &npulab_ram_images[index];
    uint8_t *destination = NPULAB_AT(image->destination);
    memcpy(destination, store + image->offset, image->bytes);
    NPULAB_CLEAN(destination, image->bytes);
    if (NPULAB_CRC32(destination, image->bytes) != image->crc32) break;
  }
  return index;
}
`;
}

/** Returns `npulab_weights.h` for a manifest: the check of the flash, and the table for RAM. */
export function weightsHeader(manifest: ImageManifest): string {
  const { model, target, pools } = manifest;
  const flash = pools.filter(({ kind }) => kind === "flash");
  const head = `/* Weights of ${text(model.file)} for ${text(target.board)}, tool ${text(target.tool)}. Written by npulab image. */`;
  return [
    head,
    PREAMBLE,
    CHECK,
    flash.length > 0 ? flashTable(flash) : "",
    installTable(manifest),
    "\n#endif /* NPULAB_WEIGHTS_H */\n",
  ]
    .join("\n")
    .replaceAll(/\n{3,}/g, "\n\n");
}
