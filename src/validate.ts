/**
 * Checks of what callers pass in. Every message names the value and says what is right.
 *
 * @module
 */

/** A short text for any value, safe to put into a message. */
export function show(value: unknown): string {
  try {
    return describe(value);
  } catch {
    return "a value that cannot be shown";
  }
}

function describe(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.slice(0, 80));
  if (typeof value === "function") return `the function ${value.name}`;
  if (Object(value) !== value || value instanceof Error) return String(value);
  const name = (value as object).constructor?.name ?? "Object";
  return name === "Object" ? `{ ${Object.keys(value as object).slice(0, 5).join(", ")} }` : `an instance of ${name}`;
}

/** `instanceof`, which a proxy may make throw. */
export function isA<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false;
  }
}

/** Whether something can be awaited. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === "function";
}

/** The error of an argument of the wrong shape. */
export function wrong(what: string, needed: string, value: unknown): TypeError {
  return new TypeError(`${what}: ${needed}, got ${show(value)}`);
}

/**
 * @throws {TypeError} If `fn` is not a function.
 */
export function assertFunction(fn: unknown, what: string): void {
  if (typeof fn !== "function") throw wrong(what, "a function is needed", fn);
}

/**
 * @throws {TypeError} If `options` is not an object or has a property that no option is named after.
 */
export function assertOptions(options: unknown, known: readonly string[], what: string): void {
  if (typeof options !== "object" || options === null) throw wrong(what, "options must be an object", options);
  for (const key in options) {
    if (!known.includes(key)) throw wrong(what, `the options are ${known.join(", ")}`, key);
  }
}

/**
 * @throws {TypeError} If `value` is neither `undefined` nor a string with at least one character.
 */
export function assertText(value: unknown, name: string, what: string): void {
  if (value !== undefined && (typeof value !== "string" || !value)) {
    throw wrong(what, `a ${name} must be a non-empty string`, value);
  }
}

/**
 * @throws {TypeError} If `value` is not a number.
 * @param most By default as far as whole numbers go.
 * @throws {RangeError} If it is NaN, below `least` or above `most`.
 */
export function assertNumber(
  value: unknown,
  name: string,
  what: string,
  least = 0,
  most = 2 ** 53,
): asserts value is number {
  if (typeof value !== "number") throw wrong(what, `${name} must be a number`, value);
  if (value >= least && value <= most) return;
  throw new RangeError(`${what}: ${name} must be between ${least} and ${most}, got ${value}`);
}

/**
 * @throws {TypeError} If `value` is not a number.
 * @throws {RangeError} If it is not a whole number of at least 1, nor Infinity.
 */
export function assertCount(value: unknown, name: string, what: string, most = Infinity): void {
  assertNumber(value, name, what, 1, most);
  if (value % 1 > 0) throw new RangeError(`${what}: ${name} must be a whole number, got ${value}`); // not of Infinity
}

/**
 * @throws {TypeError} If `value` is none of the choices.
 */
export function assertOneOf(value: unknown, choices: readonly unknown[], name: string, what: string): void {
  if (!choices.includes(value)) throw wrong(what, `${name} must be ${choices.join(" or ")}`, value);
}
