/**
 * Functions made for one plan.
 *
 * INVARIANT: nothing that a client, a schema or a subgraph wrote is ever evaluated. The code is made of numbers alone
 * (`v3`, `x7`); names, sets and functions are handed to it as values.
 */
import { read } from "./complete.ts";

export class Code {
  readonly #values: unknown[] = [];
  #variables = 0;

  /** The name in the code under which a value is handed to it. */
  handed(value: unknown): string {
    return `v${this.#values.push(value) - 1}`;
  }

  variable(): string {
    this.#variables += 1;
    return `x${this.#variables}`;
  }

  /** Code that reads an object's own member. */
  member(object: string, key: string): string {
    // What a prototype gives is a function, or else the prototype itself, which no field is called after.
    return key in Object.prototype
      ? `${this.handed(read)}(${object},${this.handed(key)})`
      : `${object}[${this.handed(key)}]`;
  }

  function(parameters: readonly string[], body: string): (...given: never[]) => unknown {
    const names = this.#values.map((_, index) => `v${index}`);
    const make = new Function(...names, `return function(${parameters.join(",")}){${body}}`);
    return make(...this.#values) as (...given: never[]) => unknown;
  }
}
