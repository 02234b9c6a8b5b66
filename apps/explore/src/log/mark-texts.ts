/** Name of the highlight in the style sheet: `::highlight(searched)`. */
const highlightName = "searched";
/** Marks per row: a line of nothing but hits must not cost more than a screen of lines. */
const marksPerRowMax = 50;

/**
 * Marks texts in text nodes without changing the document: the CSS Custom Highlight API.
 * A browser without it shows the lines unmarked.
 */
export function markTexts(nodes: readonly Text[], texts: readonly string[]): void {
  if (!("highlights" in CSS)) {
    return;
  }
  if (texts.length === 0) {
    CSS.highlights.delete(highlightName);
    return;
  }
  const ranges: Range[] = [];
  for (const node of nodes) {
    addRanges(node, texts, ranges);
  }
  CSS.highlights.set(highlightName, new Highlight(...ranges));
}

function addRanges(node: Text, texts: readonly string[], ranges: Range[]): void {
  const { data } = node;
  let count = 0;
  for (const text of texts) {
    for (let at = data.indexOf(text); at >= 0 && count < marksPerRowMax; at = data.indexOf(text, at + text.length)) {
      const range = new Range();
      range.setStart(node, at);
      range.setEnd(node, at + text.length);
      ranges.push(range);
      count += 1;
    }
  }
}
