/**
 * What is under way: members that come and go thousands of times a second, in collections that live as long as the
 * process. Not `Set` and `Map`: whenever one of V8's makes room it leaves its table behind, which refers to the next. Once
 * one of those tables has grown old, as every whole collection of garbage makes it, all that follow are kept by it with
 * all that ever stood in them, and are copied, until the next whole one. Arrays leave nothing behind.
 */

export type Member = {
  /** The bag's own: where it stands in it. */
  slot?: number | undefined;
};

/** Members in no order. Each is in one bag at most. */
export class Bag<Of extends Member> {
  readonly #all: Of[] = [];

  get size(): number {
    return this.#all.length;
  }

  add(member: Of): void {
    if (member.slot === undefined) member.slot = this.#all.push(member) - 1;
  }

  /** False: it was not in it. */
  delete(member: Of): boolean {
    const { slot } = member;
    if (slot === undefined || this.#all[slot] !== member) return false;
    const last = this.#all.pop() as Of;
    if (last !== member) {
      this.#all[slot] = last;
      last.slot = slot;
    }
    member.slot = undefined;
    return true;
  }

  /** As they are now: whoever goes through them may take them out. */
  members(): readonly Of[] {
    return this.#all.slice();
  }
}

type Bucket<Value> = { readonly key: string; readonly value: Value }[];

const bucketCount = 256;

/** By text, compared in full. */
export class Table<Value> {
  /** There are many that never hold anything. */
  #buckets: Bucket<Value>[] | null = null;

  get(key: string): Value | undefined {
    return this.#buckets?.[indexOf(key)]?.find((each) => each.key === key)?.value;
  }

  set(key: string, value: Value): void {
    this.#buckets ??= Array.from({ length: bucketCount }, () => []);
    const bucket = this.#buckets[indexOf(key)] as Bucket<Value>;
    takeOut(bucket, key);
    bucket.push({ key, value });
  }

  delete(key: string): void {
    const bucket = this.#buckets?.[indexOf(key)];
    if (bucket !== undefined) takeOut(bucket, key);
  }
}

function takeOut<Value>(bucket: Bucket<Value>, key: string): void {
  const at = bucket.findIndex((each) => each.key === key);
  if (at === -1) return;
  const last = bucket.pop();
  if (last !== undefined && at < bucket.length) bucket[at] = last;
}

const sampled = 16;

/** Of its end, where values stand, and of some of the rest: no more, however long it is. */
function indexOf(key: string): number {
  const { length } = key;
  let hash = length;
  for (let at = Math.max(0, length - 2 * sampled); at < length; at++)
    hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  const step = Math.max(1, Math.floor(length / sampled));
  for (let at = 0; at < length; at += step) hash = (Math.imul(hash, 31) + key.charCodeAt(at)) | 0;
  return (hash >>> 0) % bucketCount;
}
