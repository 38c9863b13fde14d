/** Every graph of the differential test. */
import type { GraphDefinition } from "../world.ts";
import { contexts } from "./contexts.ts";
import { doubles } from "./doubles.ts";
import { hops } from "./hops.ts";
import { ledger } from "./ledger.ts";
import { media } from "./media.ts";
import { requiredArguments } from "./required-arguments.ts";
import { shop } from "./shop.ts";
import { tree } from "./tree.ts";

export const graphs: readonly GraphDefinition[] = [
  shop,
  media,
  tree,
  requiredArguments,
  contexts,
  ledger,
  hops,
  doubles,
];
