/** Mutations, one after the other across subgraphs, and root fields that several subgraphs share. */
import { broken, canonical, type GraphDefinition, type Row } from "../world.ts";

const shared = `
  scalar Amount
  input Line { text: String! amount: Amount = 1 more: [Line!] }
  type Status @shareable { open: Boolean! note: String }`;

const books = `${shared}
  type Query { account(id: ID!): Account status: Status @shareable counter: Int! }
  type Mutation {
    post(line: Line!): Entry
    close: Status!
    fail: Int
    mustFail: Int!
    bump(by: Int = 1): Int
  }
  type Entry @key(fields: "id") { id: ID! text: String account: Account }
  type Account @key(fields: "id") @key(fields: "code") { id: ID! code: String! entries(last: Int): [Entry!]! }`;

const audit = `${shared}
  type Query { status: Status @shareable checks: [Check] }
  type Mutation { check(text: String = "plain"): Check bumpTwice: Account undo: Boolean! }
  type Check { seen: Int! text: String status: Status entry: Entry }
  type Entry @key(fields: "id") { id: ID! text: String @external checked: Int stamp(mark: String = "!"): String @requires(fields: "text") }
  type Account @key(fields: "code") { code: String! state: String checkCount: Int! }`;

function build() {
  const account: Row = { __typename: "Account", id: "k1", code: "c-1", state: "fine" };
  let counter = 0;
  const post = (text: string): Row => {
    const entry: Row = { __typename: "Entry", id: `e${entities.length}`, text, account, checked: counter };
    entities.push(entry);
    return entry;
  };
  const status = (): Row => ({ __typename: "Status", open: counter < 3, note: null });
  const check = (text: unknown): Row => ({
    __typename: "Check",
    seen: counter,
    text,
    status: status(),
    entry: entities.at(-1) ?? null,
  });
  const entities: Row[] = [account];
  // Reading what a later mutation changes would depend on when another subgraph is asked: these stay as they are.
  const entries = [post("first"), post("second"), post("third")];
  return {
    entities,
    computed: {
      "Query.account": (_: Row, { id }: Record<string, unknown>) => (id === "k1" ? account : null),
      "Query.status": status,
      "Query.counter": () => counter,
      "Query.checks": () => [check("one"), null, broken()],
      "Mutation.post": (_: Row, { line }: Record<string, unknown>) => post(`${++counter} ${canonical(line)}`),
      "Mutation.close": () => {
        counter += 3;
        return status();
      },
      "Mutation.fail": () => {
        counter += 10;
        return broken();
      },
      "Mutation.mustFail": () => {
        counter += 10;
        return broken();
      },
      "Mutation.bump": (_: Row, { by }: Record<string, unknown>) => (counter += Number(by ?? 0)),
      "Mutation.check": (_: Row, { text }: Record<string, unknown>) => {
        counter++;
        return check(text);
      },
      "Mutation.bumpTwice": () => {
        counter += 2;
        return account;
      },
      "Mutation.undo": () => {
        counter = 0;
        return true;
      },
      "Account.entries": (_: Row, { last }: Record<string, unknown>) =>
        typeof last === "number" && last > 0 ? entries.slice(-last) : [...entries],
      "Account.checkCount": () => 7,
    },
  };
}

export const ledger: GraphDefinition = { name: "ledger", subgraphs: { books, audit }, build };
