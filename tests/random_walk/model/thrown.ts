/** What the model knows of an error or a reason: a value of the program's own, or what the library has to make. */
export interface Thrown {
  readonly is:
    | "given"
    | "CancelReason"
    | "DeadlineExceededError"
    | "AbandonedTasksError"
    | "AggregateError"
    | "ScopeError"
    | "ScopeClosedError";
  /** The very object, if given. */
  readonly value?: unknown;
  readonly isAbortError?: boolean;
  readonly kind?: string;
  readonly origin?: string;
  readonly cause?: Thrown | undefined;
  readonly errors?: readonly Thrown[];
  /** The paths of abandoned tasks. */
  readonly tasks?: readonly string[];
}

/**
 * G6: the reason itself, an error caused by it, or an AbortError, once canceled. The deadline of somebody else is a
 * failure.
 */
export function isCancellation(reason: Thrown, error: Thrown): boolean {
  if (error === reason) return true;
  if (error.is === "DeadlineExceededError") return false;
  if (error.isAbortError || error.is === "CancelReason") return true;
  if (error.is === "AggregateError") return (error.errors ?? []).every((each) => isCancellation(reason, each));
  return error.cause !== undefined && isCancellation(reason, error.cause);
}

/** How something ends that others decide on. */
export type Answer = { readonly value: unknown } | { readonly thrown: Thrown };

/** Whether it is an object, whose identity says that it is the same error once more. */
export function isObject({ is, value }: Thrown): boolean {
  return is !== "given" || Object(value) === value;
}
