export interface InspectOptions {
  /** Prints the lines, too. */
  readonly showLines: boolean;
  readonly print: (text: string) => void;
}
