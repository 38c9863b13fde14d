/** Every TypeScript file of the tree as a compiler's parser sees it: what it refers to, exports, and reads. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { parseSync } from "@swc/core";

export const root = join(import.meta.dirname, "..");

export type Reference = {
  /** A path from the root (`schema/scalars.ts`), a package (`node:fs`, `@apollo/gateway`), or null: it is computed. */
  readonly target: string | null;
  readonly isOurs: boolean;
  /** Erased before anything runs. */
  readonly isTypeOnly: boolean;
};

export type SourceFile = {
  readonly path: string;
  readonly references: readonly Reference[];
  readonly exports: readonly string[];
  readonly readsEnvironment: boolean;
};

const leftOut = new Set(["node_modules", ".git", ".crosswalk", "coverage"]);

/** Paths from the root, of files that are there now, tracked or not. */
export function sourcePaths(folder = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return leftOut.has(entry.name) ? [] : sourcePaths(path);
    return entry.name.endsWith(".ts") ? [path] : [];
  });
}

export function sourceTree(): readonly SourceFile[] {
  return sourcePaths().map((path) => readSource(path, readFileSync(join(root, path), "utf8")));
}

type Syntax = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Throws for text that is not TypeScript. */
export function readSource(path: string, text: string): SourceFile {
  const references: Reference[] = [];
  const exports: string[] = [];
  let readsEnvironment = false;
  for (const node of nodesOf(parseSync(text, { syntax: "typescript", target: "es2024" }) as unknown as Syntax)) {
    for (const { written, isTypeOnly } of referencesOf(node)) references.push(resolved(path, written, isTypeOnly));
    exports.push(...exportsOf(node));
    readsEnvironment ||= isEnvironment(node);
  }
  return { path, references, exports, readsEnvironment };
}

/** Each node and all below it, as they stand in the text. */
function nodesOf(value: unknown, found: Syntax[] = []): readonly Syntax[] {
  if (typeof value !== "object" || value === null) return found;
  if (typeof (value as { type?: unknown }).type === "string") found.push(value as Syntax);
  for (const each of Object.values(value)) nodesOf(each, found);
  return found;
}

type Written = { readonly written: string | null; readonly isTypeOnly: boolean };

/** Static, type-only and dynamic imports, re-exports, `require`, and files named beside `import.meta.url` (workers). */
function referencesOf(node: Syntax): readonly Written[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      if (!isObject(node.source)) return [];
      return [{ written: literal(node.source), isTypeOnly: node.typeOnly === true || hasOnlyTypes(node.specifiers) }];
    case "TsImportType":
      return [{ written: literal(node.argument), isTypeOnly: true }];
    case "TsExternalModuleReference":
      return [{ written: literal(node.expression), isTypeOnly: false }];
    case "CallExpression": {
      const { callee } = node;
      const loads =
        isObject(callee) && (callee.type === "Import" || isNamed(callee, "require") || isMetaResolve(callee));
      return loads ? [{ written: firstArgument(node), isTypeOnly: false }] : [];
    }
    case "NewExpression": {
      const file = isNamed(node.callee, "URL") ? firstArgument(node) : null;
      return file !== null && /^\.{1,2}\/.*\.[cm]?[jt]s$/.test(file) ? [{ written: file, isTypeOnly: false }] : [];
    }
    default:
      return [];
  }
}

function hasOnlyTypes(specifiers: unknown): boolean {
  return (
    Array.isArray(specifiers) &&
    specifiers.length > 0 &&
    specifiers.every((each) => isObject(each) && each.isTypeOnly === true)
  );
}

function exportsOf(node: Syntax): readonly string[] {
  if (node.type === "ExportDeclaration") return declaredNames(node.declaration);
  if (node.type !== "ExportNamedDeclaration" || !Array.isArray(node.specifiers)) return [];
  return node.specifiers.flatMap((each: Syntax) => nameOf(each.exported ?? each.orig ?? each.name));
}

function declaredNames(declaration: unknown): readonly string[] {
  if (!isObject(declaration)) return [];
  if (Array.isArray(declaration.declarations))
    return declaration.declarations.flatMap((each: { id: unknown }) =>
      nodesOf(each.id)
        .filter(({ type }) => type === "Identifier")
        .flatMap(nameOf),
    );
  return [...nameOf(declaration.identifier), ...nameOf(declaration.id)];
}

/** `process.env` in any spelling, or the module that gives `process`. */
function isEnvironment(node: Syntax): boolean {
  if (node.type === "ImportDeclaration") return ["node:process", "process"].includes(literal(node.source) ?? "");
  if (node.type === "MemberExpression") return isProcess(node.object) && memberName(node) === "env";
  if (node.type !== "VariableDeclarator" || !isProcess(node.init) || !isObject(node.id)) return false;
  const properties = Array.isArray(node.id.properties) ? node.id.properties : [];
  return properties.some((each: Syntax) => nameOf(each.key).includes("env") || each.type === "RestElement");
}

function isProcess(node: unknown): boolean {
  return (
    isNamed(node, "process") || (isObject(node) && node.type === "MemberExpression" && memberName(node) === "process")
  );
}

function isMetaResolve(callee: Readonly<Record<string, unknown>>): boolean {
  return (
    callee.type === "MemberExpression" &&
    isObject(callee.object) &&
    callee.object.type === "MetaProperty" &&
    memberName(callee) === "resolve"
  );
}

function memberName({ property }: Readonly<Record<string, unknown>>): string | null {
  if (!isObject(property)) return null;
  return property.type === "Computed" ? literal(property.expression) : (nameOf(property)[0] ?? null);
}

function firstArgument(node: Syntax): string | null {
  const first = Array.isArray(node.arguments) ? (node.arguments[0] as { expression?: unknown } | undefined) : undefined;
  return literal(first?.expression);
}

/** A string known before anything runs; null for anything else. */
function literal(node: unknown): string | null {
  if (!isObject(node)) return null;
  if (node.type === "StringLiteral") return String(node.value);
  if (node.type !== "TemplateLiteral" || !Array.isArray(node.quasis) || node.quasis.length !== 1) return null;
  return String((node.quasis[0] as { cooked: unknown }).cooked);
}

function isNamed(node: unknown, name: string): boolean {
  return isObject(node) && node.type === "Identifier" && node.value === name;
}

function nameOf(node: unknown): readonly string[] {
  return isObject(node) && typeof node.value === "string" ? [node.value] : [];
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const importsMap = (JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { imports: Record<string, string> })
  .imports;

function resolved(from: string, written: string | null, isTypeOnly: boolean): Reference {
  if (written === null) return { target: null, isOurs: false, isTypeOnly };
  if (written.startsWith(".")) return { target: normalize(join(dirname(from), written)), isOurs: true, isTypeOnly };
  for (const [alias, folder] of Object.entries(importsMap)) {
    const prefix = alias.slice(0, -1);
    if (written.startsWith(prefix))
      return { target: normalize(join(folder.slice(0, -1), written.slice(prefix.length))), isOurs: true, isTypeOnly };
  }
  const name = written
    .split("/")
    .slice(0, written.startsWith("@") ? 2 : 1)
    .join("/");
  return { target: name, isOurs: false, isTypeOnly };
}
