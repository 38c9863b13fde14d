/** After a run of the whole suite. */
module.exports = () => globalThis.onePostgres?.close();
