import { mimes } from 'mrmime';

/** Formats that mrmime leaves out, since their types are of a vendor or unregistered. */
const others = new Map([
  ['7z', 'application/x-7z-compressed'],
  ['apk', 'application/vnd.android.package-archive'],
  ['avi', 'video/x-msvideo'],
  ['bz2', 'application/x-bzip2'],
  ['crt', 'application/x-x509-ca-cert'],
  ['cur', 'image/x-icon'],
  ['der', 'application/x-x509-ca-cert'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['eot', 'application/vnd.ms-fontobject'],
  ['flac', 'audio/flac'],
  ['flv', 'video/x-flv'],
  ['ico', 'image/x-icon'],
  ['kml', 'application/vnd.google-earth.kml+xml'],
  ['kmz', 'application/vnd.google-earth.kmz'],
  ['m3u8', 'application/vnd.apple.mpegurl'],
  ['m4v', 'video/x-m4v'],
  ['mkv', 'video/x-matroska'],
  ['odg', 'application/vnd.oasis.opendocument.graphics'],
  ['odp', 'application/vnd.oasis.opendocument.presentation'],
  ['ods', 'application/vnd.oasis.opendocument.spreadsheet'],
  ['odt', 'application/vnd.oasis.opendocument.text'],
  ['ppt', 'application/vnd.ms-powerpoint'],
  ['pptx', 'application/vnd.openxmlformats-officedocument.presentationml.presentation'],
  ['psd', 'image/vnd.adobe.photoshop'],
  ['rar', 'application/vnd.rar'],
  ['srt', 'application/x-subrip'],
  ['tar', 'application/x-tar'],
  ['tgz', 'application/gzip'],
  ['usdz', 'model/vnd.usdz+zip'],
  ['vcf', 'text/vcard'],
  ['wmv', 'video/x-ms-wmv'],
  ['xls', 'application/vnd.ms-excel'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['xz', 'application/x-xz'],
  ['zst', 'application/zstd'],
]);

/** Text formats outside text/ whose encoding browsers would otherwise guess. */
const textual = new Set([
  'application/javascript',
  'application/json',
  'application/ld+json',
  'application/manifest+json',
  'application/xml',
  'application/xhtml+xml',
  'application/rss+xml',
  'application/atom+xml',
  'image/svg+xml',
]);

/** `Content-Type` by the file's extension. */
export function mediaTypeOf(name: string): string {
  const type = typeOf(name) ?? 'application/octet-stream';
  return type.startsWith('text/') || textual.has(type) ? `${type}; charset=utf-8` : type;
}

function typeOf(name: string): string | undefined {
  // mrmime's own look-up takes a name without a dot for an extension, and finds
  // `constructor` among them.
  const extension = /\.([^.]+)$/.exec(name)?.[1]?.toLowerCase() ?? '';
  return (
    others.get(extension) ??
    (Object.hasOwn(mimes, extension) ? mimes[extension] : undefined)
  );
}
