/** Answers who asked for a WebSocket and gets none. Apart from what WebSockets need, which is loaded with the first. */
import type { Duplex } from "node:stream";

/** Nothing of an answer is read by who did not get a WebSocket but its status. */
export function refuseUpgrade(socket: Duplex, status: 400 | 403 | 404 | 503): void {
  const texts = { 400: "Bad Request", 403: "Forbidden", 404: "Not Found", 503: "Service Unavailable" };
  socket.on("error", () => {});
  socket.end(`HTTP/1.1 ${status} ${texts[status]}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}
