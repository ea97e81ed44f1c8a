export type IsExact<T, U> = (<G>() => G extends T ? 1 : 2) extends (<G>() => G extends U ? 1 : 2) ? true : false;
export type Has<T, U> = U extends T ? true : false;
export type AssertTrue<T extends true> = T;
export type AssertFalse<T extends false> = T;
export declare function assertType<T extends boolean>(expectTrue: T): void;
