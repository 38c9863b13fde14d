// Runs before start and test, in whatever Node the shell has: one clear line instead of a syntax error.
const major = Number(process.versions.node.split(".")[0]);
if (major < 24) {
  console.error(
    `Crosswalk needs Node 24 or newer; this is ${process.version}. On Linux x64 \`npm ci\` installs it beside the project; elsewhere put Node 24 on the PATH.`,
  );
  process.exit(1);
}
