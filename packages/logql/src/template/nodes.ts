/** The tree of a template, named as in Go's `text/template/parse`. Offsets are UTF-16 units of the source. */
export type Node =
  | ListNode
  | TextNode
  | ActionNode
  | BranchNode
  | TemplateNode
  | BreakNode
  | ContinueNode
  | PipeNode
  | CommandNode
  | OperandNode;

/** What a command consists of. */
export type OperandNode =
  | IdentifierNode
  | VariableNode
  | DotNode
  | NilNode
  | FieldNode
  | ChainNode
  | BoolNode
  | NumberNode
  | StringNode
  | PipeNode;

export interface ListNode {
  readonly kind: "list";
  readonly offset: number;
  readonly nodes: readonly Node[];
}

export interface TextNode {
  readonly kind: "text";
  readonly offset: number;
  readonly text: string;
}

export interface ActionNode {
  readonly kind: "action";
  readonly offset: number;
  readonly pipe: PipeNode;
}

export interface BranchNode {
  readonly kind: "if" | "range" | "with";
  readonly offset: number;
  readonly pipe: PipeNode;
  readonly list: ListNode;
  readonly elseList: ListNode | undefined;
}

export interface BreakNode {
  readonly kind: "break";
  readonly offset: number;
}

export interface ContinueNode {
  readonly kind: "continue";
  readonly offset: number;
}

export interface TemplateNode {
  readonly kind: "template";
  readonly offset: number;
  readonly name: string;
  readonly pipe: PipeNode | undefined;
}

export interface PipeNode {
  readonly kind: "pipe";
  readonly offset: number;
  /** The variables are assigned, not declared. */
  readonly assigns: boolean;
  readonly declarations: readonly VariableNode[];
  readonly commands: readonly CommandNode[];
}

export interface CommandNode {
  readonly kind: "command";
  readonly offset: number;
  readonly operands: readonly OperandNode[];
}

/** The name of a function. */
export interface IdentifierNode {
  readonly kind: "identifier";
  readonly offset: number;
  readonly name: string;
}

/** A variable and the fields after it: `$x.a` is `["$x", "a"]`. */
export interface VariableNode {
  readonly kind: "variable";
  readonly offset: number;
  readonly names: readonly string[];
}

export interface DotNode {
  readonly kind: "dot";
  readonly offset: number;
}

export interface NilNode {
  readonly kind: "nil";
  readonly offset: number;
}

/** Fields of dot: `.a.b` is `["a", "b"]`. */
export interface FieldNode {
  readonly kind: "field";
  readonly offset: number;
  readonly names: readonly string[];
}

/** Fields of something else: `(pipeline).a.b`. */
export interface ChainNode {
  readonly kind: "chain";
  readonly offset: number;
  readonly node: OperandNode;
  readonly names: readonly string[];
}

export interface BoolNode {
  readonly kind: "bool";
  readonly offset: number;
  readonly value: boolean;
}

/** A number under each type that can hold it, as Go's ideal constants. */
export interface NumberNode extends NumberConstant {
  readonly kind: "number";
  readonly offset: number;
  readonly text: string;
}

export interface NumberConstant {
  readonly integer: bigint | undefined;
  readonly unsigned: bigint | undefined;
  readonly float: number | undefined;
  readonly complex: { readonly real: number; readonly imaginary: number } | undefined;
}

export interface StringNode {
  readonly kind: "string";
  readonly offset: number;
  /** With its quotes, as written. */
  readonly quoted: string;
  readonly text: string;
}
