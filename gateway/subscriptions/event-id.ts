/**
 * Event ids: where in the log of this gateway a subscriber stands, sealed. Two ids of one event are as different as any
 * two, so nobody can count by them what was told to others, or withheld.
 *
 * INVARIANT: an id is good only for whoever was given it, for the same document and variables, and on the log that it is
 * of.
 */
import { createCipheriv, createDecipheriv, createSecretKey, randomBytes } from "node:crypto";

export type EventIds = {
  /** `owner`: whose it is and for what, injectively. */
  seal(number: number, owner: string): string;
  /** Null: it is no id of this owner's on this log. */
  open(id: string, owner: string): number | null;
};

const nonceBytes = 12;
const tagBytes = 16;
const numberBytes = 6;
const logBytes = 6;
const idBytes = nonceBytes + logBytes + numberBytes + tagBytes;
const idForm = /^[\w-]{54}$/;

/** Of one process: its log ends with it, and so do its ids. */
export function eventIds(): EventIds {
  const key = createSecretKey(randomBytes(32));
  /** Of this process: numbers of another's log say nothing here. */
  const log = randomBytes(logBytes);
  const aad = (owner: string) => Buffer.from(owner);
  return {
    seal(number, owner) {
      const nonce = randomBytes(nonceBytes);
      const plain = Buffer.alloc(logBytes + numberBytes, log);
      plain.writeUIntBE(number, logBytes, numberBytes);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(aad(owner));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]).toString("base64url");
    },
    open(id, owner) {
      if (!idForm.test(id)) return null;
      const bytes = Buffer.from(id, "base64url");
      // One text for the same bytes: another spelling of an id is none.
      if (bytes.length !== idBytes || bytes.toString("base64url") !== id) return null;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, nonceBytes), {
          authTagLength: tagBytes,
        });
        decipher.setAAD(aad(owner)).setAuthTag(bytes.subarray(-tagBytes));
        const plain = Buffer.concat([decipher.update(bytes.subarray(nonceBytes, -tagBytes)), decipher.final()]);
        return plain.subarray(0, logBytes).equals(log) ? plain.readUIntBE(logBytes, numberBytes) : null;
      } catch {
        return null;
      }
    },
  };
}
