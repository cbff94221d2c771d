// What an answer of one line holds, when its cells stand beside the node.

/** A column: which of the answer it is, its head, and how a cell of it is written. */
export interface Column {
  of: string;
  title: string;
  text: (value: string) => string;
  /** Too long for one line: it is broken anywhere. */
  long?: boolean;
}
