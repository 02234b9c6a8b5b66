// Everything that the module exports. The caller lays out the memory and passes addresses; nothing is allocated here.
export { packIds, unpackIds } from "./packed-ids";
export { escapeJsonLines } from "./escape-json";
export { jsonFields } from "./json-fields";
export { logfmtFields } from "./logfmt-fields";
export { matchLines } from "./match-lines";
export { readPush } from "./push";
export { countNewlines, linesWith, newlineOffsets } from "./search";
export { linesWithAny, linesWithFolded } from "./search-any";
export { snappyDecode } from "./snappy-decode";
export { snappyEncode } from "./snappy-encode";
export { fillFilter, insertTokens } from "./tokens";
