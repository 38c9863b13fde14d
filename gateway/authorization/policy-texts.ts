/** The policies as they are written: one Cedar schema, and files of rules. */
export type PolicyTexts = {
  /** Where the files are, for those who read what is wrong with them. */
  readonly folder?: string;
  readonly schema: string;
  /** By the file's name. */
  readonly policies: ReadonlyMap<string, string>;
};

export const schemaFile = "policies.cedarschema";
