/**
 * What can go to another process: plain JSON, checked before it goes, so that nothing arrives as something else.
 *
 * @module
 */

const DEEPEST = 500; // what is nested deeper can be written as JSON in one place and not in another

/**
 * Writes a value as JSON that gives an equal value when it is read.
 *
 * @param name What the value is, where paths begin: `input`.
 * @param what What was attempted, for the message.
 * @throws {TypeError} If something in it would be lost or changed; the message names where it is, and what it is.
 */
export function toJson(value: unknown, name: string, what: string): string {
  return JSON.stringify(new Walk(what).copy(value, name));
}

class Walk {
  readonly #what: string;
  readonly #around = new Set<object>(); // from the outside in

  constructor(what: string) {
    this.#what = what;
  }

  /** A copy of plain objects and arrays: getters are called once, and what they gave is what goes. */
  copy(value: unknown, path: string): unknown {
    if (typeof value === "string" || typeof value === "boolean" || value === null) return value;
    if (typeof value === "number") {
      if (!Number.isFinite(value)) throw this.#wrong(path, `${value} is no JSON`);
      return value;
    }
    if (typeof value !== "object") throw this.#wrong(path, refusalOf(value));
    if (this.#around.has(value)) throw this.#wrong(path, "a cycle: it contains itself");
    if (this.#around.size >= DEEPEST) throw this.#wrong(path, `it is nested deeper than ${DEEPEST}`);
    this.#around.add(value);
    const copied = Array.isArray(value) ? this.#copyArray(value, path) : this.#copyObject(value, path);
    this.#around.delete(value);
    return copied;
  }

  #copyArray(array: readonly unknown[], path: string): unknown[] {
    return Array.from(array, (each, index) => this.copy(each, `${path}[${index}]`)); // reads holes as undefined
  }

  #copyObject(object: object, path: string): unknown {
    const prototype = Object.getPrototypeOf(object);
    // Of another realm, too: what stands right below null is some Object.prototype.
    if (prototype !== null && Object.getPrototypeOf(prototype) !== null) throw this.#wrong(path, instanceOf(object));
    if (Object.getOwnPropertySymbols(object).length > 0) throw this.#wrong(path, "a symbol as a key is no JSON");
    const copied = Object.create(null); // where "__proto__" is a key like any other
    for (const key of Object.keys(object)) {
      copied[key] = this.copy((object as Record<string, unknown>)[key], `${path}${step(key)}`);
    }
    return copied;
  }

  #wrong(path: string, why: string): TypeError {
    return new TypeError(`${this.#what}: ${path}: ${why}`);
  }
}

function step(key: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key.slice(0, 80))}]`;
}

function refusalOf(value: unknown): string {
  if (value === undefined) return "undefined is no JSON, leave it out or use null";
  if (typeof value === "bigint") return "a bigint is no JSON, use a string";
  return `a ${typeof value} is no JSON`;
}

function instanceOf(object: object): string {
  const name = object.constructor?.name || "class";
  if (object instanceof Date) return "a Date is no JSON, use its toISOString()";
  if (object instanceof Map || object instanceof Set) return `a ${name} is no JSON, use an array of what it has`;
  return `an instance of ${name} is no JSON, use a plain object`;
}
