import type { TextSearch } from "../syntax/index.ts";

/** The test of a text that a search for texts is. */
export function compileTextSearch(search: TextSearch): (text: string) => boolean {
  switch (search.kind) {
    case "always":
      return () => true;
    case "notEmpty":
      return (text) => text !== "";
    case "contains": {
      const { text: wanted } = search;
      const lower = wanted.toLowerCase();
      return search.ignoresCase ? (text) => text.toLowerCase().includes(lower) : (text) => text.includes(wanted);
    }
    case "equals": {
      const { text: wanted } = search;
      const lower = wanted.toLowerCase();
      return search.ignoresCase ? (text) => text.toLowerCase() === lower : (text) => text === wanted;
    }
    case "anyOf": {
      const tests = search.searches.map(compileTextSearch);
      return (text) => tests.some((test) => test(text));
    }
  }
}
