/**
 * Reads the official SDKs' type declarations and writes what their resources take and give to tables/<package>.json.
 * Run after a change of an SDK's version: `node --require ./toolchain/typescript.js toolchain/pulumi/plugins/generate-tables.ts`.
 */
import * as fs from "node:fs";
import * as path from "node:path";
import ts from "typescript";
import type { PackageTable, Property, ResourceTable, Shape, Type } from "./support/tables";

/** The modules of each package whose resources a stand-in serves. */
export const SERVED: Readonly<Record<string, readonly string[]>> = {
  docker: ["container", "network", "remoteImage", "volume"],
  "docker-build": ["image"],
  random: ["randomBytes", "randomId", "randomInteger", "randomPassword", "randomString", "randomUuid"],
  tls: ["certRequest", "locallySignedCert", "privateKey", "selfSignedCert"],
};

export const TABLES = path.join(__dirname, "tables");

/** Gathers the declarations of one package. */
class Reader {
  private readonly interfaces = new Map<string, ts.InterfaceDeclaration>();
  private readonly enums = new Map<string, readonly string[]>();
  readonly objects = new Map<string, Shape>();

  constructor(private readonly folder: string) {
    for (const file of ["types/input.d.ts", "types/enums/index.d.ts"]) {
      const full = path.join(folder, file);
      if (fs.existsSync(full)) this.index(parse(full));
    }
  }

  private index(source: ts.SourceFile): void {
    const visit = (node: ts.Node): void => {
      if (ts.isInterfaceDeclaration(node)) this.interfaces.set(node.name.text, node);
      if (
        ts.isVariableDeclaration(node) &&
        ts.isIdentifier(node.name) &&
        node.type &&
        ts.isTypeLiteralNode(node.type)
      ) {
        const values = node.type.members.flatMap((member) =>
          ts.isPropertySignature(member) && member.type && ts.isLiteralTypeNode(member.type)
            ? [(member.type.literal as ts.StringLiteral).text]
            : [],
        );
        this.enums.set(node.name.text, values);
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
  }

  shape(declaration: ts.InterfaceDeclaration): Shape {
    return Object.fromEntries(
      declaration.members.filter(ts.isPropertySignature).map((member) => {
        const property: Property = {
          type: this.type(member.type),
          ...(member.questionToken === undefined ? { required: true as const } : {}),
        };
        return [(member.name as ts.Identifier).text, property];
      }),
    );
  }

  private type(node: ts.TypeNode | undefined): Type {
    if (node === undefined) return "any";
    if (ts.isParenthesizedTypeNode(node)) return this.type(node.type);
    if (ts.isArrayTypeNode(node)) return { list: this.type(node.elementType) };
    if (ts.isUnionTypeNode(node)) {
      const types = node.types.filter((type) => type.kind !== ts.SyntaxKind.UndefinedKeyword);
      return types.length === 1 ? this.type(types[0]) : "any";
    }
    if (ts.isTypeLiteralNode(node)) {
      const signature = node.members.find(ts.isIndexSignatureDeclaration);
      return signature === undefined ? "any" : { map: this.type(signature.type) };
    }
    if (node.kind === ts.SyntaxKind.StringKeyword) return "string";
    if (node.kind === ts.SyntaxKind.NumberKeyword) return "number";
    if (node.kind === ts.SyntaxKind.BooleanKeyword) return "boolean";
    return ts.isTypeReferenceNode(node) ? this.reference(node) : "any";
  }

  private reference(node: ts.TypeReferenceNode): Type {
    const name = node.typeName.getText();
    if (name.endsWith("Input")) return this.type(node.typeArguments?.[0]);
    const last = name.split(".").at(-1) ?? name;
    const values = this.enums.get(last);
    if (values !== undefined) return { oneOf: values };
    const declaration = this.interfaces.get(last);
    if (declaration === undefined) return "any";
    if (!this.objects.has(last)) {
      this.objects.set(last, {});
      this.objects.set(last, this.shape(declaration));
    }
    return { object: last };
  }

  /** The inputs that `<Name>Args` declares and the outputs that class `<Name>` declares. */
  resource(module: string): { token: string; table: ResourceTable } {
    const source = parse(path.join(this.folder, `${module}.d.ts`));
    const declared = source.statements.find(ts.isClassDeclaration);
    const className = declared?.name?.text ?? "";
    const args = source.statements.find(
      (node): node is ts.InterfaceDeclaration =>
        ts.isInterfaceDeclaration(node) && node.name.text === `${className}Args`,
    );
    const script = fs.readFileSync(path.join(this.folder, `${module}.js`), "utf8");
    const token = /__pulumiType = ['"](.+?)['"]/.exec(script)?.[1];
    if (declared === undefined || args === undefined || token === undefined)
      throw new Error(`no resource in ${module}`);
    const outputs = declared.members
      .filter(ts.isPropertyDeclaration)
      .filter((member) => member.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ReadonlyKeyword))
      .map((member) => (member.name as ts.Identifier).text);
    return { token, table: { inputs: this.shape(args), outputs: outputs.sort() } };
  }

  config(): Shape {
    const source = parse(path.join(this.folder, "provider.d.ts"));
    const args = source.statements.find(
      (node): node is ts.InterfaceDeclaration => ts.isInterfaceDeclaration(node) && node.name.text === "ProviderArgs",
    );
    return args === undefined ? {} : this.shape(args);
  }
}

const parse = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, fs.readFileSync(file, "utf8"), ts.ScriptTarget.ES2022, true);

/** Reads one installed package. */
export function readPackage(name: string): PackageTable {
  const manifest = require.resolve(`@pulumi/${name}/package.json`);
  const { version } = JSON.parse(fs.readFileSync(manifest, "utf8")) as { version: string };
  const reader = new Reader(path.dirname(manifest));
  const config = reader.config();
  const resources = (SERVED[name] ?? []).map((module) => reader.resource(module));
  return {
    package: name,
    version: version.replace(/^v/, ""),
    config,
    objects: Object.fromEntries([...reader.objects].sort(([a], [b]) => (a < b ? -1 : 1))),
    resources: Object.fromEntries(resources.map(({ token, table }) => [token, table])),
  };
}

if (require.main === module) {
  fs.mkdirSync(TABLES, { recursive: true });
  for (const name of Object.keys(SERVED)) {
    fs.writeFileSync(path.join(TABLES, `${name}.json`), `${JSON.stringify(readPackage(name), null, 1)}\n`);
  }
}
