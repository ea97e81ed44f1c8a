export interface DelayOptions {
  signal?: AbortSignal;
  persistent?: boolean;
}
export declare class TimeError extends Error {
  constructor(message: string);
}
export interface FakeTimeOptions {
  advanceRate: number;
  advanceFrequency?: number;
}
export declare class FakeTime implements Disposable {
  constructor(
    start?: number | string | Date | null,
    options?: FakeTimeOptions,
  );
  [Symbol.dispose](): void;
  static restore(): void;
  static restoreFor<T>(
    // deno-lint-ignore no-explicit-any
    callback: (...args: any[]) => Promise<T> | T,
    // deno-lint-ignore no-explicit-any
    ...args: any[]
  ): Promise<T>;
  get now(): number;
  set now(value: number);
  get start(): number;
  delay(ms: number, options?: DelayOptions): Promise<void>;
  runMicrotasks(): Promise<void>;
  tick(ms?: number): void;
  tickAsync(ms?: number): Promise<void>;
  next(): boolean;
  nextAsync(): Promise<boolean>;
  runAll(): void;
  runAllAsync(): Promise<void>;
  restore(): void;
}
