const HTML = 'text/html; charset=utf-8';
const XML = 'text/xml; charset=utf-8';
const JAVASCRIPT = 'text/javascript; charset=utf-8';

const BY_EXTENSION: ReadonlyMap<string, string> = new Map([
  ['.ai', 'application/postscript'],
  ['.apk', 'application/vnd.android.package-archive'],
  ['.apng', 'image/apng'],
  ['.avif', 'image/avif'],
  ['.bin', 'application/octet-stream'],
  ['.bmp', 'image/bmp'],
  ['.com', 'application/octet-stream'],
  ['.css', 'text/css; charset=utf-8'],
  ['.csv', 'text/csv; charset=utf-8'],
  ['.doc', 'application/msword'],
  ['.docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['.ehtml', HTML],
  ['.eml', 'message/rfc822'],
  ['.eps', 'application/postscript'],
  ['.exe', 'application/octet-stream'],
  ['.flac', 'audio/flac'],
  ['.gif', 'image/gif'],
  ['.gz', 'application/gzip'],
  ['.htm', HTML],
  ['.html', HTML],
  ['.ico', 'image/x-icon'],
  ['.ics', 'text/calendar; charset=utf-8'],
  ['.jfif', 'image/jpeg'],
  ['.jpeg', 'image/jpeg'],
  ['.jpg', 'image/jpeg'],
  ['.js', JAVASCRIPT],
  ['.json', 'application/json'],
  ['.m4a', 'audio/mp4'],
  ['.md', 'text/markdown; charset=utf-8'],
  ['.mjs', JAVASCRIPT],
  ['.mp3', 'audio/mpeg'],
  ['.mp4', 'video/mp4'],
  ['.oga', 'audio/ogg'],
  ['.ogg', 'audio/ogg'],
  ['.ogv', 'video/ogg'],
  ['.opus', 'audio/ogg'],
  ['.pdf', 'application/pdf'],
  ['.pjp', 'image/jpeg'],
  ['.pjpeg', 'image/jpeg'],
  ['.png', 'image/png'],
  ['.ppt', 'application/vnd.ms-powerpoint'],
  ['.pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ['.ps', 'application/postscript'],
  ['.rdf', 'application/rdf+xml'],
  ['.rtf', 'application/rtf'],
  ['.shtml', HTML],
  ['.svg', 'image/svg+xml'],
  ['.text', 'text/plain; charset=utf-8'],
  ['.tif', 'image/tiff'],
  ['.tiff', 'image/tiff'],
  ['.txt', 'text/plain; charset=utf-8'],
  ['.vtt', 'text/vtt; charset=utf-8'],
  ['.wasm', 'application/wasm'],
  ['.wav', 'audio/wav'],
  ['.webm', 'audio/webm'],
  ['.webp', 'image/webp'],
  ['.xbl', XML],
  ['.xbm', 'image/x-xbitmap'],
  ['.xht', 'application/xhtml+xml'],
  ['.xhtml', 'application/xhtml+xml'],
  ['.xls', 'application/vnd.ms-excel'],
  ['.xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['.xml', XML],
  ['.xsl', XML],
  ['.yml', 'text/yaml; charset=UTF-8'],
  ['.zip', 'application/zip'],
]);

/** The extensions that stand for a type, in lower case, with their dots. */
export const KNOWN_EXTENSIONS: readonly string[] = [...BY_EXTENSION.keys()];

/** How many bytes at the start of a file sniffing looks at. */
export const SNIFFED_BYTES = 512;

/**
 * The patterns of the WHATWG MIME Sniffing standard, over the bytes as Latin-1 text; the first that
 * matches decides. They follow sections 7.1 (HTML, XML, documents, byte order marks), 6.1 (images), 6.2
 * (audio and video, up to MP4), and then, after {@link isMp4}, 6.2.2 (WebM), 6.3 (fonts), 6.4 (archives).
 * Recorded departures from it: WebM by its first four bytes, fonts and WebAssembly among the unknown
 * types, and both signatures of RAR.
 */
const BEFORE_MP4: ReadonlyArray<readonly [RegExp, string]> = [
  [
    /^[\t\n\f\r ]*<(?:!DOCTYPE HTML|HTML|HEAD|SCRIPT|IFRAME|H1|DIV|FONT|TABLE|A|STYLE|TITLE|B|BODY|BR|P|!--)[ >]/i,
    HTML,
  ],
  [/^[\t\n\f\r ]*<\?xml/, XML],
  [/^%PDF-/, 'application/pdf'],
  [/^%!PS-Adobe-/, 'application/postscript'],
  [/^\xFE\xFF[^]{2}/, 'text/plain; charset=utf-16be'],
  [/^\xFF\xFE[^]{2}/, 'text/plain; charset=utf-16le'],
  [/^\xEF\xBB\xBF/, 'text/plain; charset=utf-8'],
  [/^\0\0[\x01\x02]\0/, 'image/x-icon'],
  [/^BM/, 'image/bmp'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF[^]{4}WEBPVP/, 'image/webp'],
  [/^\x89PNG\r\n\x1A\n/, 'image/png'],
  [/^\xFF\xD8\xFF/, 'image/jpeg'],
  [/^FORM[^]{4}AIFF/, 'audio/aiff'],
  [/^ID3/, 'audio/mpeg'],
  [/^OggS\0/, 'application/ogg'],
  [/^MThd\0\0\0\x06/, 'audio/midi'],
  [/^RIFF[^]{4}AVI /, 'video/avi'],
  [/^RIFF[^]{4}WAVE/, 'audio/wave'],
];

const AFTER_MP4: ReadonlyArray<readonly [RegExp, string]> = [
  [/^\x1A\x45\xDF\xA3/, 'video/webm'],
  [/^[^]{34}LP/, 'application/vnd.ms-fontobject'],
  [/^\0\x01\0\0/, 'font/ttf'],
  [/^OTTO/, 'font/otf'],
  [/^ttcf/, 'font/collection'],
  [/^wOFF/, 'font/woff'],
  [/^wOF2/, 'font/woff2'],
  [/^\x1F\x8B\x08/, 'application/x-gzip'],
  [/^PK\x03\x04/, 'application/zip'],
  [/^Rar!\x1A\x07(?:\0|\x01\0)/, 'application/x-rar-compressed'],
  [/^\0asm/, 'application/wasm'],
];

/** A binary data byte: one that plain text does not hold (WHATWG MIME Sniffing, section 3). */
const BINARY = /[\0-\x08\x0B\x0E-\x1A\x1C-\x1F]/;

/**
 * The media type of a file: by its path within a package, or, if the extension says nothing, by the bytes that `head`
 * gives: the first {@link SNIFFED_BYTES} of the file, or all of a shorter file.
 */
export function mediaType(path: string, head: () => Uint8Array): string {
  return mediaTypeByExtension(path) ?? sniffMediaType(head());
}

/**
 * The media type for the extension of a path, in any case of letters. Undefined for an extension that is not in the
 * table of docs/contract.md section 1. The extension begins at the last dot of the last segment, even at its first
 * character: `docs/.gz` has `.gz`, `a.b/c` has none.
 */
export function mediaTypeByExtension(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const dot = name.lastIndexOf('.');
  return dot < 0 ? undefined : BY_EXTENSION.get(name.slice(dot).toLowerCase());
}

/**
 * The media type of a file by its first {@link SNIFFED_BYTES} bytes: the WHATWG MIME Sniffing rules for an unknown type
 * (section 7.1) as Go's `DetectContentType` applies them (the recorded facts are in `test/recorded/rules`). If no
 * pattern matches, the type is plain text, or octets if there is binary data.
 */
export function sniffMediaType(head: Uint8Array): string {
  const bytes = head.subarray(0, SNIFFED_BYTES);
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  return (
    matchPattern(BEFORE_MP4, text) ??
    (isMp4(bytes) ? 'video/mp4' : undefined) ??
    matchPattern(AFTER_MP4, text) ??
    (BINARY.test(text) ? 'application/octet-stream' : 'text/plain; charset=utf-8')
  );
}

function matchPattern(patterns: typeof BEFORE_MP4, text: string): string | undefined {
  return patterns.find(([pattern]) => pattern.test(text))?.[1];
}

/**
 * Whether the bytes hold a whole `ftyp` box that names a brand beginning with `mp4`, as the major brand or a compatible
 * one (WHATWG MIME Sniffing, 6.2.1). The four bytes at 12 are a version and not a brand.
 */
function isMp4(bytes: Uint8Array): boolean {
  if (bytes.length < 12) {
    return false;
  }
  const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  if (bytes.length < size || size % 4 !== 0 || textAt(bytes, 4, 4) !== 'ftyp') {
    return false;
  }
  for (let at = 8; at < size; at += 4) {
    if (at !== 12 && textAt(bytes, at, 3) === 'mp4') {
      return true;
    }
  }
  return false;
}

function textAt(bytes: Uint8Array, start: number, length: number): string {
  return String.fromCharCode(...bytes.subarray(start, start + length));
}
