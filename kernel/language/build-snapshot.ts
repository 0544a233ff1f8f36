/** `node build-snapshot.js FOLDER`: builds the snapshot on the side, behind whatever else the machine has to do. */
import { setPriority } from "node:os";
import { buildSnapshot } from "./snapshot.js";

const POLITE = 10;
setPriority(POLITE);
buildSnapshot({ folder: process.argv[2] as string });
