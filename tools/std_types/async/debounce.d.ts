export interface DebouncedFunction<T extends Array<unknown>> {
  (...args: T): void;
  clear(): void;
  flush(): void;
  readonly pending: boolean;
}
export interface DebounceOptions {
  signal?: AbortSignal | undefined;
}
// deno-lint-ignore no-explicit-any
export declare function debounce<T extends Array<any>>(
  fn: (this: DebouncedFunction<T>, ...args: T) => void,
  wait: number,
  options?: DebounceOptions,
): DebouncedFunction<T>;
