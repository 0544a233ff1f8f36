/**
 * What things of an ONNX file take on the heap, in bytes, for the budget of the file. Source: counted from the
 * fields of the objects, 64-bit words, a Map of its own at 200; test/cli/hostile-memory.test.ts holds whole files
 * against the memory that a process takes for them.
 */

export { ELEMENT_COST } from "../shared/budget.js";

/** A number of a list that grows: it is copied into ever larger ones. */
export const GROWING_COST = 16;
/** A place in lists of texts, and in the table that finds it. */
export const NAME_COST = 48;
/** A text that is kept as one, besides its bytes. */
export const TEXT_COST = 24;
/** A tensor, and what reads its bytes. */
export const TENSOR_COST = 128;
/** Where a run of typed numbers, or a text of a constant, lies in the file. */
export const PART_COST = 80;
/** A node as a row of numbers; one that is a record of its own takes more. */
export const NODE_COST = 112;
export const RECORD_NODE_COST = 320;
/** Where a node lies in the file. */
export const EXTENT_COST = 16;
/** A cursor that is kept: a node or attribute of a function. */
export const CURSOR_COST = 128;
/** A value that is declared: in the lists of its graph. */
export const VALUE_COST = 24;
export const TYPE_COST = 96;
/** An attribute, besides its value. */
export const ATTRIBUTE_COST = 96;
/** A graph inside of a node, a function, the call of one: each has names of its own. */
export const GRAPH_COST = 1400;
export const FUNCTION_COST = 700;
export const CALL_COST = 900;
/** What someone noted beside a thing: its first entry makes a Map. */
export const NOTES_COST = 320;
/** An entry of a Map that is there already. */
export const ENTRY_COST = 64;
export const ANNOTATION_COST = 320;
