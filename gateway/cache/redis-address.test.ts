import { describe, expect, test } from "@jest/globals";
import { readRedisAddress } from "./redis-address.ts";

const none = { url: "", sentinels: "", masterName: "" };
const open = { username: null, password: null, isTls: false };

describe("where Redis is", () => {
  test("is nowhere, where nothing is set", () => {
    expect(readRedisAddress(none)).toBeNull();
  });

  test.each([
    ["redis://127.0.0.1", { server: { host: "127.0.0.1", port: 6379 }, access: open, database: 0 }],
    ["redis://cache:6380/3", { server: { host: "cache", port: 6380 }, access: open, database: 3 }],
    ["redis://[::1]:6380", { server: { host: "::1", port: 6380 }, access: open, database: 0 }],
    [
      "rediss://us%40er:p%3Aw@cache/",
      {
        server: { host: "cache", port: 6379 },
        access: { username: "us@er", password: "p:w", isTls: true },
        database: 0,
      },
    ],
  ])("is one server: %s", (url, expected) => {
    expect(readRedisAddress({ ...none, url })).toEqual({ kind: "single", ...expected });
  });

  test("is asked of Sentinels, each side with access of its own", () => {
    const sentinels = "redis://:seen@a, redis://:seen@b:26380";
    const url = "rediss://user:word@whatever/2";
    expect(readRedisAddress({ url, sentinels, masterName: "cache" })).toEqual({
      kind: "sentinels",
      sentinels: [
        { host: "a", port: 26_379 },
        { host: "b", port: 26_380 },
      ],
      sentinelAccess: { username: null, password: "seen", isTls: false },
      masterName: "cache",
      access: { username: "user", password: "word", isTls: true },
      database: 2,
    });
    expect(readRedisAddress({ ...none, sentinels: "a:1", masterName: "cache" })).toMatchObject({
      sentinels: [{ host: "a", port: 1 }],
      access: open,
    });
  });

  test.each([
    [{ ...none, url: "http://hunter2@cache" }, /^REDIS_URL must be of the form/],
    [{ ...none, url: "hunter2" }, /^REDIS_URL must be of the form/],
    [{ ...none, url: "redis://:hunter2@cache?enableOfflineQueue=true" }, /^REDIS_URL takes nothing behind/],
    [{ ...none, url: "redis://:hunter2@cache/first" }, /^REDIS_URL may end in the number/],
    [{ ...none, url: "redis://:hunter2%zz@cache" }, /^REDIS_URL has a `%`/],
    [{ ...none, sentinels: "a:1" }, /^REDIS_SENTINELS wants REDIS_MASTER_NAME/],
    [{ ...none, masterName: "cache" }, /^REDIS_MASTER_NAME wants REDIS_SENTINELS/],
    [{ ...none, sentinels: "redis://:hunter2@a,redis://:other@b", masterName: "c" }, /^REDIS_SENTINELS must all take/],
    [{ ...none, sentinels: "a:hunter2", masterName: "c" }, /^REDIS_SENTINELS must be of the form/],
  ])("is refused without a word of what is secret: %j", (settings, message) => {
    const read = () => readRedisAddress(settings);
    expect(read).toThrow(message);
    expect(read).not.toThrow(/hunter2/);
  });
});
