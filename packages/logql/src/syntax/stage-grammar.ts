import type { Matcher, MatchOperator } from "@sluice/model";
import type { LabelChoice, LabelExtraction, LabelFormat, LineFilterText, StageNode } from "./ast.ts";
import * as build from "./build.ts";
import { LabelFilterGrammar } from "./label-filter-grammar.ts";
import * as tokens from "./tokens.ts";

/** The grammar of stages, one rule each; `pipedStage` is their table. */
export abstract class StageGrammar extends LabelFilterGrammar {
  /** @param inRange before `| unwrap`, which is no stage, the stages end; otherwise it is an error. */
  protected readonly stages = this.RULE("stages", (inRange: boolean): readonly StageNode[] => {
    const groups: (readonly StageNode[])[] = [];
    this.MANY({
      GATE: () => !(inRange && this.LA(2).tokenType === tokens.Unwrap && this.LA(1).tokenType === tokens.Pipe),
      DEF: () => {
        groups.push(this.SUBRULE(this.stage));
      },
    });
    return groups.flat();
  });

  private readonly stage = this.RULE("stage", (): readonly StageNode[] =>
    this.OR([
      { ALT: () => this.SUBRULE(this.lineFilter) },
      { ALT: () => (this.CONSUME(tokens.Pipe), [this.SUBRULE(this.pipedStage)]) },
    ]),
  );

  /** The table of stages after `|`: one line each. */
  private readonly pipedStage = this.RULE("pipedStage", (): StageNode =>
    this.OR([
      { ALT: () => this.SUBRULE(this.jsonStage) },
      { ALT: () => this.SUBRULE(this.logfmtStage) },
      { ALT: () => this.SUBRULE(this.regexpStage) },
      { ALT: () => this.SUBRULE(this.patternStage) },
      { ALT: () => (this.CONSUME(tokens.Unpack), { kind: "unpack" as const }) },
      { ALT: () => this.SUBRULE(this.lineFormatStage) },
      { ALT: () => this.SUBRULE(this.labelFormatStage) },
      { ALT: () => (this.CONSUME(tokens.Decolorize), { kind: "decolorize" as const }) },
      { ALT: () => (this.CONSUME(tokens.Drop), { kind: "drop" as const, labels: this.SUBRULE(this.labelChoices) }) },
      { ALT: () => (this.CONSUME(tokens.Keep), { kind: "keep" as const, labels: this.SUBRULE1(this.labelChoices) }) },
      { ALT: () => ({ kind: "labelFilter" as const, filter: this.SUBRULE(this.labelFilter) }) },
    ]),
  );

  private readonly lineFilter = this.RULE("lineFilter", (): readonly StageNode[] => {
    const operator = this.CONSUME(tokens.LineFilterOperator).image as Parameters<typeof build.lineFilters>[0];
    const alternatives = [this.SUBRULE(this.lineFilterText)];
    this.MANY(() => {
      this.CONSUME(tokens.Or);
      alternatives.push(this.SUBRULE1(this.lineFilterText));
    });
    return this.ACTION(() => build.lineFilters(operator, alternatives));
  });

  private readonly lineFilterText = this.RULE("lineFilterText", (): LineFilterText =>
    this.OR([
      { ALT: () => ({ kind: "text" as const, text: this.CONSUME(tokens.Text).payload as string }) },
      { ALT: () => ({ kind: "ip" as const, text: this.SUBRULE(this.ipCall) }) },
    ]),
  );

  private readonly jsonStage = this.RULE("jsonStage", (): StageNode => {
    this.CONSUME(tokens.Json);
    const extractions = this.OPTION(() => this.SUBRULE(this.extractions));
    return extractions === undefined ? { kind: "json" } : { kind: "jsonExpressions", extractions };
  });

  private readonly logfmtStage = this.RULE("logfmtStage", (): StageNode => {
    const flags: string[] = [];
    this.CONSUME(tokens.Logfmt);
    this.MANY(() => {
      flags.push(this.CONSUME(tokens.Flag).image);
    });
    const extractions = this.OPTION(() => this.SUBRULE(this.extractions));
    const strict = flags.includes("--strict");
    const keepEmpty = flags.includes("--keep-empty");
    return extractions === undefined
      ? { kind: "logfmt", strict, keepEmpty }
      : { kind: "logfmtExpressions", strict, keepEmpty, extractions };
  });

  private readonly extractions = this.RULE("extractions", (): readonly LabelExtraction[] => {
    const found: LabelExtraction[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: tokens.Comma,
      DEF: () => {
        const name = this.CONSUME(tokens.Identifier).image;
        const path = this.OPTION(() => (this.CONSUME(tokens.Equal), this.CONSUME(tokens.Text).payload as string));
        found.push({ name, path: path ?? name });
      },
    });
    return found;
  });

  private readonly regexpStage = this.RULE("regexpStage", (): StageNode => {
    this.CONSUME(tokens.Regexp);
    const pattern = this.CONSUME(tokens.Text).payload as string;
    return this.checked({ kind: "regexp", pattern }, () => build.checkRegexpStage(pattern));
  });

  private readonly patternStage = this.RULE("patternStage", (): StageNode => {
    this.CONSUME(tokens.Pattern);
    const pattern = this.CONSUME(tokens.Text).payload as string;
    return this.checked({ kind: "pattern", pattern }, () => build.checkPatternStage(pattern));
  });

  private readonly lineFormatStage = this.RULE("lineFormatStage", (): StageNode => {
    this.CONSUME(tokens.LineFormat);
    return { kind: "lineFormat", template: this.CONSUME(tokens.Text).payload as string };
  });

  private readonly labelFormatStage = this.RULE("labelFormatStage", (): StageNode => {
    const formats: LabelFormat[] = [];
    this.CONSUME(tokens.LabelFormat);
    this.AT_LEAST_ONE_SEP({
      SEP: tokens.Comma,
      DEF: () => {
        formats.push(this.SUBRULE(this.labelFormat));
      },
    });
    return { kind: "labelFormat", formats };
  });

  private readonly labelFormat = this.RULE("labelFormat", (): LabelFormat => {
    const name = this.CONSUME(tokens.Identifier).image;
    this.CONSUME(tokens.Equal);
    return this.OR([
      { ALT: () => ({ kind: "rename" as const, name, from: this.CONSUME1(tokens.Identifier).image }) },
      { ALT: () => ({ kind: "template" as const, name, template: this.CONSUME(tokens.Text).payload as string }) },
    ]);
  });

  private readonly labelChoices = this.RULE("labelChoices", (): readonly LabelChoice[] => {
    const found: LabelChoice[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: tokens.Comma,
      DEF: () => {
        found.push(this.SUBRULE(this.labelChoice));
      },
    });
    return found;
  });

  private readonly labelChoice = this.RULE("labelChoice", (): LabelChoice => {
    const name = this.CONSUME(tokens.Identifier).image;
    const matcher = this.OPTION((): Matcher => {
      const operator = this.CONSUME(tokens.MatchOperator).image as MatchOperator;
      const value = this.CONSUME(tokens.Text).payload as string;
      return this.checked({ name, operator, value }, () => build.checkRegexOf(operator, value));
    });
    return matcher === undefined ? { name } : { name, matcher };
  });
}
