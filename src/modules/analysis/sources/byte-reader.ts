/** Reads lines and counted bytes from a stream of chunks, holding no more than what is asked for and one chunk. */
export class ByteReader {
  private readonly chunks: AsyncIterator<Buffer>;
  private rest: Buffer = Buffer.alloc(0);

  constructor(chunks: AsyncIterable<Buffer>) {
    this.chunks = chunks[Symbol.asyncIterator]();
  }

  /** The next line without its line feed, or null at the end. A longer line than `maxBytes` is an error. */
  async line(maxBytes: number): Promise<string | null> {
    const parts: Buffer[] = [];
    let length = 0;
    for (;;) {
      const end = this.rest.indexOf(10);
      if (end >= 0) {
        parts.push(this.rest.subarray(0, end));
        this.rest = this.rest.subarray(end + 1);
        return Buffer.concat(parts).toString('latin1');
      }
      parts.push(this.rest);
      length += this.rest.length;
      if (length > maxBytes) throw new Error('the line is too long');
      if (!(await this.more())) return null;
    }
  }

  /** Exactly `count` bytes of their own memory, or null when the stream ends before. */
  async bytes(count: number): Promise<Buffer | null> {
    const result = Buffer.allocUnsafeSlow(count);
    let filled = 0;
    for (;;) {
      const taken = this.rest.copy(result, filled, 0, count - filled);
      this.rest = this.rest.subarray(taken);
      filled += taken;
      if (filled === count) break;
      if (!(await this.more())) return null;
    }
    return result;
  }

  /** Passes over `count` bytes; false when the stream ends before. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (left > this.rest.length) {
      left -= this.rest.length;
      if (!(await this.more())) return false;
    }
    this.rest = this.rest.subarray(left);
    return true;
  }

  private async more(): Promise<boolean> {
    const next = await this.chunks.next();
    this.rest = next.done ? Buffer.alloc(0) : next.value;
    return !next.done;
  }
}
