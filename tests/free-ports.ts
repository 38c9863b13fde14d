import { createServer, type Server } from "node:net";

/** Below those that a system gives to whoever asks for any: nobody else comes upon one between here and its use. */
const [lowest, highest] = [10_000, 30_000];

/** That many ports that nobody listens on, all different. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const found = new Map<number, Server>();
  while (found.size < count) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest));
    const server = found.has(port) ? null : await listening(port);
    if (server !== null) found.set(port, server);
  }
  await Promise.all([...found.values()].map((server) => new Promise((resolve) => server.close(resolve))));
  return [...found.keys()];
}

/** Null: somebody has it. */
function listening(port: number): Promise<Server | null> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once("error", () => resolve(null));
    server.listen(port, "127.0.0.1", () => resolve(server));
  });
}
