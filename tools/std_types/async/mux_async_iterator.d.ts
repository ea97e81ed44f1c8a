export declare class MuxAsyncIterator<T> implements AsyncIterable<T> {
  add(iterable: AsyncIterable<T>): void;
  iterate(): AsyncIterableIterator<T>;
  [Symbol.asyncIterator](): AsyncIterator<T>;
}
