import type { FileSource, HostTags } from '../../../core/file-answer.ts';
import { acceptedCodings, encodedPath, gzipOnTheWay, isCompressible } from './encoding.ts';
import type { Coding } from './encoding.ts';
import { isFile, nginxTag } from './files.ts';
import type { NginxRequest } from './njs.ts';

/*
 * The forms in which a client may get an answer, as it is or compressed, and their tags. Tags of files are nginx's own,
 * as the plain rules give them.
 */

/** A form of a file, and where it lies. */
export interface Form {
  readonly coding: Coding | undefined;
  readonly path: string;
}

/** The form of a file that the client gets. */
export function formOf(r: NginxRequest, site: string, file: { path: string; digest: string; type: string }): Form {
  const codings = isCompressible(file.type) ? acceptedCodings(r.headersIn['Accept-Encoding']) : [];
  for (let i = 0; i < codings.length; i++) {
    const coding = codings[i] as Coding;
    const path = `${site}/${encodedPath(file.path, file.digest, coding)}`;
    if (isFile(path)) return { coding, path };
  }
  return { coding: undefined, path: `${site}/${file.path}` };
}

/** The tags of what nginx sends in answer to a request. Whoever asks for one hears what it depends on. */
export function tagsOf(r: NginxRequest, site: string): HostTags {
  const isAsked = ASKING.some((name) => r.headersIn[name] !== undefined);
  return {
    // Where nobody asks for a tag, nginx's own server of files sends it.
    ofFile: (source) => (isAsked ? fileTags(r, site, source) : NO_TAGS),
    ofComposed: (tag, length) => {
      r.headersOut['Vary'] = 'Accept-Encoding';
      const gzip = isGzipped(r, length);
      return gzip === 'no' ? tag : gzip === 'yes' ? `${tag.slice(0, -1)}-gzip"` : `W/${tag}`;
    },
  };
}

/** The headers of requests whose answer depends on a tag. */
const ASKING = ['If-None-Match', 'If-Range', 'Range', 'If-Match', 'If-Unmodified-Since'];

const NO_TAGS = { form: '', plain: '' };

function fileTags(r: NginxRequest, site: string, source: FileSource): { form: string; plain: string } {
  const entry = source.entry;
  if (isCompressible(entry[2])) r.headersOut['Vary'] = 'Accept-Encoding';
  const form = formOf(r, site, { path: source.path, digest: entry[1], type: entry[2] });
  const plain = `${site}/${source.path}`;
  return { form: nginxTag(form.path), plain: nginxTag(plain) };
}

/** Whether nginx compresses a composed answer of so many bytes on its way. */
function isGzipped(r: NginxRequest, length: number): 'yes' | 'no' | 'unsure' {
  const isLong = length >= LEAST_GZIPPED && r.httpVersion !== '1.0';
  return isLong ? gzipOnTheWay(r.headersIn['Accept-Encoding']) : 'no';
}

/** The same as `gzip_min_length` in the configuration. */
const LEAST_GZIPPED = 1024;
