/** What of a client's own words may stand in a log, a metric or a span. */

/** Letters, digits and underscores, as GraphQL names are; anything longer, or with a number in it, may be a value in disguise. */
export function isPlainName(text: string): boolean {
  return /^[A-Za-z_]\w{0,63}$/.test(text) && !/\d{5}/.test(text);
}

/**
 * Labels for operations: the first so many plain names, then "other", so that no client can make metrics grow.
 * An operation without a name is "unnamed".
 */
export function operationLabels(maxNames = 100): (name: string | null | undefined) => string {
  const known = new Set<string>();
  return (name) => {
    if (name === null || name === undefined) return "unnamed";
    if (known.has(name)) return name;
    if (known.size >= maxNames || !isPlainName(name)) return "other";
    known.add(name);
    return name;
  };
}
