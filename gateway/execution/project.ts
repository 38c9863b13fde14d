/**
 * Projection compiled per shape: the way of an answer in which nothing is wrong, which is nearly every answer. It checks
 * what complete.ts checks, and at the first value that is not as it should be it gives up: complete.ts then does the
 * whole again, finds out what is wrong, and says so.
 */
import { Code } from "./code.ts";
import { isLeaf, read } from "./complete.ts";
import type { FieldShape, Leaf, ObjectShape, ValueShape } from "./shape.ts";

/** Null: something is wrong with the data. */
export type Project = (
  raw: object,
  given: Readonly<Record<string, unknown>>,
) => Readonly<Record<string, unknown>> | null;

/** Null for an object that clients may not know of. */
type ProjectObject = (raw: object) => object | null;

/** Thrown where a value is not as it should be. One for all: nothing of it is ever read. */
const notAsItShouldBe = Symbol("a value is not as it should be");

export function projection(shape: ObjectShape): Project {
  const compiling: Compiling = { objects: new Map(), given: {} };
  const project = objectProjection(shape, compiling);
  return (raw, given) => {
    compiling.given = given;
    try {
      return project(raw) as Readonly<Record<string, unknown>>;
    } catch (thrown) {
      if (thrown === notAsItShouldBe) return null;
      throw thrown;
    }
  };
}

type Compiling = {
  readonly objects: Map<ObjectShape, ProjectObject>;
  /** Of the answer that is being projected. */
  given: Readonly<Record<string, unknown>>;
};

/** Compiled for each type when the first object of it comes. */
function objectProjection(shape: ObjectShape, compiling: Compiling): ProjectObject {
  const known = compiling.objects.get(shape);
  if (known) return known;
  let project: ProjectObject;
  if (shape.typename !== null) {
    let own: ProjectObject | null = null;
    const { typename } = shape;
    project = (raw) => {
      own ??= compileObject(shape, typename, compiling);
      return own(raw);
    };
  } else {
    const byType = new Map<unknown, ProjectObject>();
    project = (raw) => {
      const given = read(raw, "__typename");
      const typename = given === undefined ? shape.declared : given;
      let own = byType.get(typename);
      if (!own) {
        if (typeof typename !== "string") throw notAsItShouldBe;
        own = compileObject(shape, typename, compiling);
        byType.set(typename, own);
      }
      return own(raw);
    };
  }
  compiling.objects.set(shape, project);
  return project;
}

function compileObject(shape: ObjectShape, typename: string, compiling: Compiling): ProjectObject {
  if (shape.hides(typename)) return () => null;
  const fields = shape.of(typename);
  if (fields === null || shape.refusal(typename) !== null || fields.some(({ refused }) => refused !== null))
    throw notAsItShouldBe;
  const code = new Code();
  const stop = code.handed(notAsItShouldBe);
  const lines: string[] = [];
  const members: string[] = [];

  /** Code that leaves in `to` what stands for the value in `from`. */
  const write = (from: string, to: string, type: ValueShape): string => {
    switch (type.kind) {
      case "nonNull":
        return `if(${from}===null)throw ${stop};${write(from, to, type.of)}${mayHide(type.of) ? `if(${to}===null)throw ${stop};` : ""}`;
      case "list": {
        const [index, element, projected] = [code.variable(), code.variable(), code.variable()];
        const each = `const ${element}=${from}[${index}];let ${projected};${write(element, projected, type.of)}${to}[${index}]=${projected};`;
        const loop = `${to}=new Array(${from}.length);for(let ${index}=0;${index}<${from}.length;${index}++){${each}}`;
        return `if(${from}===null)${to}=null;else{if(!Array.isArray(${from}))throw ${stop};${loop}}`;
      }
      case "object": {
        const project = code.handed(objectProjection(type.shape, compiling));
        const isObject = `typeof ${from}==="object"&&!Array.isArray(${from})`;
        return `if(${from}===null)${to}=null;else if(${isObject})${to}=${project}(${from});else throw ${stop};`;
      }
      case "leaf":
        return `if(${from}===null)${to}=null;else ${leafCode(from, to, type.leaf, code)}else throw ${stop};`;
      case "given":
        throw new Error("what is given is not looked for in the data");
    }
  };

  for (const field of fields) {
    const name = code.handed(field.clientKey);
    if (field.isTypename) members.push(`[${name}]:${code.handed(typename)}`);
    else if (field.value.kind === "given") members.push(`[${name}]:${code.handed(givenOf(field, compiling))}()`);
    else {
      const [from, to] = [code.variable(), code.variable()];
      lines.push(`const ${from}=${code.member("r", field.key)};let ${to};${write(from, to, field.value)}`);
      members.push(`[${name}]:${to}`);
    }
  }
  return code.function(["r"], `${lines.join("")}return{${members.join(",")}}`) as unknown as ProjectObject;
}

/** Whether something may stand there that is not null and is shown as null. */
function mayHide(type: ValueShape): boolean {
  return type.kind === "object" || (type.kind === "leaf" && typeof type.leaf !== "string");
}

function givenOf({ key }: FieldShape, compiling: Compiling): () => unknown {
  return () => compiling.given[key] ?? null;
}

function leafCode(from: string, to: string, leaf: Leaf, code: Code): string {
  switch (leaf) {
    case "String":
      return `if(typeof ${from}==="string")${to}=${from};`;
    case "ID":
      return `if(typeof ${from}==="string")${to}=${from};else if(Number.isSafeInteger(${from}))${to}=String(${from});`;
    case "Int":
      return `if(typeof ${from}==="number"&&${from}===(${from}|0))${to}=${from};`;
    case "Float":
      return `if(typeof ${from}==="number"&&Number.isFinite(${from}))${to}=${from};`;
    case "Boolean":
      return `if(typeof ${from}==="boolean")${to}=${from};`;
    case "any":
      return `if(typeof ${from}==="string"||${code.handed(isLeaf)}(${from},"any"))${to}=${from};`;
    default:
      return `if((${to}=${code.handed(leaf)}.get(${from}))!==undefined){}`;
  }
}
