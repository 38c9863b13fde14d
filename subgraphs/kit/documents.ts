/** Documents that were read before: a gateway asks the same few again and again, and reading one costs more than a look-up. */
import { type DocumentNode, type GraphQLError, parse, validate } from "graphql";

const maxDocuments = 500;
const maxChars = 64 * 1024;

/** `parse` and `validate` as graphql-http takes them, for one schema. What is not valid is not remembered. */
export function rememberedDocuments() {
  /** The one used longest ago first. */
  const read = new Map<string, DocumentNode>();
  const valid = new WeakSet<DocumentNode>();
  const parseAgain: typeof parse = (source, options) => {
    if (typeof source !== "string" || source.length > maxChars || options !== undefined) return parse(source, options);
    const document = read.get(source) ?? parse(source);
    read.delete(source);
    read.set(source, document);
    if (read.size > maxDocuments) read.delete(read.keys().next().value as string);
    return document;
  };
  const validateAgain: typeof validate = (schema, document, ...rest): readonly GraphQLError[] => {
    if (valid.has(document)) return [];
    const errors = validate(schema, document, ...rest);
    if (errors.length === 0) valid.add(document);
    return errors;
  };
  return { parse: parseAgain, validate: validateAgain };
}
