import { argon2 } from './argon2.ts';
import { brotli } from './brotli.ts';
import { bzip2 } from './bzip2.ts';
import { curl } from './curl.ts';
import { freetype } from './freetype.ts';
import { gmp } from './gmp.ts';
import { icu } from './icu.ts';
import { libedit } from './libedit.ts';
import { libffi } from './libffi.ts';
import { libjpeg } from './libjpeg.ts';
import { libpng } from './libpng.ts';
import { libpq } from './libpq.ts';
import { libsodium } from './libsodium.ts';
import { libwebp } from './libwebp.ts';
import { libxml2 } from './libxml2.ts';
import { libxslt } from './libxslt.ts';
import { libzip } from './libzip.ts';
import { ncurses } from './ncurses.ts';
import { nghttp2 } from './nghttp2.ts';
import { oniguruma } from './oniguruma.ts';
import { openssl } from './openssl.ts';
import { sqlite } from './sqlite.ts';
import { zlib } from './zlib.ts';
import { zstd } from './zstd.ts';

/** Longest first among those without dependencies: two run at a time. */
export const recipes = [
  openssl,
  icu,
  zlib,
  brotli,
  zstd,
  nghttp2,
  curl,
  libpq,
  sqlite,
  gmp,
  libxml2,
  ncurses,
  libedit,
  libpng,
  freetype,
  libwebp,
  libjpeg,
  bzip2,
  libzip,
  libxslt,
  libsodium,
  oniguruma,
  libffi,
  argon2,
] as const;
