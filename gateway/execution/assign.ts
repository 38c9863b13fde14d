/**
 * Puts what an entity's answer brings into the entity, by code made for its type: the way of an answer in which nothing
 * is wrong. Where anything is, it gives up before it has changed anything, and merge.ts does it with all care.
 */
import { Code } from "./code.ts";
import type { UsedKey } from "./fetch-document.ts";
import type { SelectedField } from "./selection.ts";

/** False: not done. */
export type Assign = (target: object, source: object) => boolean;

/** `keys`: those by which an entity of this type was asked for, and which its answer must repeat. */
export function assignment(fields: readonly SelectedField[], keys: readonly UsedKey[]): Assign {
  const code = new Code();
  const checks = [`if(s.__typename!==undefined&&s.__typename!==t.__typename)return false;`];
  const assigned: string[] = [];
  for (const { isEchoed, fields: echoed } of keys) {
    if (!isEchoed) continue;
    for (const { key, answered, below } of echoed) {
      // Nested keys are compared with care.
      if (below.length > 0) return () => false;
      const own = code.variable();
      checks.push(`const ${own}=${code.member("s", answered)};`);
      checks.push(`if(${own}===null||${own}===undefined||${own}!==${code.member("t", key)})return false;`);
    }
  }
  for (const { key, isCertain, below } of fields) {
    const value = code.variable();
    checks.push(`const ${value}=${code.member("s", key)};`);
    const put = `t[${code.handed(key)}]=${value};`;
    if (isCertain && key !== "__typename") {
      checks.push(`if(${value}===undefined)return false;`);
      assigned.push(put);
    } else assigned.push(`if(${value}!==undefined)${put}`);
    if (below !== null) {
      const known = code.variable();
      checks.push(
        `const ${known}=${code.member("t", key)};if(typeof ${known}==="object"&&${known}!==null)return false;`,
      );
    }
  }
  return code.function(["t", "s"], `${checks.join("")}${assigned.join("")}return true;`) as unknown as Assign;
}
