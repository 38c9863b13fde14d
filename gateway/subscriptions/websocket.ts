/**
 * WebSockets: opened, watched and closed here; what is said on them, in websocket-protocol.ts.
 *
 * INVARIANT: a connection lives no longer than what its caller was let in with, and holds no more of what its client does
 * not take than a bound.
 */
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { WebSocket, WebSocketServer } from "ws";
import { endOf } from "../authorization/authorize.ts";
import { refuseUpgrade } from "./refused-upgrade.ts";
import {
  type Connection,
  chosenProtocol,
  closeFor,
  newConnection,
  openProtocol,
  type ProtocolSettings,
} from "./websocket-protocol.ts";

export type WebSocketSettings = ProtocolSettings & {
  readonly maxMessageBytes: number;
  readonly maxSockets: number;
  readonly aliveMs?: number;
  /** How often it is looked whether callers may still be here. */
  readonly checkMs?: number;
};

export type WebSockets = {
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  size(): number;
  /** Says goodbye, and ends after this time who has not answered. */
  close(graceMs: number): Promise<void>;
};

/** Of what was sent and not taken; a client that asks on without reading is ended. */
const maxUntakenBytes = 1024 * 1024;

export function openWebSockets(settings: WebSocketSettings): WebSockets {
  const { events, aliveMs = 12_000, checkMs = 1_000, maxSockets } = settings;
  const server = new WebSocketServer({
    noServer: true,
    maxPayload: settings.maxMessageBytes,
    perMessageDeflate: false,
    handleProtocols: (offered) => chosenProtocol(offered),
  });
  const protocol = openProtocol(settings);
  const open = new Map<WebSocket, { readonly connection: Connection; isAlive: boolean }>();

  server.on("connection", (socket, request) => {
    const connection = newConnection(socket, request);
    const state = { connection, isAlive: true };
    open.set(socket, state);
    // A frame that is none closes the connection with the code of what is wrong with it: nobody has to be told.
    socket.on("error", () => {});
    socket.on("pong", () => {
      state.isAlive = true;
    });
    const closed = protocol.opened(
      {
        protocol: socket.protocol,
        send: (text) => sent(socket, text),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (take) =>
          socket.on("message", (data, isBinary) => {
            if (isBinary) return socket.close(4400, "text is expected");
            if (socket.bufferedAmount > maxUntakenBytes) return socket.terminate();
            take(String(data)).catch((error: unknown) => {
              // The connection may be gone by the time that there is something to be sent on it.
              if (socket.readyState === WebSocket.OPEN) events.faultCaught(error);
              socket.close(4500, "INTERNAL_SERVER_ERROR");
            });
          }),
      },
      connection,
    );
    socket.once("close", (code, reason) => {
      open.delete(socket);
      connection.gone.abort();
      Promise.resolve(closed(code, String(reason))).catch(events.faultCaught);
    });
  });

  const checking = setInterval(() => {
    for (const [socket, { connection }] of open) {
      const accepted = connection.caller?.accepted;
      const code = accepted ? endOf(accepted) : null;
      if (code !== null) closeFor(socket, code);
    }
  }, checkMs).unref();
  const alive = setInterval(() => {
    for (const [socket, state] of open) {
      if (!state.isAlive) socket.terminate();
      state.isAlive = false;
      if (socket.readyState === WebSocket.OPEN) socket.ping();
    }
  }, aliveMs).unref();

  return {
    upgrade(request, socket, head) {
      if (open.size >= maxSockets) return refuseUpgrade(socket, 503);
      server.handleUpgrade(request, socket, head, (webSocket) => server.emit("connection", webSocket, request));
    },
    size: () => open.size,
    async close(graceMs) {
      clearInterval(checking);
      clearInterval(alive);
      const gone = [...open.keys()].map(
        (socket) => new Promise<void>((resolve) => void socket.once("close", () => resolve())),
      );
      for (const socket of open.keys()) closeFor(socket, "SHUTTING_DOWN");
      const late = setTimeout(() => {
        for (const socket of open.keys()) socket.terminate();
      }, graceMs);
      await Promise.all(gone);
      clearTimeout(late);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function sent(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.send(text, (error) => (error && socket.readyState === WebSocket.OPEN ? reject(error) : resolve()));
  });
}
