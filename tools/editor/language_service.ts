/** As much of TypeScript's language service as an editor's tests ask for; its own types leave out some of it. */
export interface LanguageService {
  getProgram(): Program;
  getQuickInfoAtPosition(file: string, at: number): QuickInfo | undefined;
  getCompletionsAtPosition(
    file: string,
    at: number,
    preferences: { includeSymbol: true },
  ): { readonly entries: readonly CompletionEntry[] } | undefined;
  getSignatureHelpItems(
    file: string,
    at: number,
    options: object,
  ): { readonly items: readonly SignatureHelp[]; readonly selectedItemIndex: number } | undefined;
  getSyntacticDiagnostics(file: string): readonly Diagnostic[];
  getSemanticDiagnostics(file: string): readonly Diagnostic[];
}

/** A piece of what is shown, and what it is: `"className"`, `"punctuation"`, … */
export interface DisplayPart {
  readonly text: string;
  readonly kind: string;
}

export interface QuickInfo {
  readonly displayParts?: readonly DisplayPart[];
  readonly documentation?: readonly DisplayPart[];
}

export interface SignatureHelp {
  readonly prefixDisplayParts: readonly DisplayPart[];
  readonly suffixDisplayParts: readonly DisplayPart[];
  readonly parameters: readonly {
    readonly name: string;
    readonly displayParts: readonly DisplayPart[];
    readonly documentation: readonly DisplayPart[];
  }[];
}

export interface CompletionEntry {
  readonly name: string;
  readonly symbol?: Symbol;
}

export interface Diagnostic {
  readonly start: number;
  readonly messageText: string | object;
}

export interface Symbol {
  readonly name: string;
  readonly flags: number;
  readonly declarations?: readonly Declaration[];
}

interface Declaration {
  readonly typeParameters?: readonly unknown[];
  getSourceFile(): { readonly fileName: string };
}

interface Program {
  getSourceFile(file: string): object;
  getTypeChecker(): {
    getSymbolAtLocation(node: object): Symbol | undefined;
    getExportsOfModule(module: Symbol): Symbol[];
    getAliasedSymbol(symbol: Symbol): Symbol;
    resolveName(name: string, location: undefined, meaning: number, excludeGlobals: boolean): Symbol | undefined;
  };
}

export interface LanguageServices {
  readonly ModuleKind: { readonly Preserve: number };
  readonly ScriptTarget: { readonly ESNext: number };
  createLanguageService(host: object): LanguageService;
  flattenDiagnosticMessageText(text: string | object, newLine: string): string;
  getDefaultLibFilePath(options: object): string;
  readonly ScriptSnapshot: { fromString(text: string): object };
  readonly SymbolFlags: { readonly Alias: number; readonly Type: number; readonly Value: number };
  readonly sys: {
    fileExists(path: string): boolean;
    readFile(path: string): string | undefined;
    directoryExists(path: string): boolean;
    getDirectories(path: string): string[];
    realpath(path: string): string;
  };
}
