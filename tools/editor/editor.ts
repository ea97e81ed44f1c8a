import { loadTypeScript } from "../lib/typescript.ts";
import { dirname, join } from "../lib/path.ts";
import type {
  CompletionEntry,
  Diagnostic,
  DisplayPart,
  LanguageService,
  LanguageServices,
  QuickInfo,
  Symbol,
} from "./language_service.ts";

/** What an editor shows at one place. */
export interface Hover {
  /** The signature or type; where it was imported is left out. */
  readonly type: string;
  readonly parts: readonly DisplayPart[];
  /** The words of the doc comment, without its tags. */
  readonly doc: string;
}

export interface Mistake {
  /** Where it begins, counted in characters. */
  readonly at: number;
  readonly message: string;
}

/** Programs of a user, open in an editor: the compiler's own language service answers. */
export class Editor {
  readonly #ts: LanguageServices;
  readonly #service: LanguageService;
  readonly #files = new Map<string, string>();
  readonly #folder: string;
  #version = 0;

  private constructor(ts: LanguageServices, folder: string, paths: Readonly<Record<string, readonly string[]>>) {
    this.#ts = ts;
    this.#folder = folder;
    const options = {
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      allowImportingTsExtensions: true,
      skipLibCheck: true,
      module: ts.ModuleKind.Preserve,
      target: ts.ScriptTarget.ESNext,
      lib: ["lib.esnext.d.ts", "lib.dom.d.ts", "lib.dom.iterable.d.ts", "lib.dom.asynciterable.d.ts"],
      types: [],
      paths,
    };
    const read = (path: string) => this.#files.get(path) ?? ts.sys.readFile(path);
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => [...this.#files.keys()],
      getProjectVersion: () => String(this.#version), // spares the service to look at every file for every answer
      getScriptVersion: (path: string) => this.#files.has(path) ? String(this.#version) : "0",
      getScriptSnapshot(path: string) {
        const text = read(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(text);
      },
      getCurrentDirectory: () => folder,
      getDefaultLibFileName: (settings: object) => ts.getDefaultLibFilePath(settings),
      fileExists: (path: string) => this.#files.has(path) || ts.sys.fileExists(path),
      readFile: read,
      directoryExists: ts.sys.directoryExists,
      getDirectories: ts.sys.getDirectories,
      realpath: ts.sys.realpath,
      useCaseSensitiveFileNames: () => true,
    });
  }

  /**
   * @param folder Where the programs are, and where the packages they import are looked up.
   * @param paths Where modules are instead, as in a `tsconfig.json`.
   */
  static async open(folder: string, paths: Readonly<Record<string, readonly string[]>> = {}): Promise<Editor> {
    return new Editor(await loadTypeScript() as unknown as LanguageServices, folder, paths);
  }

  /** Writes a program. All are to be written first: every change makes the next answer slow. */
  write(name: string, text: string): void {
    this.#version++;
    this.#files.set(join(this.#folder, name), text);
  }

  hover(name: string, at: number): Hover {
    return this.#toHover(this.#service.getQuickInfoAtPosition(join(this.#folder, name), at));
  }

  /** What helps inside of the parentheses of a call: the signature, and a line with the words of each parameter. */
  signature(name: string, at: number): string {
    const help = this.#service.getSignatureHelpItems(join(this.#folder, name), at, {});
    const item = help?.items[help.selectedItemIndex];
    if (!item) return "";
    const { prefixDisplayParts, suffixDisplayParts, parameters } = item;
    const list = parameters.map(({ displayParts }) => textOf(displayParts)).join(", ");
    return [
      `${textOf(prefixDisplayParts)}${list}${textOf(suffixDisplayParts)}`,
      ...parameters.map(({ name, documentation }) => `${name}: ${wordsOf(documentation)}`),
    ].join("\n");
  }

  /** The names that completions offer. */
  completions(name: string, at: number): string[] {
    return this.#complete(name, at).map(({ name }) => name);
  }

  /** Of these, the ones that are not JavaScript's own, and that can be written after a dot. */
  members(name: string, at: number): Symbol[] {
    return this.#complete(name, at)
      .map(({ symbol }) => symbol)
      .filter((symbol) => symbol !== undefined)
      .filter((symbol) => !this.#isOfLibrary(symbol) && /^[\w$]+$/.test(symbol.name));
  }

  mistakes(name: string): Mistake[] {
    const file = join(this.#folder, name);
    return [...this.#service.getSyntacticDiagnostics(file), ...this.#service.getSemanticDiagnostics(file)].map(
      ({ start, messageText }: Diagnostic) => ({
        at: start,
        message: this.#ts.flattenDiagnosticMessageText(messageText, "\n"),
      }),
    );
  }

  /** What a program exports, re-exports followed to where they are declared. */
  exportsOf(name: string): Symbol[] {
    const program = this.#service.getProgram();
    const checker = program.getTypeChecker();
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(this.#folder, name)));
    if (!module) return [];
    return checker.getExportsOfModule(module).map((symbol) =>
      symbol.flags & this.#ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    );
  }

  isType({ flags }: Symbol): boolean {
    return (flags & this.#ts.SymbolFlags.Type) !== 0;
  }

  isValue({ flags }: Symbol): boolean {
    return (flags & this.#ts.SymbolFlags.Value) !== 0;
  }

  /** Whether JavaScript or the host has a type of this name. */
  isGlobalType(name: string): boolean {
    const { Type } = this.#ts.SymbolFlags;
    return this.#service.getProgram().getTypeChecker().resolveName(name, undefined, Type, false) !== undefined;
  }

  #complete(name: string, at: number): readonly CompletionEntry[] {
    const file = join(this.#folder, name);
    return this.#service.getCompletionsAtPosition(file, at, { includeSymbol: true })?.entries ?? [];
  }

  #isOfLibrary({ declarations = [] }: Symbol): boolean {
    const libraries = dirname(this.#ts.getDefaultLibFilePath({}));
    return declarations.every((each) => dirname(each.getSourceFile().fileName) === libraries);
  }

  #toHover({ displayParts = [], documentation = [] }: QuickInfo = {}): Hover {
    const type = textOf(displayParts).replace(/^\(alias\) /, "").replace(/\n(im|ex)port [\w$]+$/, "");
    return { type, parts: displayParts, doc: wordsOf(documentation) };
  }
}

function textOf(parts: readonly DisplayPart[]): string {
  return parts.map(({ text }) => text).join("");
}

/** Editors show a link as its name. */
function wordsOf(parts: readonly DisplayPart[]): string {
  return textOf(parts).replace(/\{@link(?:code)? ([^}]*?) ?\}/g, "$1");
}
