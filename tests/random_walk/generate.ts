import type { Random } from "./random.ts";
import type { Body, Combine, How, Nested, Open, Program, Spawn, Step, Why } from "./step.ts";

const BODIES: Record<Body, number> = {
  heeds: 5,
  waits: 5,
  sleeps: 3,
  ignores: 4,
  fails: 2,
  wraps: 1,
  aborts: 1,
  answers: 1,
  returns: 2,
  throws: 1,
};
const HOWS: Record<How, number> = { value: 5, error: 3, "same error": 1, text: 1, "abort error": 1 };
const WHYS: Record<Why, number> = { nothing: 4, "an error": 4, "a text": 1, null: 1, "that of another scope": 1 };
const OPS: Record<Step["op"], number> = {
  open: 2,
  spawn: 14,
  combine: 2,
  adopt: 1.5,
  finish: 7,
  cancel: 3,
  abort: 0.5,
  join: 1.5,
  close: 1,
  defer: 3,
  wait: 2,
  settle: 3,
  observe: 2,
  advance: 4,
};

/** A random program; the first step opens a scope. */
export function generate(random: Random): Program {
  const steps: Step[] = [open(random)];
  for (let left = 5 + random.below(45); left > 0; left--) steps.push(step(random, random.weighted(OPS)));
  return { lifetime: random.chance(0.3) ? 1_000 + random.below(60_000) : null, steps };
}

function step(random: Random, op: Step["op"]): Step {
  const at = random.below(1_000);
  const why = random.weighted(WHYS);
  const how = random.weighted(HOWS);
  switch (op) {
    case "open":
      return open(random);
    case "spawn":
      return spawn(random);
    case "combine":
      return combine(random);
    case "adopt":
      return { op, at };
    case "finish":
    case "settle":
      return { op, at, how };
    case "cancel":
      return { op, at, by: random.chance(0.5) ? "scope" : "task", why };
    case "abort":
    case "close":
      return { op, at, why };
    case "join":
    case "observe":
      return { op, at };
    case "defer":
      return { op, at, body: random.weighted({ returns: 2, throws: 1, waits: 2 }), nested: nested(random) };
    case "wait":
      return { op, at, ms: random.chance(0.5) ? random.below(3_000) : null };
    case "advance":
      return { op, ms: random.chance(0.2) ? random.below(60_000) : random.below(2_000) };
  }
}

function open(random: Random): Open {
  return {
    op: "open",
    manual: random.chance(0.4),
    body: random.weighted({ ...BODIES, returns: 6 }),
    policy: random.weighted({ failFast: 2, supervise: 1 }),
    errors: random.weighted({ first: 2, aggregate: 1 }),
    concurrency: random.chance(0.3) ? 1 + random.below(3) : null,
    grace: random.pick([null, 0, 7, 97, 97, 353, 5_003]),
    deadline: deadline(random, 0.3),
    observed: random.chance(0.8),
    signals: Array.from({ length: random.pick([0, 0, 1, 2]) }, () => random.below(3)),
    tag: random.chance(0.5) ? random.below(100) : null,
  };
}

function spawn(random: Random): Spawn {
  const as = random.weighted({ spawn: 10, trySpawn: 1, shield: 2, spawnDetached: 2 });
  return {
    op: "spawn",
    at: random.below(1_000),
    as,
    body: random.weighted(BODIES),
    deadline: deadline(random, as === "shield" || as === "spawnDetached" ? 1 : 0.25),
    awaited: random.chance(0.5),
    tag: random.chance(0.3) ? random.below(100) : null,
    inherit: random.chance(0.3),
    clamp: random.chance(0.5),
    nested: nested(random),
  };
}

function nested(random: Random): Nested | null {
  if (!random.chance(0.2)) return null;
  const as = random.pick(["spawn", "shield"] as const);
  return {
    when: random.pick(["start", "abort"] as const),
    as,
    body: random.weighted(BODIES),
    deadline: deadline(random, as === "shield" ? 1 : 0.25),
  };
}

function combine(random: Random): Combine {
  return {
    op: "combine",
    at: random.below(1_000),
    as: random.pick(["race", "any", "retry", "hedge", "map"] as const),
    concurrency: 1 + random.below(3),
    bodies: Array.from({ length: 1 + random.below(4) }, () => random.weighted({ ...BODIES, throws: 3 })),
    awaited: random.chance(0.6),
  };
}

/** Now and then one that has passed. */
function deadline(random: Random, probability: number): number | null {
  if (!random.chance(probability)) return null;
  if (random.chance(0.1)) return random.pick([0, -1]);
  return 1 + random.below(random.pick([500, 5_000, 60_000]));
}
