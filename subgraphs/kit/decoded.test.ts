import { expect, test } from "@jest/globals";
import { decodeRows, isRedactionMark, isWithheld, known, RowUnreadable, redacted, unreadable } from "./decoded.ts";

test("a row that cannot stand is left out and reported with its field and position", () => {
  const decode = ({ id }: { id: string | null }) => {
    if (id === null) throw new RowUnreadable("ID");
    return id;
  };
  expect(decodeRows("SYS", [{ id: "a" }, { id: null }, { id: "c" }], decode)).toEqual({
    records: ["a", "c"],
    unreadable: [{ system: "SYS", field: "ID", position: "row 2" }],
  });
});

test("a fault of ours in a decoder is not mistaken for a bad row", () => {
  const decode = () => {
    throw new TypeError("ours");
  };
  expect(() => decodeRows("SYS", [{}], decode)).toThrow("ours");
});

test("redacted, unreadable and absent are told apart, and none of them is known", () => {
  expect(isWithheld(redacted("SYS", "f"))).toBe(true);
  expect(isWithheld(unreadable("SYS", "f"))).toBe(true);
  expect(isWithheld(null)).toBe(false);
  expect(known(redacted("SYS", "f"))).toBeNull();
  expect(known("value")).toBe("value");
});

test.each(["b(6), b(7)c", "b(6), b(7)C", "(b)(6)", "(b)(7)(E)", "REDACTED"])("%j is a redaction mark", (text) => {
  expect(isRedactionMark(text)).toBe(true);
});

test.each(["", "Tab (b", "BOND", "N/A", "REDACTED STREET 5"])("%j is no redaction mark", (text) => {
  expect(isRedactionMark(text)).toBe(false);
});
