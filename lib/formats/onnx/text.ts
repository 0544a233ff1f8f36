export { decodeText } from "../shared/text.js";
