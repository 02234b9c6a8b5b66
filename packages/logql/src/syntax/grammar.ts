import type {
  BinaryOperator,
  Expression,
  Grouping,
  MetricExpression,
  RangeOperation,
  VectorMatching,
  VectorOperation,
} from "./ast.ts";
import * as build from "./build.ts";
import type { Built } from "./build.ts";
import { LogGrammar, UnexpectedToken } from "./log-grammar.ts";
import { tooManyToList } from "./syntax-error.ts";
import * as tokens from "./tokens.ts";

/** The grammar of LogQL: what metric expressions make of log expressions. Rules are in the order of reading. */
export class Grammar extends LogGrammar {
  constructor() {
    super();
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
      { ALT: () => this.SUBRULE(this.labelReplace) },
      { ALT: () => this.SUBRULE(this.vectorLiteral) },
      { ALT: () => this.SUBRULE(this.literal) },
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

  private readonly literal = this.RULE("literal", (): Built<MetricExpression> => {
    const number = this.SUBRULE(this.signedNumber);
    return this.ACTION(() => build.literal(number));
  });

  private readonly vectorLiteral = this.RULE("vectorLiteral", (): Built<MetricExpression> => {
    this.CONSUME(tokens.VectorOf);
    this.CONSUME(tokens.OpenParenthesis);
    const text = this.CONSUME(tokens.Numeral).image;
    this.CONSUME(tokens.CloseParenthesis);
    return this.ACTION(() => build.vectorLiteral(text));
  });

  private readonly labelReplace = this.RULE("labelReplace", (): Built<MetricExpression> => {
    const texts: string[] = [];
    this.CONSUME(tokens.LabelReplace);
    this.CONSUME(tokens.OpenParenthesis);
    const operand = this.SUBRULE(this.metric);
    for (const consume of [0, 1, 2, 3] as const) {
      this.consume(consume, tokens.Comma, consume === 0 ? { ERR_MSG: tooManyToList } : {});
      texts.push(this.consume(consume, tokens.Text).payload as string);
    }
    this.CONSUME(tokens.CloseParenthesis);
    return this.ACTION(() => build.labelReplace(operand, texts));
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
    const range = this.SUBRULE(this.logRange, { ARGS: [parameter !== undefined] });
    this.CONSUME(tokens.CloseParenthesis);
    const grouping = this.OPTION1(() => this.SUBRULE(this.grouping));
    return this.ACTION(() =>
      build.rangeAggregation(build.wordOf(operation) as RangeOperation, range, parameter, grouping),
    );
  });
}
