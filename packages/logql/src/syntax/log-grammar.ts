import { messageOf, type Matcher, type MatchOperator } from "@sluice/model";
import { EmbeddedActionsParser, type IToken } from "chevrotain";
import { parseGoFloat } from "../units/go-float.ts";
import type { ComparisonOperator, LabelFilterNode, LogExpression, StageNode } from "./ast.ts";
import * as build from "./build.ts";
import { expectationProvider, semanticError, tooManyToList } from "./syntax-error.ts";
import * as tokens from "./tokens.ts";

/**
 * The grammar of log expressions: selectors and stages. Every decision looks at one token, so that the token an error
 * names is the one that Loki's LALR parser stops at.
 */
export abstract class LogGrammar extends EmbeddedActionsParser {
  constructor() {
    super([...tokens.allTokens], { maxLookahead: 1, errorMessageProvider: expectationProvider });
  }

  protected readonly log = this.RULE("log", (): LogExpression => {
    const matchers = this.SUBRULE(this.selector);
    const stages = this.SUBRULE(this.stages);
    return { kind: "log", matchers, stages };
  });

  private readonly selector = this.RULE("selector", (): readonly Matcher[] => {
    const matchers: Matcher[] = [];
    this.CONSUME(tokens.OpenBrace);
    this.OPTION(() => {
      matchers.push(this.SUBRULE(this.matcher));
      this.MANY(() => {
        this.CONSUME(tokens.Comma);
        matchers.push(this.SUBRULE1(this.matcher));
      });
    });
    this.CONSUME(tokens.CloseBrace, { ERR_MSG: matchers.length === 0 ? "IDENTIFIER or }" : "} or ," });
    return matchers;
  });

  private readonly matcher = this.RULE("matcher", (): Matcher => {
    const name = this.CONSUME(tokens.Identifier).image;
    const operator = this.CONSUME(tokens.MatchOperator, { ERR_MSG: "= or =~ or !~ or !=" }).image as MatchOperator;
    const value = this.CONSUME(tokens.Text).payload as string;
    return this.ACTION(() => build.checkedMatcher({ name, operator, value }));
  });

  protected readonly stages = this.RULE("stages", (): readonly StageNode[] => {
    const groups: (readonly StageNode[])[] = [];
    this.MANY(() => {
      groups.push(this.SUBRULE(this.stage));
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
      { ALT: () => ({ kind: "labelFilter" as const, filter: this.SUBRULE(this.labelFilter) }) },
      { ALT: () => this.unsupported(this.CONSUME(tokens.UnsupportedStage)) },
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

  private readonly lineFilterText = this.RULE("lineFilterText", (): string =>
    this.OR([
      { ALT: () => this.CONSUME(tokens.Text).payload as string },
      { ALT: () => this.unsupported(this.CONSUME(tokens.Ip)) },
    ]),
  );

  private readonly jsonStage = this.RULE("jsonStage", (): StageNode => {
    this.CONSUME(tokens.Json);
    this.OPTION(() => this.unsupported(this.CONSUME(tokens.Identifier), "json with expressions"));
    return { kind: "json" };
  });

  private readonly logfmtStage = this.RULE("logfmtStage", (): StageNode => {
    const flags: string[] = [];
    this.CONSUME(tokens.Logfmt);
    this.MANY(() => {
      flags.push(this.CONSUME(tokens.Flag).image);
    });
    this.OPTION(() => this.unsupported(this.CONSUME(tokens.Identifier), "logfmt with expressions"));
    return { kind: "logfmt", strict: flags.includes("--strict"), keepEmpty: flags.includes("--keep-empty") };
  });

  private readonly labelFilter = this.RULE("labelFilter", (): LabelFilterNode => {
    const operands = [this.SUBRULE(this.labelFilterOperand)];
    const joins: (IToken | undefined)[] = [];
    this.MANY(() => {
      const join = this.OPTION(() =>
        this.OR([
          { ALT: () => this.CONSUME(tokens.And) },
          { ALT: () => this.CONSUME(tokens.Or) },
          { ALT: () => this.CONSUME(tokens.Comma) },
        ]),
      );
      joins.push(join);
      operands.push(this.SUBRULE1(this.labelFilterOperand));
    });
    return this.ACTION(() =>
      build.labelFilterTree(
        operands,
        joins.map((join) => join && (build.wordOf(join) as build.LabelFilterJoin)),
      ),
    );
  });

  private readonly labelFilterOperand = this.RULE("labelFilterOperand", (): LabelFilterNode =>
    this.OR([
      {
        ALT: () => {
          const name = this.CONSUME(tokens.Identifier).image;
          return this.SUBRULE(this.labelComparison, { ARGS: [name] });
        },
      },
      {
        ALT: () => {
          this.CONSUME(tokens.OpenParenthesis);
          const filter = this.SUBRULE(this.labelFilter);
          this.CONSUME(tokens.CloseParenthesis, { ERR_MSG: tooManyToList });
          return filter;
        },
      },
    ]),
  );

  private readonly labelComparison = this.RULE("labelComparison", (name: string): LabelFilterNode =>
    this.OR([
      {
        ALT: () => {
          const operator = this.CONSUME(tokens.RegexOperator);
          return this.textFilter(name, operator, this.CONSUME(tokens.Text));
        },
      },
      {
        ALT: () => {
          const operator = this.CONSUME(tokens.EqualityOperator);
          return this.OR1([
            { ALT: () => this.textFilter(name, operator, this.CONSUME1(tokens.Text)) },
            { ALT: () => this.SUBRULE(this.quantity, { ARGS: [name, operator] }) },
            { ALT: () => this.unsupported(this.CONSUME(tokens.Ip)) },
          ]);
        },
      },
      {
        ALT: () => {
          const operator = this.CONSUME(tokens.QuantityOperator);
          return this.SUBRULE1(this.quantity, { ARGS: [name, operator] });
        },
      },
    ]),
  );

  private readonly quantity = this.RULE("quantity", (name: string, sign: IToken): LabelFilterNode => {
    const operator = this.ACTION(() => (sign.image === "=" ? "==" : sign.image) as ComparisonOperator);
    return this.OR([
      { ALT: () => ({ kind: "number" as const, name, operator, value: this.SUBRULE(this.signedNumber) }) },
      {
        ALT: () => ({
          kind: "duration" as const,
          name,
          operator,
          valueNs: this.CONSUME(tokens.Duration).payload as number,
        }),
      },
      {
        ALT: () => ({
          kind: "byteSize" as const,
          name,
          operator,
          valueBytes: this.CONSUME(tokens.ByteSize).payload as number,
        }),
      },
    ]);
  });

  protected readonly signedNumber = this.RULE("signedNumber", (): number =>
    this.OR([
      { ALT: () => this.numberOf(this.CONSUME(tokens.Numeral)) },
      { ALT: () => (this.CONSUME(tokens.Add), this.numberOf(this.CONSUME1(tokens.Numeral))) },
      { ALT: () => (this.CONSUME(tokens.Subtract), -this.numberOf(this.CONSUME2(tokens.Numeral))) },
    ]),
  );

  private textFilter(name: string, operator: IToken, value: IToken): LabelFilterNode {
    return this.ACTION(() => ({
      kind: "text",
      matcher: build.checkedMatcher({
        name,
        operator: operator.image as MatchOperator,
        value: value.payload as string,
      }),
    }));
  }

  protected numberOf(token: IToken): number {
    return this.ACTION(() => {
      try {
        return parseGoFloat(token.image);
      } catch (error) {
        throw semanticError(`unable to parse literal as a float: ${messageOf(error)}`, error);
      }
    });
  }

  protected unsupported(token: IToken, name?: string): never {
    // While chevrotain records the grammar, nothing may be thrown; the value is never used.
    return this.ACTION((): never => {
      throw semanticError(`${name ?? build.wordOf(token)} is not supported`);
    });
  }
}
