/**
 * What is used of BullMQ, whose module is given: importing it here would bring it to everybody who installs this package.
 *
 * @module
 */

/** What is used of the module `bullmq`. See {@linkcode bullmqEngine}. */
export interface BullmqLike {
  /** The class of queues. */
  readonly Queue: new (name: string, options: BullmqPlace) => BullmqQueueLike;
  /** The class of workers; without a processor, jobs are asked for. */
  readonly Worker: new (name: string, processor: null, options: BullmqWorkerOptions) => BullmqWorkerLike;
  /** The class of errors after which a job is not tried again. */
  readonly UnrecoverableError: new (message: string) => Error;
}

/** What a client of ioredis is known by. See {@linkcode BullmqOptions}. */
export interface RedisLike {
  /** Opens another connection. */
  // deno-lint-ignore no-explicit-any -- the options of ioredis have a type of their own
  duplicate(options?: any): unknown;
  /** Makes a command of a script. */
  // deno-lint-ignore no-explicit-any -- as above
  defineCommand(name: string, definition: any): void;
}

/** Where queues are. See {@linkcode BullmqLike}. */
export interface BullmqPlace {
  /** As it was given. */
  readonly connection: RedisLike;
  /** What all keys begin with. */
  readonly prefix: string;
}

/** What a worker is told. See {@linkcode BullmqLike}. */
export interface BullmqWorkerOptions extends BullmqPlace {
  /** Whether it asks for jobs by itself. */
  readonly autorun: boolean;
  /** How long it waits for a job, in seconds. */
  readonly drainDelay: number;
  /** How long a lock lasts, in milliseconds. */
  readonly lockDuration: number;
  /** How often a lock may be over. */
  readonly maxStalledCount: number;
  /** How often it looks for locks that are over, in milliseconds. */
  readonly stalledInterval: number;
  /** When a job that failed is tried again, in milliseconds. */
  readonly settings: { backoffStrategy(attempts: number, type?: string, error?: Error): number };
}

/** What is used of a queue. See {@linkcode BullmqLike}. */
export interface BullmqQueueLike {
  /** Hears of errors. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Puts a job in. */
  add(name: string, data: BullmqJobData, options: BullmqJobOptions): Promise<unknown>;
  /** Says where a job is. */
  getJobState(id: string): Promise<string>;
  /** Takes a job out. */
  remove(id: string): Promise<number>;
  /** Gives the jobs that failed. */
  getFailed(start: number, end: number): Promise<readonly BullmqJobLike[]>;
  /** The connection to Redis. */
  getBackend(): { readonly client: Promise<BullmqClientLike> };
  /** Ends it. */
  close(): Promise<void>;
}

/** What is used of a worker. See {@linkcode BullmqLike}. */
export interface BullmqWorkerLike {
  /** Hears of errors. */
  on(event: "error", listener: (error: Error) => void): unknown;
  /** Looks for jobs whose lock is over. */
  startStalledCheckTimer(): Promise<void>;
  /** Takes a job out, under a lock with that token. */
  getNextJob(token: string, options: { block: boolean }): Promise<BullmqJobLike | undefined>;
  /** Ends it. */
  close(force: boolean): Promise<void>;
}

/** What is used of a job. See {@linkcode BullmqLike}. */
export interface BullmqJobLike {
  /** As it was added with. */
  readonly id?: string | undefined;
  /** As it was added. */
  readonly data: BullmqJobData;
  /** How often it failed. */
  readonly attemptsMade: number;
  /** How often its lock was over. */
  readonly stalledCounter: number;
  /** Why it failed. */
  readonly failedReason: string;
  /** Extends its lock; 0 if that is over. */
  extendLock(token: string, ms: number): Promise<number>;
  /** It is done. */
  moveToCompleted(value: null, token: string, fetchNext: boolean): Promise<unknown>;
  /** It failed. */
  moveToFailed(error: Error, token: string, fetchNext: boolean): Promise<unknown>;
  /** Gives it back. */
  moveToWait(token: string): Promise<unknown>;
}

/** What is in a job. See {@linkcode BullmqLike}. */
export interface BullmqJobData {
  /** The message. */
  readonly body: string;
  /** When it was enqueued, by the clock of Redis, in milliseconds since 1970. */
  readonly at: number;
}

/** What a job is added with. See {@linkcode BullmqLike}. */
export interface BullmqJobOptions {
  /** Of a job that is there: nothing is added. */
  readonly jobId: string;
  /** How often it may be tried. */
  readonly attempts: number;
  /** `custom`: the worker says. */
  readonly backoff: { type: string };
  /** For how long it is kept when it is done, in seconds. */
  readonly removeOnComplete: { age: number };
  /** Whether it is kept when it has failed. */
  readonly removeOnFail: boolean;
  /** How many lines of a stack are kept. */
  readonly stackTraceLimit: number;
}

/** What is used of BullMQ's client of Redis. See {@linkcode BullmqLike}. */
export interface BullmqClientLike {
  /** Makes a command of a script. */
  defineCommand(name: string, definition: { numberOfKeys: number; lua: string }): void;
  /** Runs such a command. */
  runCommand(name: string, args: string[]): Promise<unknown>;
  /** Reads a key. */
  get(key: string): Promise<string | null>;
  /** Removes a key. */
  del(key: string): Promise<unknown>;
}
