/**
 * What can be changed about one node of a program, such that a good test notices.
 */
import type ts from "npm:typescript@6.0.3";

/** One change of one node. */
export interface Change {
  /** Whether another expression takes its place, the statement is left out, or the function returns at once. */
  readonly how: "replace" | "omit" | "empty";
  /** What takes its place. */
  readonly text: string;
}

/** Operators, and what is put in their place. Those of conditions are left out or decided instead. */
const OPERATORS: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "**": "*",
  ">>": "<<",
  "??=": "=",
  "||=": "=",
  "+=": "-=",
  "-=": "+=",
};
const OPPOSITES: Readonly<Record<string, string>> = {
  "===": "!==",
  "!==": "===",
  "<": ">=",
  "<=": ">",
  ">": "<=",
  ">=": "<",
};
const EITHER_SIDE = ["&&", "||", "??", "|", "&"];
const METHODS = ["filter", "reverse", "slice", "catch", "finally"];
const CONVERSIONS = ["Math.ceil", "Object", "Number", "String", "Promise.resolve"];

/** The changes of one node; those of the nodes in it are their own. */
export function changesOf(compiler: typeof ts, node: ts.Node, source: ts.SourceFile): Change[] {
  if (compiler.isExpression(node)) {
    return isReplaceable(compiler, node)
      ? [...new Set(replacements(compiler, node, source))].map((text) => ({ how: "replace", text }))
      : [];
  }
  const omit: Change = { how: "omit", text: "nothing" };
  if (compiler.isExpressionStatement(node)) return isSuper(compiler, node.expression) ? [] : [omit];
  if (compiler.isReturnStatement(node)) return node.expression ? [] : [omit];
  if (compiler.isContinueStatement(node) || compiler.isBreakStatement(node)) return [omit];
  if (compiler.isThrowStatement(node)) return compiler.isIfStatement(node.parent) ? [] : [omit];
  const isBody = compiler.isBlock(node) && compiler.isFunctionLike(node.parent) && node.statements.length > 1;
  return isBody && !compiler.isConstructorDeclaration(node.parent) ? [{ how: "empty", text: "{}" }] : [];
}

/** Whether something else can stand in the place of an expression. */
function isReplaceable(compiler: typeof ts, node: ts.Expression): boolean {
  const { parent } = node;
  if (compiler.isCallExpression(parent) || compiler.isNewExpression(parent)) return parent.expression !== node;
  if (compiler.isBinaryExpression(parent) && isAssignment(compiler, parent)) return parent.left !== node;
  if (compiler.isPropertyAssignment(parent)) return parent.name !== node && !isPattern(compiler, parent.parent);
  if (compiler.isForOfStatement(parent)) return parent.initializer !== node;
  if (compiler.isPostfixUnaryExpression(parent)) return false;
  if (compiler.isPrefixUnaryExpression(parent)) return !/^(\+\+|--)/.test(parent.getText());
  // An inner part of `a?.b.c`, which as a whole ends at the first `undefined`.
  return !(compiler.isOptionalChain(parent) && parent.expression === node);
}

function isAssignment(compiler: typeof ts, { operatorToken: { kind } }: ts.BinaryExpression): boolean {
  return kind >= compiler.SyntaxKind.FirstAssignment && kind <= compiler.SyntaxKind.LastAssignment;
}

/** Whether an object or array literal is the left side of an assignment. */
function isPattern(compiler: typeof ts, node: ts.Node): boolean {
  const { parent } = node;
  return compiler.isBinaryExpression(parent) && isAssignment(compiler, parent) && parent.left === node;
}

function isSuper(compiler: typeof ts, node: ts.Expression): boolean {
  return compiler.isCallExpression(node) && node.expression.kind === compiler.SyntaxKind.SuperKeyword;
}

function* replacements(compiler: typeof ts, node: ts.Expression, source: ts.SourceFile): Generator<string> {
  const { SyntaxKind } = compiler;
  const text = (part: ts.Node) => part.getText(source);
  yield* inPlace(compiler, node);
  if (compiler.isBinaryExpression(node)) {
    const [left, operator, right] = [node.left, node.operatorToken, node.right].map(text) as [string, string, string];
    if (OPERATORS[operator]) yield `${left} ${OPERATORS[operator]} ${right}`;
    if (EITHER_SIDE.includes(operator)) yield* [left, right];
    if (isCondition(compiler, node)) return;
    if (OPPOSITES[operator]) yield `${left} ${OPPOSITES[operator]} ${right}`;
    if (operator === "instanceof" || operator === "in") yield `!(${text(node)})`;
  } else if (compiler.isPrefixUnaryExpression(node) && node.operator !== SyntaxKind.PlusToken) {
    const operand = text(node.operand);
    yield text(node).startsWith("++") ? `--${operand}` : operand;
  } else if (compiler.isPostfixUnaryExpression(node)) {
    yield text(node.operand) + (node.operator === SyntaxKind.PlusPlusToken ? "--" : "++");
  } else if (compiler.isNumericLiteral(node)) {
    yield* [`${text(node)} + 1`, `${text(node)} - 1`];
  } else if (node.kind === SyntaxKind.TrueKeyword || node.kind === SyntaxKind.FalseKeyword) {
    yield String(node.kind === SyntaxKind.FalseKeyword);
  } else if (compiler.isArrayLiteralExpression(node) && node.elements.length > 0 && !isPattern(compiler, node)) {
    yield "[]";
    const [first] = node.elements;
    if (node.elements.length === 1 && first && compiler.isSpreadElement(first)) yield text(first.expression);
  } else if (compiler.isObjectLiteralExpression(node) && node.properties.length > 0 && !isPattern(compiler, node)) {
    yield "{}";
  } else if (compiler.isConditionalExpression(node)) {
    yield* [text(node.whenTrue), text(node.whenFalse)];
  } else if (compiler.isAwaitExpression(node)) {
    yield text(node.expression);
  } else if (compiler.isCallExpression(node)) {
    yield* callReplacements(compiler, node, text);
  }
  if (compiler.isOptionalChain(node)) yield* withoutQuestions(compiler, node, source);
}

/** What depends on where an expression stands. */
function* inPlace(compiler: typeof ts, node: ts.Expression): Generator<string> {
  const { parent } = node;
  const { SyntaxKind } = compiler;
  if (compiler.isIfStatement(parent)) yield* ["true", "false"];
  const isLoop = compiler.isWhileStatement(parent) && parent.expression === node;
  if (isLoop || (compiler.isForStatement(parent) && parent.condition === node)) yield "false";
  const isResult = compiler.isReturnStatement(parent) || (compiler.isArrowFunction(parent) && parent.body === node);
  const isDefault = (compiler.isBindingElement(parent) || compiler.isParameter(parent)) && parent.initializer === node;
  const isPlain = [SyntaxKind.TrueKeyword, SyntaxKind.FalseKeyword].includes(node.kind) ||
    node.getText() === "undefined";
  if ((isResult || isDefault) && !isPlain) yield "undefined";
}

/** Whether it is decided, or left out, as a whole. */
function isCondition(compiler: typeof ts, node: ts.Expression): boolean {
  const { parent } = node;
  if (compiler.isIfStatement(parent)) return true;
  if (compiler.isConditionalExpression(parent)) return parent.condition === node;
  return compiler.isBinaryExpression(parent) && ["&&", "||"].includes(parent.operatorToken.getText());
}

function* callReplacements(
  compiler: typeof ts,
  node: ts.CallExpression,
  text: (part: ts.Node) => string,
): Generator<string> {
  const callee = text(node.expression);
  const [first, second] = node.arguments;
  if (/^Math\.(min|max)$/.test(callee) && first && second) yield* [text(first), text(second)];
  if (CONVERSIONS.includes(callee) && first) yield text(first);
  if (!compiler.isPropertyAccessExpression(node.expression)) return;
  const { name, expression } = node.expression;
  if (METHODS.includes(name.text)) yield text(expression);
  if (name.text === "every") yield `${text(expression)}.some(${node.arguments.map(text)})`;
  if (name.text === "some") yield `${text(expression)}.every(${node.arguments.map(text)})`;
}

/** Each `?.` of a chain, without its question mark. */
function* withoutQuestions(compiler: typeof ts, chain: ts.Expression, source: ts.SourceFile): Generator<string> {
  const start = chain.getStart(source);
  const whole = chain.getText(source);
  for (let link: ts.Node = chain; compiler.isOptionalChain(link); link = link.expression) {
    const token = compiler.isNonNullExpression(link) ? undefined : link.questionDotToken;
    if (!token) continue;
    const dot = compiler.isPropertyAccessExpression(link) ? "." : "";
    yield whole.slice(0, token.getStart(source) - start) + dot + whole.slice(token.end - start);
  }
}
