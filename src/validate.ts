/**
 * Checks of what callers pass in. Every message names the value and says what is right.
 *
 * @module
 */

/** A short text for any value, safe to put into a message. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 80 ? `${value.slice(0, 80)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return value.name === "" ? "a function" : `the function ${value.name}`;
    case "object":
      return value === null ? "null" : showObject(value);
    default:
      return String(value);
  }
}

function showObject(value: object): string {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  const keys = Object.keys(value);
  const name = value.constructor?.name ?? "Object";
  if (name !== "Object") return `an instance of ${name}`;
  return keys.length === 0 ? "{}" : `{ ${keys.slice(0, 5).join(", ")} }`;
}

/**
 * @throws {TypeError} If `fn` is not a function.
 */
export function assertFunction(fn: unknown, what: string): void {
  if (typeof fn !== "function") {
    throw new TypeError(`${what}: a function is needed, got ${show(fn)}`);
  }
}

/**
 * @throws {TypeError} If `options` is not an object or has a property that no option is named after.
 */
export function assertOptions(options: unknown, known: readonly string[], what: string): void {
  if (typeof options !== "object" || options === null) {
    throw new TypeError(`${what}: options must be an object, got ${show(options)}`);
  }
  for (const key in options) {
    if (!known.includes(key)) {
      throw new TypeError(`${what}: there is no option ${show(key)}, the options are ${known.join(", ")}`);
    }
  }
}

/**
 * @throws {TypeError} If `name` is neither `undefined` nor a string with at least one character.
 */
export function assertName(name: unknown, what: string): void {
  if (name !== undefined && (typeof name !== "string" || name === "")) {
    throw new TypeError(`${what}: a name must be a non-empty string, got ${show(name)}`);
  }
}

/**
 * @throws {TypeError} If `value` is not a number.
 * @throws {RangeError} If `value` is NaN or below `least`, or is infinite or fractional where that is not allowed.
 */
export function assertNumber(
  value: unknown,
  name: string,
  what: string,
  { least = 0, infinite = false, integer = false }: {
    least?: number;
    infinite?: boolean;
    integer?: boolean;
  } = {},
): void {
  if (typeof value !== "number") {
    throw new TypeError(`${what}: ${name} must be a number, got ${show(value)}`);
  }
  const whole = !integer || Number.isInteger(value) || value === Infinity;
  if (!(value >= least) || (value === Infinity && !infinite) || !whole) {
    const kind = integer ? "a whole number" : "a number";
    const upper = infinite ? ` or Infinity` : "";
    throw new RangeError(`${what}: ${name} must be ${kind} of at least ${least}${upper}, got ${show(value)}`);
  }
}

/**
 * @throws {TypeError} If `value` is none of the choices.
 */
export function assertOneOf(value: unknown, choices: readonly string[], name: string, what: string): void {
  if (!choices.includes(value as string)) {
    throw new TypeError(`${what}: ${name} must be ${choices.map(show).join(" or ")}, got ${show(value)}`);
  }
}
