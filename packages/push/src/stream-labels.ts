import { ServiceError, type LabelPair } from "@sluice/model";
import { describeToken, LabelLexer, type LabelToken } from "./label-lexer.ts";

/** Loki's bound on one stream's label text. */
const labelsBytesMax = 2 ** 24;

/** Words of PromQL that cannot be a metric's name. */
const noMetricNames = new Set(["atan2", "on", "ignoring", "group_left", "group_right", "bool"]);

/**
 * Reads the labels of a pushed stream, a Prometheus metric without value: `{app="x", pod='y',}`, `up{job="x"}`, the
 * empty text. Ascending by name, and as it was sent: a name may come twice, which is for whoever checks labels to refuse.
 * Names with an empty value are left out, as Loki does.
 *
 * @throws {ServiceError} `bad_data` with Prometheus' text (`1:5: parse error: unexpected character inside braces:
 * '-'`), before which the server puts "couldn't parse labels: "; `too_large` when the text is longer than 16 MiB.
 */
export function parseStreamLabels(text: string): readonly LabelPair[] {
  if (text.length > labelsBytesMax) {
    throw new ServiceError(
      "too_large",
      `request body too large: stream labels size ${Math.round(text.length / 1e6)} MB exceeds limit of 17 MB`,
    );
  }
  const pairs = new LabelParser(text).metric();
  const empty = new Set(pairs.filter(({ value }) => value === "").map(({ name }) => name));
  return pairs.filter(({ name }) => !empty.has(name)).sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** The rules `metric` and `label_set` of Prometheus' grammar (promql/parser/generated_parser.y). */
class LabelParser {
  readonly #lexer: LabelLexer;
  readonly #pairs: LabelPair[] = [];
  #token: LabelToken;

  constructor(text: string) {
    this.#lexer = new LabelLexer(text);
    this.#token = this.#lexer.next();
  }

  metric(): readonly LabelPair[] {
    const name = isMetricName(this.#token) ? this.#advance().text : undefined;
    if (this.#is("{")) {
      this.#labelSet();
    }
    if (this.#token.kind !== "end") {
      throw this.#unexpected("");
    }
    // The name before the braces wins over a __name__ inside them.
    return name === undefined
      ? this.#pairs
      : [...this.#pairs.filter((pair) => pair.name !== "__name__"), { name: "__name__", value: name }];
  }

  #labelSet(): void {
    this.#advance();
    while (!this.#is("}")) {
      this.#label();
      if (this.#is(",")) {
        this.#advance();
      } else if (!this.#is("}")) {
        throw this.#unexpected(' in label set, expected "," or "}"');
      }
    }
    this.#advance();
  }

  #label(): void {
    const { kind } = this.#token;
    if (kind !== "identifier" && kind !== "string") {
      throw this.#unexpected(' in label set, expected identifier or "}"');
    }
    const token = this.#advance();
    const name = kind === "identifier" ? token.text : token.value;
    if (this.#is("=")) {
      this.#advance();
      if (this.#token.kind !== "string") {
        throw this.#unexpected(" in label set, expected string");
      }
      this.#pairs.push({ name, value: this.#advance().value });
    } else if (kind === "identifier") {
      throw this.#unexpected(' in label set, expected "="');
    } else {
      // A quoted name alone is the metric's name.
      this.#pairs.push({ name: "__name__", value: name });
    }
  }

  #is(sign: string): boolean {
    return this.#token.kind === "sign" && this.#token.text === sign;
  }

  /** Takes the current token and reads the next one. */
  #advance(): LabelToken {
    const token = this.#token;
    this.#token = this.#lexer.next();
    return token;
  }

  #unexpected(where: string): ServiceError {
    return this.#lexer.error(this.#token.offset, `unexpected ${describeToken(this.#token)}${where}`);
  }
}

function isMetricName({ kind, text }: LabelToken): boolean {
  switch (kind) {
    case "identifier":
    case "metric identifier":
    case "aggregator":
      return true;
    case "operator":
    case "keyword":
      return /^[a-z]/iu.test(text) && !noMetricNames.has(text.toLowerCase());
    default:
      return false;
  }
}
