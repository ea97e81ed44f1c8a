type Headed = Pick<Request, "headers">;
export declare function accepts(request: Headed): string[];
export declare function accepts<T extends string = string>(
  request: Headed,
  ...types: T[]
): T | undefined;
export declare function acceptsEncodings(request: Headed): string[];
export declare function acceptsEncodings<T extends string = string>(
  request: Headed,
  ...encodings: T[]
): T | undefined;
export declare function acceptsLanguages(request: Headed): string[];
export declare function acceptsLanguages<T extends string = string>(
  request: Headed,
  ...langs: T[]
): T | undefined;
