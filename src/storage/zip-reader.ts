import type { FileHandle } from 'node:fs/promises';
import { RandomAccessReader } from 'yauzl';

/**
 * Reads in chunks, because yauzl asks for about 40 bytes at a time, one request after the other. (Its own file reader
 * throws for an offset beyond 2^53 in a hostile archive, and nobody can catch that error.)
 */
export class HandleReader extends RandomAccessReader {
  private readonly handle: FileHandle;
  readonly size: number;
  private chunk = Buffer.alloc(0);
  private chunkStart = 0;

  constructor(handle: FileHandle, size: number) {
    super();
    this.handle = handle;
    this.size = size;
  }

  override read(...[buffer, offset, length, position, callback]: Parameters<RandomAccessReader['read']>): void {
    this.load(position, length).then((bytes) => {
      bytes.copy(buffer, offset);
      callback(null);
    }, callback);
  }

  /** The bytes at a position, fewer where they are not all in the file. */
  async bytes(position: number, length: number): Promise<Buffer> {
    const [from, to] = [Math.max(0, position), Math.min(this.size, position + length)];
    return from < to ? Buffer.from(await this.load(from, to - from)) : Buffer.alloc(0);
  }

  private async load(position: number, length: number): Promise<Buffer> {
    if (position + length > this.size) throw new Error('the file ends too early');
    const from = position - this.chunkStart;
    if (from >= 0 && from + length <= this.chunk.length) return this.chunk.subarray(from, from + length);
    const chunk = Buffer.allocUnsafe(Math.min(Math.max(length, CHUNK), this.size - position));
    const { bytesRead } = await this.handle.read(chunk, 0, chunk.length, position);
    if (bytesRead < chunk.length) throw new Error('the file got shorter');
    this.chunk = chunk;
    this.chunkStart = position;
    return chunk.subarray(0, length);
  }
}

const CHUNK = 64 * 1024;
