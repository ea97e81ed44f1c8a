// deno-lint-ignore-file no-explicit-any
type Fn<Self, Args extends unknown[], Return> = (
  this: Self,
  ...args: Args
) => Return;

export declare class MockError extends Error {
  constructor(message: string);
}
export interface SpyCall<
  Self = any,
  Args extends unknown[] = any[],
  Return = any,
> {
  args: Args;
  returned?: Return;
  error?: Error;
  self?: Self;
}
export interface Spy<Self = any, Args extends unknown[] = any[], Return = any> {
  (this: Self, ...args: Args): Return;
  original: Fn<Self, Args, Return>;
  calls: SpyCall<Self, Args, Return>[];
  restored: boolean;
  restore(): void;
}
export interface MethodSpy<
  Self = any,
  Args extends unknown[] = any[],
  Return = any,
> extends Spy<Self, Args, Return>, Disposable {}
export interface ConstructorSpy<Self = any, Args extends unknown[] = any[]> {
  new (...args: Args): Self;
  original: new (...args: Args) => Self;
  calls: SpyCall<Self, Args, Self>[];
  restored: boolean;
  restore(): void;
}
export interface Stub<
  Self = any,
  Args extends unknown[] = any[],
  Return = any,
> extends MethodSpy<Self, Args, Return> {
  fake: Fn<Self, Args, Return>;
}
export type SpyLike<
  Self = any,
  Args extends unknown[] = any[],
  Return = any,
> = Spy<Self, Args, Return> | ConstructorSpy<Self, Args>;
export type GetParametersFromProp<Self, Prop extends keyof Self> = Self[Prop] extends (...args: infer Args) => unknown
  ? Args
  : unknown[];
export type GetReturnFromProp<Self, Prop extends keyof Self> = Self[Prop] extends (...args: any[]) => infer Return
  ? Return
  : unknown;

export declare function spy<
  Self = any,
  Args extends unknown[] = any[],
  Return = undefined,
>(): Spy<Self, Args, Return>;
export declare function spy<Self, Args extends unknown[], Return>(
  func: Fn<Self, Args, Return>,
): Spy<Self, Args, Return>;
export declare function spy<Self, Args extends unknown[]>(
  constructor: new (...args: Args) => Self,
): ConstructorSpy<Self, Args>;
export declare function spy<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
): MethodSpy<
  Self,
  GetParametersFromProp<Self, Prop>,
  GetReturnFromProp<Self, Prop>
>;

export declare function stub<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
): Stub<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>>;
export declare function stub<Self, Prop extends keyof Self>(
  self: Self,
  property: Prop,
  func: Fn<
    Self,
    GetParametersFromProp<Self, Prop>,
    GetReturnFromProp<Self, Prop>
  >,
): Stub<Self, GetParametersFromProp<Self, Prop>, GetReturnFromProp<Self, Prop>>;
export declare function stub<Self, Args extends unknown[], Return>(
  self: Self,
  property: keyof Self,
  func: Fn<Self, Args, Return>,
): Stub<Self, Args, Return>;

export interface ExpectedSpyCall<
  Self = any,
  Args extends unknown[] = any[],
  Return = any,
> {
  args?: [...Args, ...unknown[]];
  self?: Self;
  returned?: Return;
  error?: {
    Class?: new (...args: any[]) => Error;
    msgIncludes?: string;
  };
}
export declare function assertSpyCalls<Self, Args extends unknown[], Return>(
  spy: SpyLike<Self, Args, Return>,
  expectedCalls: number,
): void;
export declare function assertSpyCall<Self, Args extends unknown[], Return>(
  spy: SpyLike<Self, Args, Return>,
  callIndex: number,
  expected?: ExpectedSpyCall<Self, Args, Return>,
): void;
export declare function assertSpyCallAsync<
  Self,
  Args extends unknown[],
  Return,
>(
  spy: SpyLike<Self, Args, Promise<Return>>,
  callIndex: number,
  expected?: ExpectedSpyCall<Self, Args, Promise<Return> | Return>,
): Promise<void>;
export declare function assertSpyCallArg<
  Self,
  Args extends unknown[],
  Return,
  ExpectedArg,
>(
  spy: SpyLike<Self, Args, Return>,
  callIndex: number,
  argIndex: number,
  expected: ExpectedArg,
): ExpectedArg;
export declare function assertSpyCallArgs<
  Self,
  Args extends unknown[],
  Return,
  ExpectedArgs extends unknown[],
>(
  spy: SpyLike<Self, Args, Return>,
  callIndex: number,
  expected: ExpectedArgs,
): ExpectedArgs;

export declare function mockSession(): number;
export declare function mockSession<Self, Args extends unknown[], Return>(
  func: Fn<Self, Args, Return>,
): Fn<Self, Args, Return>;
export declare function mockSessionAsync<Self, Args extends unknown[], Return>(
  func: Fn<Self, Args, Promise<Return>>,
): Fn<Self, Args, Promise<Return>>;
export declare function restore(id?: number): void;
export declare function returnsThis<
  Self = any,
  Args extends unknown[] = any[],
>(): Fn<Self, Args, Self>;
export declare function returnsArg<Arg, Self = any>(
  idx: number,
): Fn<Self, Arg[], Arg | undefined>;
export declare function returnsArgs<Args extends unknown[], Self = any>(
  start?: number,
  end?: number,
): Fn<Self, Args, Args>;
export declare function returnsNext<
  Return,
  Self = any,
  Args extends unknown[] = any[],
>(values: Iterable<Return | Error>): Fn<Self, Args, Return>;
export declare function resolvesNext<
  Return,
  Self = any,
  Args extends unknown[] = any[],
>(
  iterable:
    | Iterable<Return | Error | Promise<Return | Error>>
    | AsyncIterable<Return | Error | Promise<Return | Error>>,
): Fn<Self, Args, Promise<Return>>;
