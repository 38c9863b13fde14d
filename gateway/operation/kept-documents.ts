/** Documents that were read, by text and operation name, within a number of bytes: those unused for long go first. */

export type KeptDocuments<Document extends { readonly bytes: number }> = {
  readonly find: (text: string, name: string | null) => Document | undefined;
  readonly add: (text: string, name: string | null, document: Document) => void;
  /** It has become larger. */
  readonly grow: (document: Document, by: number) => void;
};

type Kept<Document> = {
  readonly byName: Map<string | null, Document>;
  bytes: number;
  /** Since it last was the next one to go. */
  isUsed: boolean;
  isForgotten: boolean;
};

/** One document is kept, however large it is. */
export function keptDocuments<Document extends { readonly bytes: number }>(maxBytes: number): KeptDocuments<Document> {
  const byText = new Map<string, Kept<Document>>();
  const holders = new WeakMap<Document, Kept<Document>>();
  let bytes = 0;
  const growBy = (kept: Kept<Document>, by: number) => {
    if (kept.isForgotten) return;
    kept.bytes += by;
    bytes += by;
    for (const [text, oldest] of byText) {
      if (bytes <= maxBytes || byText.size === 1) return;
      byText.delete(text);
      if (oldest.isUsed || oldest === kept) {
        // A second chance, at the end of the line. Moving every one on every use would cost more than all else here.
        oldest.isUsed = false;
        byText.set(text, oldest);
      } else {
        bytes -= oldest.bytes;
        oldest.isForgotten = true;
      }
    }
  };
  return {
    find(text, name) {
      const kept = byText.get(text);
      if (!kept) return undefined;
      kept.isUsed = true;
      return kept.byName.get(name);
    },
    add(text, name, document) {
      const kept = byText.get(text) ?? { byName: new Map(), bytes: 0, isUsed: false, isForgotten: false };
      byText.set(text, kept);
      kept.byName.set(name, document);
      holders.set(document, kept);
      growBy(kept, document.bytes);
    },
    grow(document, by) {
      const kept = holders.get(document);
      if (kept) growBy(kept, by);
    },
  };
}
