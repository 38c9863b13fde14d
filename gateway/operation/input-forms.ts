/** Says, from the schema alone, what an input type takes: the text of every refusal of a value. */
import {
  type GraphQLInputObjectType,
  type GraphQLInputType,
  getNamedType,
  isEnumType,
  isInputObjectType,
  isScalarType,
} from "graphql";

const builtIn: Readonly<Record<string, string>> = {
  Int: "a whole number of 32 bits",
  Float: "a number",
  String: "a string",
  Boolean: "true or false",
  ID: "a string or a whole number",
};

/** One line naming the type and the forms it accepts. */
export function describeInputType(type: GraphQLInputType): string {
  const named = getNamedType(type);
  if (isInputObjectType(named)) return describeObject(named);
  if (isEnumType(named))
    return `${named.name} takes one of ${named
      .getValues()
      .map(({ name }) => name)
      .join(", ")}`;
  if (isScalarType(named) && Object.hasOwn(builtIn, named.name)) return `${named.name} takes ${builtIn[named.name]}`;
  const form = oneLine(named.description).replace(/\.$/, "");
  return form === "" ? `not a value that ${named.name} takes` : `not a value that ${named.name} takes: ${form}`;
}

function describeObject(type: GraphQLInputObjectType): string {
  const members = Object.values(type.getFields()).map(({ name, type: member }) => {
    const named = getNamedType(member);
    return isInputObjectType(named) ? `${name} { ${Object.keys(named.getFields()).join(" ")} }` : name;
  });
  return type.isOneOf
    ? `${type.name} takes exactly one member, not null, of: ${members.join(", ")}`
    : `${type.name} takes only its members, each of its own type: ${Object.values(type.getFields())
        .map(({ name, type: member }) => `${name}: ${member}`)
        .join(", ")}`;
}

function oneLine(text: string | null | undefined): string {
  return (text ?? "").replace(/\s+/g, " ").trim();
}
