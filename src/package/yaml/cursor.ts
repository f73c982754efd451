/** A place in a text of lines, and steps from it. Its patterns are sticky: they are looked for right there. */
export class Cursor {
  readonly text: string;
  /** Where we are: inside a line, or at its first character that is not a space. */
  at = 0;
  /** The column of the line's first character that is not a space; -1 behind the last line. */
  indent = NONE;

  constructor(text: string) {
    this.text = text;
  }

  skipSpaces(): void {
    while (this.text.charCodeAt(this.at) === SPACE) this.at++;
  }

  /** Goes to the first text from the start of a line on that is no comment. */
  findLine(start: number): void {
    let at = start;
    let lineStart = start;
    for (;;) {
      const char = this.text.charCodeAt(at);
      if (char === SPACE) at++;
      else if (char === LF) lineStart = ++at;
      else if (char === HASH) lineStart = at = this.lineAfter(at);
      else break;
    }
    this.at = at;
    this.indent = this.isInside() ? at - lineStart : NONE;
  }

  isInside(): boolean {
    return this.at < this.text.length;
  }

  lineAfter(position: number): number {
    const end = this.text.indexOf('\n', position);
    return end === -1 ? this.text.length : end + 1;
  }

  /** Whether a pattern is found right here. */
  sees(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    return pattern.test(this.text);
  }

  /** Goes past a pattern; false where it isn't found right here. */
  skip(pattern: RegExp): boolean {
    const isFound = this.sees(pattern);
    if (isFound) this.at = pattern.lastIndex;
    return isFound;
  }

  /** The column of where we are. */
  column(): number {
    return this.at - 1 - this.text.lastIndexOf('\n', this.at - 1);
  }
}

const NONE = -1;
const SPACE = 32;
const LF = 10;
const HASH = 35;
