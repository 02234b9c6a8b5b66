// Everything that the module exports. The caller lays out the memory and passes addresses; nothing is allocated here.
export { countNewlines, linesWith, newlineOffsets } from "./search";
export { snappyDecode } from "./snappy-decode";
export { snappyEncode } from "./snappy-encode";
export { fillFilter, insertTokens } from "./tokens";
