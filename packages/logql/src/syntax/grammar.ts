import { messageOf, type Matcher, type MatchOperator } from "@sluice/model";
import { EmbeddedActionsParser, type IToken } from "chevrotain";
import { parseGoFloat } from "../units/go-float.ts";
import type {
  BinaryOperator,
  ComparisonOperator,
  Expression,
  Grouping,
  LabelFilterNode,
  LogExpression,
  LogRange,
  MetricExpression,
  RangeOperation,
  StageNode,
  VectorMatching,
  VectorOperation,
} from "./ast.ts";
import * as build from "./build.ts";
import type { Built } from "./build.ts";
import { expectationProvider, semanticError, tooManyToList } from "./syntax-error.ts";
import * as tokens from "./tokens.ts";

/** Raised where the grammar is fine with a token but the meaning of what came before is not. */
export class UnexpectedToken extends Error {
  readonly token: IToken;

  constructor(token: IToken) {
    super(`unexpected ${token.image}`);
    this.token = token;
  }
}

/** A log range while it is being read: inside parentheses the `[5m]` may still be missing. */
interface RangeDraft {
  readonly log: LogExpression;
  readonly rangeMs: number | undefined;
  readonly offsetNs: number;
}

/**
 * The grammar of LogQL. Every decision looks at one token, so that the token an error names is the one that Loki's
 * LALR parser stops at. Rules are in the order in which a query is read.
 */
export class Grammar extends EmbeddedActionsParser {
  constructor() {
    super([...tokens.allTokens], { maxLookahead: 1, errorMessageProvider: expectationProvider });
    this.performSelfAnalysis();
  }

  readonly query = this.RULE("query", (): Built<Expression> => {
    const expression = this.SUBRULE(this.expression);
    this.CONSUME(tokens.endOfQuery, { ERR_MSG: tooManyToList });
    return expression;
  });

  private readonly expression = this.RULE("expression", (): Built<Expression> => {
    const operands = [this.SUBRULE(this.operand)];
    const operators: build.Operator[] = [];
    this.MANY(() => {
      const operator = build.wordOf(this.CONSUME(tokens.BinaryOperator)) as BinaryOperator;
      operators.push({ operator, ...this.SUBRULE(this.modifiers) });
      operands.push(this.SUBRULE1(this.operand));
    });
    return this.ACTION(() => build.binaryTree(operands, operators));
  });

  private readonly operand = this.RULE("operand", (): Built<Expression> =>
    this.OR([
      { ALT: () => this.SUBRULE(this.parenthesised) },
      { ALT: () => this.SUBRULE(this.log) },
      { ALT: () => this.SUBRULE(this.rangeAggregation) },
      { ALT: () => this.SUBRULE(this.vectorAggregation) },
      { ALT: () => this.SUBRULE(this.vectorLiteral) },
      { ALT: () => ({ kind: "literal" as const, value: this.SUBRULE(this.signedNumber) }) },
      { ALT: () => this.unsupported(this.CONSUME(tokens.UnsupportedFunction)) },
    ]),
  );

  private readonly parenthesised = this.RULE("parenthesised", (): Built<Expression> => {
    this.CONSUME(tokens.OpenParenthesis);
    const expression = this.SUBRULE(this.expression);
    this.CONSUME(tokens.CloseParenthesis, { ERR_MSG: tooManyToList });
    return expression;
  });

  private readonly metric = this.RULE("metric", (): Built<MetricExpression> => {
    const expression = this.SUBRULE(this.expression);
    return this.ACTION(() => {
      if (expression.kind === "log") {
        throw new UnexpectedToken(this.LA(1));
      }
      return expression;
    });
  });

  private readonly signedNumber = this.RULE("signedNumber", (): number =>
    this.OR([
      { ALT: () => this.numberOf(this.CONSUME(tokens.Numeral)) },
      { ALT: () => (this.CONSUME(tokens.Add), this.numberOf(this.CONSUME1(tokens.Numeral))) },
      { ALT: () => (this.CONSUME(tokens.Subtract), -this.numberOf(this.CONSUME2(tokens.Numeral))) },
    ]),
  );

  private readonly vectorLiteral = this.RULE("vectorLiteral", (): MetricExpression => {
    this.CONSUME(tokens.VectorOf);
    this.CONSUME(tokens.OpenParenthesis);
    const value = this.numberOf(this.CONSUME(tokens.Numeral));
    this.CONSUME(tokens.CloseParenthesis);
    return { kind: "vector", value };
  });

  private readonly modifiers = this.RULE("modifiers", (): Omit<build.Operator, "operator"> => {
    const returnBool = this.OPTION(() => this.CONSUME(tokens.Bool)) !== undefined;
    const matching = this.OPTION1(() => this.SUBRULE(this.matching));
    return { returnBool, matching: matching ?? { on: false, labels: [], cardinality: "one-to-one" } };
  });

  private readonly matching = this.RULE("matching", (): VectorMatching => {
    const on = this.OR([
      { ALT: () => (this.CONSUME(tokens.On), true) },
      { ALT: () => (this.CONSUME(tokens.Ignoring), false) },
    ]);
    const labels = this.SUBRULE(this.labelNames);
    const many = this.OPTION(() => {
      const cardinality = this.OR1([
        { ALT: () => (this.CONSUME(tokens.GroupLeft), "many-to-one" as const) },
        { ALT: () => (this.CONSUME(tokens.GroupRight), "one-to-many" as const) },
      ]);
      const include = this.OPTION1(() => this.SUBRULE1(this.labelNames));
      return include === undefined || include.length === 0 ? { cardinality } : { cardinality, include };
    });
    return { on, labels, ...(many ?? { cardinality: "one-to-one" }) };
  });

  private readonly labelNames = this.RULE("labelNames", (): readonly string[] => {
    const names: string[] = [];
    this.CONSUME(tokens.OpenParenthesis);
    this.OPTION(() => {
      names.push(this.CONSUME(tokens.Identifier).image);
      this.MANY(() => {
        this.CONSUME(tokens.Comma);
        names.push(this.CONSUME1(tokens.Identifier).image);
      });
    });
    this.CONSUME(tokens.CloseParenthesis, { ERR_MSG: names.length === 0 ? "IDENTIFIER or )" : ", or )" });
    return names;
  });

  private readonly grouping = this.RULE("grouping", (): Grouping => {
    const without = this.OR([
      { ALT: () => (this.CONSUME(tokens.By), false) },
      { ALT: () => (this.CONSUME(tokens.Without), true) },
    ]);
    return { without, labels: this.SUBRULE(this.labelNames) };
  });

  private readonly vectorAggregation = this.RULE("vectorAggregation", (): Built<MetricExpression> => {
    const operation = this.CONSUME(tokens.VectorFunction);
    const before = this.OPTION(() => this.SUBRULE(this.grouping));
    this.CONSUME(tokens.OpenParenthesis);
    const parameter = this.OPTION1({
      GATE: () => this.LA(2).tokenType === tokens.Comma,
      DEF: () => {
        const count = this.CONSUME(tokens.Numeral).image;
        this.CONSUME(tokens.Comma);
        return count;
      },
    });
    const operand = this.SUBRULE(this.metric);
    this.CONSUME(tokens.CloseParenthesis, { ERR_MSG: tooManyToList });
    const after = this.OPTION2({
      GATE: () => before === undefined,
      DEF: () => this.SUBRULE1(this.grouping),
    });
    return this.ACTION(() =>
      build.vectorAggregation(build.wordOf(operation) as VectorOperation, operand, parameter, before ?? after),
    );
  });

  private readonly rangeAggregation = this.RULE("rangeAggregation", (): Built<MetricExpression> => {
    const operation = this.CONSUME(tokens.RangeFunction);
    this.CONSUME(tokens.OpenParenthesis);
    const parameter = this.OPTION(() => {
      const text = this.CONSUME(tokens.Numeral).image;
      this.CONSUME(tokens.Comma);
      return text;
    });
    const draft = this.SUBRULE(this.logRange, {});
    const range = this.ACTION(() => this.complete(draft));
    this.CONSUME(tokens.CloseParenthesis);
    const grouping = this.OPTION1(() => this.SUBRULE(this.grouping));
    return this.ACTION(() =>
      build.rangeAggregation(build.wordOf(operation) as RangeOperation, range, parameter, grouping),
    );
  });

  /** `[5m]` may come after the selector, after the stages, or after a parenthesis around both. */
  private readonly logRange = this.RULE("logRange", (): RangeDraft =>
    this.OR({
      DEF: [
        {
          ALT: () => {
            this.CONSUME(tokens.OpenParenthesis);
            const inner = this.SUBRULE(this.logRange);
            this.CONSUME(tokens.CloseParenthesis);
            return (
              this.OPTION({
                GATE: () => inner.rangeMs === undefined,
                DEF: () => ({ ...inner, ...this.SUBRULE(this.range) }),
              }) ?? inner
            );
          },
        },
        {
          ALT: () => {
            const { matchers, stages } = this.SUBRULE(this.log);
            const range = this.OPTION1(() => this.SUBRULE1(this.range));
            const later = this.OPTION2({
              GATE: () => range !== undefined && stages.length === 0,
              DEF: () => this.SUBRULE(this.stages),
            });
            const log = { kind: "log", matchers, stages: later ?? stages } as const;
            return { log, rangeMs: range?.rangeMs, offsetNs: range?.offsetNs ?? 0 };
          },
        },
      ],
      ERR_MSG: "NUMBER or { or (",
    }),
  );

  private readonly range = this.RULE("range", (): { rangeMs: number; offsetNs: number } => {
    const rangeMs = this.CONSUME(tokens.Range).payload as number;
    const offsetNs = this.OPTION(() => {
      this.CONSUME(tokens.Offset);
      return this.CONSUME(tokens.Duration).payload as number;
    });
    return { rangeMs, offsetNs: offsetNs ?? 0 };
  });

  private readonly log = this.RULE("log", (): LogExpression => {
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

  private readonly stages = this.RULE("stages", (): readonly StageNode[] => {
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

  private numberOf(token: IToken): number {
    return this.ACTION(() => {
      try {
        return parseGoFloat(token.image);
      } catch (error) {
        throw semanticError(`unable to parse literal as a float: ${messageOf(error)}`, error);
      }
    });
  }

  private complete({ log, rangeMs, offsetNs }: RangeDraft): LogRange {
    if (rangeMs === undefined) {
      throw new UnexpectedToken(this.LA(1));
    }
    return { log, rangeMs, offsetNs };
  }

  private unsupported(token: IToken, name?: string): never {
    // While chevrotain records the grammar, nothing may be thrown; the value is never used.
    return this.ACTION((): never => {
      throw semanticError(`${name ?? build.wordOf(token)} is not supported`);
    });
  }
}
