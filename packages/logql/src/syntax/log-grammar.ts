import type { Matcher } from "@sluice/model";
import type { IToken } from "chevrotain";
import type { LabelFilterNode, LogExpression, LogRange, StageNode, Unwrap } from "./ast.ts";
import * as build from "./build.ts";
import { StageGrammar } from "./stage-grammar.ts";
import { tooManyToList } from "./syntax-error.ts";
import * as tokens from "./tokens.ts";

/** Raised where the grammar is fine with a token but the meaning of what came before is not. */
export class UnexpectedToken extends Error {
  readonly token: IToken;
  /** In the form of chevrotain's messages, see syntax-error.ts. */
  readonly expecting: string;

  constructor(token: IToken, expecting = tooManyToList) {
    super(`unexpected ${token.image}`);
    this.token = token;
    this.expecting = expecting;
  }
}

/** `[5m] offset 1h`. */
interface Span {
  readonly rangeMs: number;
  readonly offsetNs: number;
}

/** A log range while it is being read: inside parentheses the `[5m]` may still be missing. */
interface RangeDraft {
  readonly matchers: readonly Matcher[];
  readonly stages: readonly StageNode[];
  readonly unwrap: Unwrap | undefined;
  readonly span: Span | undefined;
}

/** The grammar of log expressions and of log ranges, which are what metrics are made of. */
export abstract class LogGrammar extends StageGrammar {
  protected readonly log = this.RULE("log", (): LogExpression => {
    const matchers = this.SUBRULE(this.selector);
    const stages = this.SUBRULE(this.stages, { ARGS: [false] });
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

  /** @param hasParameter a number stands before it; otherwise one could. */
  protected readonly logRange = this.RULE("logRange", (hasParameter: boolean): LogRange => {
    const draft = this.SUBRULE(this.rangeDraft, { ARGS: [false, hasParameter] });
    return this.ACTION(() => {
      const { matchers, stages, unwrap, span } = draft;
      return { log: { kind: "log", matchers, stages }, ...span!, ...(unwrap && { unwrap }) };
    });
  });

  /**
   * `[5m]` may come after the selector, after the stages and the unwrap, or after a parenthesis around them.
   *
   * @param mayLackSpan inside a parenthesis, behind which it may follow.
   */
  private readonly rangeDraft = this.RULE("rangeDraft", (mayLackSpan: boolean, hasParameter: boolean): RangeDraft =>
    this.OR({
      DEF: [
        { ALT: () => this.SUBRULE(this.parenthesisedRange) },
        { ALT: () => this.SUBRULE(this.plainRange, { ARGS: [mayLackSpan] }) },
      ],
      ERR_MSG: mayLackSpan || hasParameter ? "{ or (" : "NUMBER or { or (",
    }),
  );

  private readonly parenthesisedRange = this.RULE("parenthesisedRange", (): RangeDraft => {
    this.CONSUME(tokens.OpenParenthesis);
    const inner = this.SUBRULE(this.rangeDraft, { ARGS: [true, false] });
    const isOpen = this.ACTION(() => inner.span === undefined);
    this.CONSUME(
      tokens.CloseParenthesis,
      this.ACTION(() => (isOpen && !inner.unwrap ? { ERR_MSG: tooManyToList } : {})),
    );
    const span = this.OPTION({ GATE: () => isOpen, DEF: () => this.SUBRULE(this.span) });
    this.ACTION(() => {
      if (isOpen && span === undefined) {
        throw new UnexpectedToken(this.LA(1), "RANGE");
      }
    });
    const unwrap = this.OPTION1({
      GATE: () => isOpen && inner.stages.length === 0 && inner.unwrap === undefined,
      DEF: () => this.SUBRULE(this.unwrapped),
    });
    return this.ACTION(() => ({ ...inner, span: span ?? inner.span, unwrap: unwrap ?? inner.unwrap }));
  });

  private readonly plainRange = this.RULE("plainRange", (mayLackSpan: boolean): RangeDraft => {
    const matchers = this.SUBRULE(this.selector);
    const before = this.SUBRULE(this.stages, { ARGS: [true] });
    const unwrapBefore = this.OPTION(() => this.SUBRULE(this.unwrapped));
    const span = this.OPTION1(() => this.SUBRULE(this.span));
    this.ACTION(() => {
      if (span === undefined && !mayLackSpan) {
        throw new UnexpectedToken(this.LA(1), unwrapBefore && "RANGE or |");
      }
    });
    const isFirst = this.ACTION(() => span !== undefined && before.length === 0 && unwrapBefore === undefined);
    const after = this.OPTION2({
      GATE: () => isFirst,
      DEF: () => this.SUBRULE1(this.stages, { ARGS: [true] }),
    });
    const unwrapAfter = this.OPTION3({ GATE: () => isFirst, DEF: () => this.SUBRULE1(this.unwrapped) });
    return { matchers, stages: after ?? before, unwrap: unwrapBefore ?? unwrapAfter, span };
  });

  private readonly span = this.RULE("span", (): Span => {
    const rangeMs = this.CONSUME(tokens.Range).payload as number;
    const offsetNs = this.OPTION(() => {
      this.CONSUME(tokens.Offset);
      return this.CONSUME(tokens.Duration).payload as number;
    });
    return { rangeMs, offsetNs: offsetNs ?? 0 };
  });

  private readonly unwrapped = this.RULE("unwrapped", (): Unwrap => {
    const filters: LabelFilterNode[] = [];
    this.CONSUME(tokens.Pipe);
    this.CONSUME(tokens.Unwrap);
    const value = this.SUBRULE(this.unwrapValue);
    this.MANY(() => {
      this.CONSUME1(tokens.Pipe);
      filters.push(this.SUBRULE(this.labelFilter));
    });
    return { ...value, filters };
  });

  private readonly unwrapValue = this.RULE("unwrapValue", (): Pick<Unwrap, "label" | "conversion"> =>
    this.OR([
      { ALT: () => ({ label: this.CONSUME(tokens.Identifier).image }) },
      {
        ALT: () => {
          const conversion = this.CONSUME(tokens.Conversion);
          this.CONSUME(tokens.OpenParenthesis);
          const label = this.CONSUME1(tokens.Identifier).image;
          this.CONSUME(tokens.CloseParenthesis);
          return { label, conversion: build.wordOf(conversion) as NonNullable<Unwrap["conversion"]> };
        },
      },
    ]),
  );
}
