/** PGlite's one session, lent to one client at a time. */
import type { PGlite } from "@electric-sql/pglite";

export type Session = {
  /** Runs the messages of one exchange (up to and with Sync or Query) as this client and gives the answer's bytes. */
  exchange(client: SessionClient, messages: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** Ends what the client may have left open. */
  leave(client: SessionClient): Promise<void>;
};

export type SessionClient = { readonly role: string };

const encoder = new TextEncoder();
const errorResponse = 0x45;

/** `owner` works as PGlite's own superuser; every other role reads only. */
export function shareSession(db: PGlite, owner: string): Session {
  let last: SessionClient | null = null;
  /** Who has a transaction open: nobody else is served meanwhile. */
  let holder: SessionClient | null = null;
  const waiting: { readonly client: SessionClient; readonly work: () => Promise<void> }[] = [];
  let working = false;

  const send = (message: Uint8Array) => db.execProtocolRaw(message, { syncToFs: false });
  const run = async (sql: string) => {
    const answer = await send(simpleQuery(sql));
    if (answer[0] === errorResponse) throw new Error("the embedded engine cannot change hands");
  };

  /** The session as a new client expects it: no settings, statements or rights left over from the last one. */
  async function switchTo(client: SessionClient): Promise<void> {
    if (last === client) return;
    last = null;
    await run("DISCARD ALL");
    // PGlite has no default to go back to: DISCARD leaves the last one's authorization in force.
    const isOwner = client.role === owner;
    await run(`SET SESSION AUTHORIZATION "${isOwner ? "postgres" : client.role}"`);
    if (!isOwner) await run("SET default_transaction_read_only = on");
    last = client;
  }

  async function pump(): Promise<void> {
    if (working) return;
    working = true;
    for (;;) {
      const next = waiting.findIndex(({ client }) => holder === null || client === holder);
      if (next < 0) break;
      await waiting.splice(next, 1)[0]?.work();
    }
    working = false;
  }

  function inTurn<T>(client: SessionClient, work: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      waiting.push({ client, work: () => work().then(resolve, reject) });
      void pump();
    });
  }

  return {
    exchange: (client, messages) =>
      inTurn(client, async () => {
        await switchTo(client);
        const answers: Uint8Array[] = [];
        for (const message of messages) answers.push(await send(message));
        holder = transactionIsOpen(answers) ? client : null;
        return answers;
      }),
    leave: async (client) => {
      if (holder !== client) return;
      await inTurn(client, async () => {
        await run("ROLLBACK");
        holder = null;
      });
    },
  };
}

/** ReadyForQuery ends every exchange; its one byte says whether a transaction is open. */
function transactionIsOpen(answers: readonly Uint8Array[]): boolean {
  const bytes = answers.findLast((each) => each.length >= 6);
  return bytes !== undefined && bytes.at(-6) === 0x5a && bytes.at(-1) !== 0x49;
}

function simpleQuery(sql: string): Uint8Array {
  const text = encoder.encode(sql);
  const message = new Uint8Array(text.length + 6);
  message[0] = 0x51;
  new DataView(message.buffer).setInt32(1, text.length + 5);
  message.set(text, 5);
  return message;
}
