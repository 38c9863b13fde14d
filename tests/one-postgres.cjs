/**
 * Before a run of the whole suite: one PostgreSQL for all that simulate EID, each of which makes a database of its own
 * in it. A server of its own for each would cost more than most of these tests. Whoever runs some files alone, or has
 * set DATABASE_URL, or has no PostgreSQL on the machine, has it as before.
 */
module.exports = async ({ testPathPatterns }) => {
  if (process.env.DATABASE_URL || process.env.EID_ENGINE || testPathPatterns.isSet()) return;
  const { findBinaries, spawnPostgres } = require("../mocks/ice/spawned-postgres.ts");
  const binaries = findBinaries();
  const server = binaries && (await spawnPostgres(binaries).catch(() => null));
  if (!server) return;
  process.env.DATABASE_URL = server.ownerUrl;
  globalThis.onePostgres = server;
};
