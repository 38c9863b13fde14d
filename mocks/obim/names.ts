/** The names IDENT's messages are made of. Prefixes are this writer's own; readers go by namespace. */
export const namespaces = {
  env: "http://www.w3.org/2003/05/soap-envelope",
  xsi: "http://www.w3.org/2001/XMLSchema-instance",
  nc: "https://docs.oasis-open.org/niemopen/ns/model/niem-core/6.0/",
  im: "https://docs.oasis-open.org/niemopen/ns/model/domains/immigration/6.0/",
  j: "https://docs.oasis-open.org/niemopen/ns/model/domains/justice/6.0/",
  /** What NIEM has no name for. */
  ident: "https://ident.obim.example/ws/1.0/",
} as const;

export type Prefix = keyof typeof namespaces;

/** `qname("nc", "Date")` → `{https://…}Date`, as the reader names elements. */
export function qname(prefix: Prefix, local: string): string {
  return `{${namespaces[prefix]}}${local}`;
}

export const declarations = Object.entries(namespaces)
  .map(([prefix, uri]) => `xmlns:${prefix}="${uri}"`)
  .join(" ");
