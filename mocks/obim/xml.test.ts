import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { escapeToAscii, escapeXml, NotXml, readXml } from "./xml.ts";

const read = (document: string) => readXml(Buffer.from(document));

test("names are resolved by namespace, whatever the prefixes, and text is kept as it is", () => {
  const root = read(
    `<a xmlns="urn:x" xmlns:p="urn:p" p:b=" 1 &lt; 2 "><p:c> t <![CDATA[<&]]>&#233;</p:c><!-- no --><d xmlns=""/></a>`,
  );
  expect(root).toMatchObject({ name: "{urn:x}a", attributes: new Map([["{urn:p}b", " 1 < 2 "]]) });
  expect(root.children).toMatchObject([
    { name: "{urn:p}c", text: " t <&é" },
    { name: "{}d", text: "" },
  ]);
});

test.each([escapeXml, escapeToAscii])("what is escaped is read back as it was", (written) => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const whole = text.replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, "\u{FFFD}");
      expect(read(`<a b="${written(text)}">${written(text)}</a>`).text).toBe(whole);
    }),
  );
});

test("bytes are read as XML or refused as not being XML, never anything else", () => {
  const piece = fc.constantFrom(
    "<a>",
    "</a>",
    "<a",
    "/>",
    " b='",
    '"',
    "&",
    "&amp;",
    "&#x0;",
    "<![CDATA[",
    "]]>",
    "<!--",
    "<?x",
    "xmlns:q='u'",
    "<q:a>",
    "<!DOCTYPE a>",
    "text",
  );
  const document = fc.array(piece, { maxLength: 12 }).map((pieces) => Buffer.from(pieces.join("")));
  fc.assert(
    fc.property(fc.oneof(document, fc.uint8Array()), (bytes) => {
      try {
        readXml(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(NotXml);
      }
    }),
    { numRuns: 1000 },
  );
});
