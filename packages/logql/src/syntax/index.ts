export * from "./arithmetic.ts";
export * from "./ast.ts";
export { tokenize } from "./lexer.ts";
export { checkLinePattern, type LinePattern } from "./line-pattern.ts";
export { logsOf, parseQuery, parseSelector, queryBytesMax } from "./parse.ts";
export { printExpression, printMatchers, printStage } from "./print.ts";
