/**
 * Imports the modules that are named as arguments, and prints what that changed in the process: globals, what they own,
 * listeners of the process, and what keeps it alive.
 */
function snapshot() {
  const seen = new Map();
  const look = (path, object, depth) => {
    for (const key of Reflect.ownKeys(object)) {
      const { value, get } = Reflect.getOwnPropertyDescriptor(object, key);
      const name = `${path}.${String(key)}`;
      seen.set(name, value ?? get);
      if (depth > 0 && Object(value) === value && value !== globalThis) look(name, value, depth - 1);
    }
  };
  look("globalThis", globalThis, 2);
  for (const event of process.eventNames()) seen.set(`listeners of ${String(event)}`, process.listenerCount(event));
  for (const resource of process.getActiveResourcesInfo()) seen.set(`active ${resource}`, true);
  return seen;
}

/** Node's own, which it changes as it likes; and what zod keeps there, so that two copies of it agree. */
const OF_OTHERS = /^globalThis\.(process|performance|__zod_global\w+)(\.|$)/;

snapshot(); // looking at them has Node load some of its globals
const before = snapshot();
for (const module of process.argv.slice(2)) await import(module);
const after = snapshot();
for (const name of new Set([...before.keys(), ...after.keys()])) {
  if (!Object.is(before.get(name), after.get(name)) && !OF_OTHERS.test(name)) console.log(name);
}
