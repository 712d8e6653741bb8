/**
 * Reads the official SDKs' type declarations and writes what the types that rules judge are called, and their inputs, to
 * <package>.json beside this file. After a new version of an SDK, or when a rule judges a further type:
 *
 *     (cd policy/tools && npm install --ignore-scripts)
 *     node --require ./toolchain/typescript.js policy/tables/generate.ts
 */
import * as fs from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import { canonicalType } from "../rule";
import { RULES } from "../rules";
import { EMBEDDED, judgedTokens, PACKAGES } from "./judged";
import type { Kind, Shape, Table } from "./table";

const CHECKOUT = path.resolve(__dirname, "../..");

/** The folder of an installed SDK; undefined where it is not installed. */
export function installedFolder(name: string): string | undefined {
  const folder = path.join(CHECKOUT, PACKAGES[name] ?? ".", "node_modules/@pulumi", name);
  return fs.existsSync(path.join(folder, "package.json")) ? folder : undefined;
}

export const tableFile = (name: string): string => path.join(__dirname, `${name}.json`);

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);

/** Gathers what one package declares of the types that are asked for. */
class Declarations {
  private readonly interfaces = new Map<string, ts.InterfaceDeclaration>();
  readonly objects = new Map<string, Shape>();

  constructor(folder: string) {
    const inputs = path.join(folder, "types/input.d.ts");
    if (fs.existsSync(inputs)) this.index(parse(inputs).statements, "");
  }

  /** Names are qualified by their namespaces, as modules refer to them: many packages have several `ListenerArgs`. */
  private index(statements: readonly ts.Statement[], prefix: string): void {
    for (const node of statements) {
      if (ts.isInterfaceDeclaration(node)) this.interfaces.set(`${prefix}${node.name.text}`, node);
      if (!ts.isModuleDeclaration(node) || node.body === undefined) continue;
      if (ts.isModuleBlock(node.body)) this.index(node.body.statements, `${prefix}${node.name.text}.`);
    }
  }

  private shape({ members }: ts.InterfaceDeclaration, prefix: string): Shape {
    return Object.fromEntries(
      members
        .filter(ts.isPropertySignature)
        .map(({ name, type }) => [(name as ts.Identifier | ts.StringLiteral).text, this.kind(type, prefix)]),
    );
  }

  private kind(node: ts.TypeNode | undefined, prefix: string): Kind {
    if (node === undefined) return "any";
    if (ts.isParenthesizedTypeNode(node)) return this.kind(node.type, prefix);
    if (ts.isArrayTypeNode(node)) return `${this.kind(node.elementType, prefix)}[]`;
    if (ts.isUnionTypeNode(node)) {
      const types = node.types.filter(({ kind }) => kind !== ts.SyntaxKind.UndefinedKeyword);
      const kinds = new Set(types.map((type) => this.kind(type, prefix)));
      return kinds.size === 1 ? ([...kinds][0] ?? "any") : "any";
    }
    if (ts.isTypeLiteralNode(node)) {
      const signature = node.members.find(ts.isIndexSignatureDeclaration);
      return signature === undefined ? "any" : `${this.kind(signature.type, prefix)}{}`;
    }
    if (node.kind === ts.SyntaxKind.StringKeyword) return "string";
    if (node.kind === ts.SyntaxKind.NumberKeyword) return "number";
    if (node.kind === ts.SyntaxKind.BooleanKeyword) return "boolean";
    if (ts.isLiteralTypeNode(node) && ts.isStringLiteral(node.literal)) return "string";
    return ts.isTypeReferenceNode(node) ? this.reference(node, prefix) : "any";
  }

  private reference(node: ts.TypeReferenceNode, prefix: string): Kind {
    const name = node.typeName.getText();
    if (name.endsWith(".Input")) return this.kind(node.typeArguments?.[0], prefix);
    // An enumeration of the SDK is text to whoever reads it.
    if (name.startsWith("enums.")) return "string";
    return this.object(name.startsWith("inputs.") ? name.slice("inputs.".length) : `${prefix}${name}`, prefix);
  }

  private object(qualified: string, prefix: string): Kind {
    const declaration = this.interfaces.get(qualified);
    if (declaration === undefined) return "any";
    if (!this.objects.has(qualified)) {
      this.objects.set(qualified, {});
      this.objects.set(qualified, this.shape(declaration, prefix));
    }
    return qualified;
  }

  /** What a text of JSON holds, by the SDK's own declaration of it in a file of its own. */
  embedded(file: string, name: string): Kind {
    const prefix = `${path.basename(file, ".d.ts")}.json.`;
    this.index(parse(file).statements, prefix);
    return this.object(`${prefix}${name}`, prefix);
  }

  /**
   * The inputs of a type, and what only the provider knows, of which no more is said than that it is there.
   * @param module - its file, without the ending.
   */
  properties(module: string): Shape {
    const { statements } = parse(`${module}.d.ts`);
    const declared = statements.find(ts.isClassDeclaration);
    const inputs = statements
      .filter(ts.isInterfaceDeclaration)
      .find(({ name }) => name.text === `${declared?.name?.text}Args`);
    if (declared === undefined || inputs === undefined) {
      throw new Error(`${module}.d.ts declares no resource with inputs`);
    }
    const outputs = declared.members
      .filter(ts.isPropertyDeclaration)
      .filter(({ modifiers }) => modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword))
      .map(({ name }) => [(name as ts.Identifier).text, "any"] as const);
    return { ...Object.fromEntries(outputs), ...this.shape(inputs, "") };
  }
}

/** The folder of a token's module: `helm/v3` of `kubernetes:helm.sh/v3:Release`, `lb` of `aws:lb/listener:Listener`. */
function moduleFolder(folder: string, module: string): string {
  const place = module.replace(/^[^/.]+[^/]*/, (group) => (group === "index" ? "." : (group.split(".")[0] ?? "")));
  // Bridged providers name the resource once more behind the module.
  return [place, path.dirname(place)].map((one) => path.join(folder, one)).find((one) => fs.existsSync(one)) ?? folder;
}

/** @throws where the SDK does not declare the type, or not there any more. */
function moduleOf(folder: string, token: string): string {
  const place = moduleFolder(folder, token.split(":")[1] ?? "");
  const scripts = fs.readdirSync(place).filter((file) => file.endsWith(".js"));
  const found = scripts.find((file) => {
    const declared = /__pulumiType = ['"](.+?)['"]/.exec(fs.readFileSync(path.join(place, file), "utf8"))?.[1];
    return declared !== undefined && canonicalType(declared) === token;
  });
  if (found !== undefined) return path.join(place, found.slice(0, -".js".length));
  throw new Error(
    `${folder} declares no ${token}: the SDK has moved or retired it, so the rules that name it would be silent; ` +
      "name its new token there, and the old one in UNDECLARED of policy/tables/judged.ts if states still have it",
  );
}

/** @param folder - where the SDK is installed. */
export function readTable(name: string, folder: string): Table {
  const { version } = JSON.parse(fs.readFileSync(path.join(folder, "package.json"), "utf8")) as { version: string };
  const declarations = new Declarations(folder);
  const types = judgedTokens(name, RULES).map((token) => {
    const texts = Object.entries(EMBEDDED[token] ?? {}).map(
      ([property, { file, object }]) =>
        [property, `${declarations.embedded(path.join(folder, file), object)}[]`] as const,
    );
    return [token, { ...declarations.properties(moduleOf(folder, token)), ...Object.fromEntries(texts) }] as const;
  });
  return {
    package: name,
    version: version.replace(/^v/, ""),
    types: Object.fromEntries(types),
    objects: Object.fromEntries([...declarations.objects].sort(([a], [b]) => (a < b ? -1 : 1))),
  };
}

if (require.main === module) {
  for (const name of Object.keys(PACKAGES)) {
    const folder = installedFolder(name);
    if (folder === undefined)
      throw new Error(`@pulumi/${name} is missing: (cd policy/tools && npm install --ignore-scripts)`);
    fs.writeFileSync(tableFile(name), `${JSON.stringify(readTable(name, folder), null, 1)}\n`);
  }
}
