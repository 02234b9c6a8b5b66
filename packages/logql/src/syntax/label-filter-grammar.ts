import { messageOf, type Matcher, type MatchOperator } from "@sluice/model";
import { EmbeddedActionsParser, type IToken } from "chevrotain";
import type { ComparisonOperator, LabelFilterNode } from "./ast.ts";
import * as build from "./build.ts";
import { expectationProvider, semanticError, tooManyToList } from "./syntax-error.ts";
import * as tokens from "./tokens.ts";

/** A token whose text means nothing, such as a wrong regular expression. */
export interface Finding {
  readonly message: string;
  readonly token: IToken;
}

/**
 * The grammar of label filters and what they share with other elements. Every decision looks at one token, so that the
 * token an error names is the one that Loki's LALR parser stops at.
 */
export abstract class LabelFilterGrammar extends EmbeddedActionsParser {
  /** What to do with what is wrong with the meaning of a token: throw it, collect it here or not look for it. */
  findings: Finding[] | "throw" | "ignore" = "throw";

  constructor() {
    super([...tokens.allTokens], { maxLookahead: 1, errorMessageProvider: expectationProvider });
  }

  protected readonly matcher = this.RULE("matcher", (): Matcher => {
    const name = this.CONSUME(tokens.Identifier).image;
    const operator = this.CONSUME(tokens.MatchOperator, { ERR_MSG: "= or =~ or !~ or !=" }).image as MatchOperator;
    const value = this.CONSUME(tokens.Text).payload as string;
    return this.checked({ name, operator, value }, () => build.checkRegexOf(operator, value));
  });

  protected readonly labelFilter = this.RULE("labelFilter", (): LabelFilterNode => {
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
            {
              ALT: () => {
                const pattern = this.SUBRULE(this.ipCall);
                return { kind: "ip" as const, name, operator: operator.image as "=" | "!=", pattern };
              },
            },
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
      { ALT: () => ({ kind: "number" as const, name, operator, value: this.SUBRULE(this.numberOperand) }) },
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

  private readonly numberOperand = this.RULE("numberOperand", (): number => {
    const number = this.SUBRULE(this.signedNumber);
    const literal = this.ACTION(() => build.literal(number));
    this.checked(literal, () => build.checkLiteral(literal));
    return this.ACTION(() => (literal.kind === "literal" ? literal.value : Number.NaN));
  });

  protected readonly signedNumber = this.RULE("signedNumber", (): build.SignedNumber =>
    this.OR([
      { ALT: () => ({ isNegative: false, text: this.CONSUME(tokens.Numeral).image }) },
      { ALT: () => (this.CONSUME(tokens.Add), { isNegative: false, text: this.CONSUME1(tokens.Numeral).image }) },
      { ALT: () => (this.CONSUME(tokens.Subtract), { isNegative: true, text: this.CONSUME2(tokens.Numeral).image }) },
    ]),
  );

  /** `ip("10.0.0.0/8")`: its pattern. */
  protected readonly ipCall = this.RULE("ipCall", (): string => {
    this.CONSUME(tokens.Ip);
    this.CONSUME(tokens.OpenParenthesis);
    const pattern = this.CONSUME(tokens.Text).payload as string;
    this.CONSUME(tokens.CloseParenthesis);
    return pattern;
  });

  private textFilter(name: string, operatorToken: IToken, valueToken: IToken): LabelFilterNode {
    const operator = operatorToken.image as MatchOperator;
    const value = valueToken.payload as string;
    return this.checked({ kind: "text", matcher: { name, operator, value } }, () =>
      build.checkRegexOf(operator, value),
    );
  }

  /**
   * Gives the value if the check passes. It fails at once, as Loki does for what it checks while it reads; an editor
   * wants to know of it and of what follows.
   */
  protected checked<T>(value: T, check: () => void): T {
    this.ACTION(() => {
      if (this.findings === "ignore") {
        return;
      }
      try {
        check();
      } catch (error) {
        if (typeof this.findings === "string") {
          throw semanticError(messageOf(error), error);
        }
        this.findings.push({ message: messageOf(error), token: this.LA(0) });
      }
    });
    return value;
  }
}
