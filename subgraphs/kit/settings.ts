/** A subgraph's settings from the environment: every one has a default that fits `npm start` on one machine. */

export type Environment = Readonly<Record<string, string | undefined>>;

/** A URL; throws a line saying what to set when it is not one. */
export function urlSetting(env: Environment, name: string, fallback: string): string {
  const value = env[name] ?? fallback;
  if (!URL.canParse(value)) throw new Error(`${name} must be a URL, such as ${fallback}`);
  return value;
}

/** A whole number from 0 up; throws a line saying what to set. */
export function wholeNumberSetting(env: Environment, name: string, fallback: number): number {
  const value = env[name] ?? String(fallback);
  if (!/^\d{1,9}$/.test(value)) throw new Error(`${name} must be a whole number, such as ${fallback}`);
  return Number(value);
}
