/**
 * Starting an operation: who may, with what input, under which key, and within which limits.
 *
 * Invariants:
 * 1. Nothing is in the store before the detached task exists: what its deadline or lifetime refuses has left no trace. The
 *    same for an operation that runs elsewhere, with all that can be checked here.
 * 2. The function is called only when its record and its key are in the store, and the answer has been made.
 * 3. A start that comes to nothing leaves neither a task nor a record.
 *
 * @module
 */
import type { DetachedOptions } from "../../detached.ts";
import type { TaskScope } from "../../task_scope.ts";
import { wrong } from "../../validate.ts";
import { type Claim, claimKey, isIdempotencyKey, readClaim, takeClaim, type VersionedClaim } from "./claims.ts";
import { entryOf, type Env, recordKey, report, type Versioned } from "./env.ts";
import { givenInput, readInput } from "./input.ts";
import { Keeper } from "./keeper.ts";
import { KeyedLock } from "./keyed_lock.ts";
import { type OperationFunction, prepare, type Prepared } from "./prepare.ts";
import { problem } from "./problem.ts";
import type { Reader } from "./reader.ts";
import { type NewRecord, newRecord, type OperationRecord } from "./record.ts";
import { operationResponse } from "./routes.ts";
import { fieldsOf, type StandardSchema } from "./standard_schema.ts";

/** Options of `start` of {@linkcode Operations}, and those of `spawnDetached`. */
export interface StartOptions<Output> extends DetachedOptions {
  /** What kind of operation it is. */
  readonly name: string;
  /** The request that asks for it: its body is the input, its `Idempotency-Key` counts. */
  readonly request: Request;
  /** What the input must be: a schema of zod, valibot, arktype or any other that follows Standard Schema. */
  readonly input?: StandardSchema<Output>;
  /**
   * The input, not validated yet, where the body of the request has been read already. Has to be JSON. Needed then with a
   * schema, and with a key, to tell a repeated request from another one.
   */
  readonly value?: unknown;
}

/** An operation that is about to begin. */
export interface Launch {
  readonly deadline: Date;
  /** Whether another process runs it, and keeps its record. */
  readonly isElsewhere: boolean;
  /** Takes back what there is of it. */
  cancel(): void;
  /** Lets it begin; if this rejects, it never was. */
  begin(created: Versioned): void | Promise<void>;
}

/** Makes an operation of an input that was checked. */
export type Launcher<Output> = (checked: Output, raw: unknown) => Launch;

const SWEEP = { deadline: { seconds: 30 }, name: "operations sweep", onExceed: "clamp" } as const;
const BUSY = { headers: { "retry-after": "5" } };
const LONGEST_SHIELD = 3_600_000; // beyond the deadline: for grace, cleanup, and a store that is slow to take the end
const LAST_MOMENT = 8.64e15;
const ELSEWHERE_GRACE = 60_000; // after its deadline, for whoever runs it to write how it ended

/** Starts the operations of one `Operations`. */
export class Starter {
  readonly #env: Env;
  readonly #reader: Reader;
  readonly #lock = new KeyedLock();

  constructor(env: Env, reader: Reader) {
    this.#env = env;
    this.#reader = reader;
  }

  /** Answers a start by this owner. */
  async start<Output, Result>(
    scope: TaskScope,
    options: StartOptions<Output>,
    fn: OperationFunction<Output, Result>,
    owner: string,
  ): Promise<Response> {
    const { request: _request, input: _input, value: _value, ...detached } = options;
    return await this.launch(scope, options, owner, (checked) => {
      const prepared = prepare<Output, Result>(scope, detached, fn, checked);
      const { task } = prepared;
      return {
        deadline: task.deadline,
        isElsewhere: false,
        cancel: () => task.cancel(),
        begin: (created) => this.#keep(scope, prepared, created),
      };
    });
  }

  /** Answers a start by this owner, wherever the operation runs. */
  async launch<Output>(
    scope: TaskScope,
    options: Pick<StartOptions<Output>, "name" | "request" | "input" | "value">,
    owner: string,
    launcher: Launcher<Output>,
  ): Promise<Response> {
    const { name, request, input, value } = options;
    const header = request.headers.get("idempotency-key");
    if (header !== null && !isIdempotencyKey(header)) {
      return problem(400, "Idempotency-Key must have 1 to 255 visible ASCII characters");
    }
    const isGiven = "value" in options;
    if (!isGiven && (input || header !== null) && request.bodyUsed) {
      throw wrong(`Cannot start "${name}"`, "the body has been read already: give it as value", request);
    }
    const raw = isGiven || (!input && header === null)
      ? await givenInput(request, name, value)
      : await readInput(request, name, this.#env.settings.body, scope.signal);
    if (raw instanceof Response) return raw;
    const check = async () => {
      const checked = await input?.["~standard"].validate(raw.value);
      if (checked?.issues) return problem(400, "The input is wrong", { errors: fieldsOf(checked.issues) });
      return () => launcher(checked?.value as Output, raw.value);
    };
    this.#sweep(scope);
    if (header === null) return await this.#launch(check, owner, name);
    const key = await claimKey(owner, header);
    const { fingerprint } = raw;
    return await this.#lock.run(key, () => this.#launch(check, owner, name, { key, fingerprint }));
  }

  async #launch(
    check: () => Promise<Response | (() => Launch)>,
    owner: string,
    name: string,
    idempotency?: { key: string; fingerprint: string },
  ): Promise<Response> {
    const { settings } = this.#env;
    let spawn: Awaited<ReturnType<typeof check>> | undefined;
    for (;;) {
      const before = idempotency && await readClaim(this.#env, idempotency.key);
      const known = before && await this.#repeat(before, idempotency.fingerprint);
      if (known) return known; // whatever its schema would say by now
      spawn ??= await check();
      if (spawn instanceof Response) return spawn;
      const launch = spawn(); // invariant 1
      const id = crypto.randomUUID();
      try {
        const created = await this.#lock.run("", () => this.#create({ id, name, owner }, launch));
        if (!created) {
          launch.cancel();
          return problem(429, "There are as many unfinished operations as allowed", BUSY);
        }
        const { record } = created;
        const claim = idempotency && { id, fingerprint: idempotency.fingerprint };
        if (claim && !await this.#claim(idempotency.key, claim, before, record)) {
          launch.cancel();
          await settings.store.delete(recordKey(id));
          continue; // another process was faster with the same key
        }
        const response = this.#accepted(record);
        await launch.begin(created);
        return response;
      } catch (error) {
        launch.cancel(); // invariant 3
        await settings.store.delete(recordKey(id)).catch(() => {});
        throw error;
      }
    }
  }

  /** Puts a record into the store, unless there are too many already. */
  async #create(
    from: Pick<NewRecord, "id" | "name" | "owner">,
    launch: Launch,
  ): Promise<Versioned | undefined> {
    const { settings } = this.#env;
    if (await this.#isFull(from.owner)) {
      await this.#reader.sweep();
      if (await this.#isFull(from.owner)) return undefined;
    }
    const now = Date.now(); // not before its turn has come: its lease must not be over by then
    const deadline = launch.deadline.getTime();
    // While it waits in a queue elsewhere, nobody can say that it is alive.
    const leaseUntil = launch.isElsewhere ? deadline + ELSEWHERE_GRACE + settings.lease : now + settings.lease;
    const record = newRecord({ ...from, deadline, createdAt: now, leaseUntil });
    const version = await settings.store.create(recordKey(record.id), entryOf(record, settings));
    return version === undefined ? undefined : { record, version };
  }

  async #isFull(owner: string): Promise<boolean> {
    const { store, perOwner, total } = this.#env.settings;
    const [mine, all] = await Promise.all([store.count(owner), store.count()]);
    return mine >= perOwner || all >= total;
  }

  /** For as long as its operation may be known, and that may go on after its deadline. */
  #claim(key: string, claim: Claim, before: VersionedClaim | undefined, record: OperationRecord): Promise<boolean> {
    const { expiresAt } = entryOf(record, this.#env.settings);
    return takeClaim(this.#env, key, claim, before, expiresAt + LONGEST_SHIELD);
  }

  /** The answer to a key that stands for an operation which is still known. */
  async #repeat({ claim }: VersionedClaim, fingerprint: string): Promise<Response | undefined> {
    const found = await this.#reader.read(claim.id);
    if (!found || (found.record.expiresAt ?? Infinity) <= Date.now()) return undefined;
    if (claim.fingerprint !== fingerprint) return problem(422, "The Idempotency-Key was used with another request");
    const response = this.#accepted(found.record);
    response.headers.set("idempotency-replayed", "true");
    return response;
  }

  #accepted(record: OperationRecord): Response {
    return operationResponse(this.#env, record, 202, { location: `${this.#env.settings.path}/${record.id}` });
  }

  #keep(scope: TaskScope, { task, connect, open }: Prepared, created: Versioned): void {
    const { name, deadline: taskDeadline } = created.record;
    const keeper = new Keeper(this.#env, task, created);
    connect(keeper);
    const deadline = new Date(Math.min(taskDeadline + LONGEST_SHIELD, LAST_MOMENT));
    // What cancels the function must not cut off the writing of how it ended.
    scope.spawnDetached((keep) => keep.shield(() => keeper.run(open, keep), { deadline }), {
      name: `${name} record`,
      deadline,
      onExceed: "clamp",
      margin: 0,
    });
  }

  /** Once in a while, looks for what is dead in the store. */
  #sweep(scope: TaskScope): void {
    if (!this.#reader.isSweepDue()) return;
    const sweep = () => this.#reader.sweep().catch((error) => report(this.#env, error));
    try {
      scope.spawnDetached(sweep, SWEEP);
    } catch {
      // No lifetime takes it: the operation itself is refused next, and says why.
    }
  }
}
