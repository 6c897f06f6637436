import { installLibrary, type Recipe } from '../recipe.ts';

/** What Debian's build switches on, plus what ORMs and search engines in PHP need. */
const features = [
  'ENABLE_FTS3',
  'ENABLE_FTS3_PARENTHESIS',
  'ENABLE_FTS4',
  'ENABLE_FTS5',
  'ENABLE_RTREE',
  'ENABLE_GEOPOLY',
  'ENABLE_MATH_FUNCTIONS',
  'ENABLE_COLUMN_METADATA',
  'ENABLE_UNLOCK_NOTIFY',
  'ENABLE_DBSTAT_VTAB',
  'ENABLE_STAT4',
  'SECURE_DELETE',
  'ENABLE_PREUPDATE_HOOK',
  'ENABLE_SESSION',
  'LIKE_DOESNT_MATCH_BLOBS',
  'USE_URI',
  'ENABLE_UPDATE_DELETE_LIMIT',
  'MAX_VARIABLE_NUMBER=250000',
  'THREADSAFE=1',
];
const have = [
  'HAVE_ISNAN',
  'HAVE_USLEEP',
  'HAVE_GMTIME_R',
  'HAVE_LOCALTIME_R',
  'HAVE_FDATASYNC',
];

export const sqlite: Recipe = {
  name: 'sqlite',
  deps: [],
  /** Makes the amalgamation (one C file, faster code) and compiles it as a user would. */
  async build(ctx) {
    const defines = [
      ...features.map((f) => `-DSQLITE_${f}`),
      ...have.map((h) => `-D${h}=1`),
    ];
    const limit = { OPTS: '-DSQLITE_ENABLE_UPDATE_DELETE_LIMIT' };
    await ctx.run(['./configure', '--disable-readline', '--enable-update-limit'], {
      env: { CC: 'gcc', BUILD_CC: 'gcc', CPPFLAGS: '', LDFLAGS: '' },
    });
    await ctx.run(['make', 'sqlite3.c', 'sqlite3.h'], { env: limit });
    const flags = (ctx.env.CFLAGS ?? '').split(' ');
    const compile = [
      ctx.tools.cc,
      ...flags,
      ...defines,
      '-c',
      'sqlite3.c',
      '-o',
      'phpack.o',
    ];
    await ctx.run(compile);
    await installLibrary(ctx, {
      name: 'sqlite3',
      version: '3.46.1',
      libs: '-lsqlite3 -lm -lpthread -ldl',
      objects: ['phpack.o'],
      headers: ['sqlite3.h', 'src/sqlite3ext.h'],
    });
  },
};
