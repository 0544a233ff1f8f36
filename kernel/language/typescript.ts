/**
 * The compiler, loaded with `require`: an `import` of CommonJS makes Node read all nine megabytes for the
 * names of its exports first, which costs more than loading them.
 */
import ts = require("typescript");

export { ts };
