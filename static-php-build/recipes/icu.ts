import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { installLibrary, prefix, type BuildContext, type Recipe } from '../recipe.ts';

const version = '76.1';

/** What its configure finds out about glibc, and what our set of options says. */
const defines = [
  '-D_REENTRANT',
  '-DU_HAVE_ELF_H=1',
  '-DU_ENABLE_DYLOAD=0',
  '-DU_HAVE_STRTOD_L=1',
  '-DU_HAVE_XLOCALE_H=0',
  '-DU_ATTRIBUTE_DEPRECATED=',
  '-DU_ALL_IMPLEMENTATION',
  `'-DDEFAULT_ICU_PLUGINS="${prefix}/lib/icu" '`,
];

/** Parsed once instead of 450 times: half of what ICU's files take. Bytes stay the same. */
const standardHeaders =
  'algorithm atomic condition_variable cstddef cstring functional iterator limits ' +
  'memory mutex string string_view type_traits utility';

function makefile(sources: readonly string[], own: string): string {
  const objects = sources.map((name) => name.replace(/\.cpp$/, '.o'));
  return [
    `FLAGS = -ffunction-sections -fdata-sections ${defines.join(' ')} ${own} -I. -I../common`,
    // zig's cache knows by a compiler's words which headers to compare, and fails when they are
    // gone: those of another build directory. So the words say the directory.
    `COMPILE = $(CXX) $(FLAGS) -ffile-prefix-map=$(CURDIR)=/phpack $(CXXFLAGS) -std=c++17 -w`,
    `OBJECTS = ${objects.join(' ')}`,
    'all: $(OBJECTS)',
    '$(OBJECTS): phpack.pch',
    'phpack.pch: ../phpack.h',
    '\t$(COMPILE) -x c++-header $< -o $@',
    '%.o: %.cpp',
    '\t$(COMPILE) -include-pch phpack.pch -c $< -o $@',
    '',
  ].join('\n');
}

const to = (ctx: BuildContext, path: string) => join(ctx.dest, prefix, path);

interface Part {
  /** Directory below source/. */
  dir: string;
  name: string;
  pc: string;
  own: string;
  libs: string;
}

const parts: readonly Part[] = [
  {
    dir: 'common',
    name: 'icuuc',
    pc: 'icu-uc',
    own: '-DU_COMMON_IMPLEMENTATION',
    libs: '-licuuc -licudata -lpthread -lm',
  },
  {
    dir: 'i18n',
    name: 'icui18n',
    pc: 'icu-i18n',
    own: '-DU_I18N_IMPLEMENTATION',
    libs: '-licui18n -licuuc -licudata -lpthread -lm',
  },
];

/** One of its two libraries, from the list of files that it brings. */
async function buildPart(ctx: BuildContext, part: Part): Promise<void> {
  const cwd = `source/${part.dir}`;
  const dir = join(ctx.src, cwd);
  const sources = readFileSync(join(dir, 'sources.txt'), 'utf8').trim().split(/\s+/);
  writeFileSync(join(dir, 'phpack.mk'), makefile(sources, part.own));
  await ctx.run(['make', '-f', 'phpack.mk', `-j${ctx.jobs}`], { cwd });
  const objects = sources.map((name) => `${cwd}/${name.replace(/\.cpp$/, '.o')}`);
  await installLibrary(ctx, { ...part, version, objects, headers: [] });
  const headers = globSync('unicode/*.h', { cwd: dir }).map((name) => join(dir, name));
  await ctx.run(['install', '-m644', ...headers.sort(), to(ctx, 'include/unicode')]);
}

/**
 * The data as an object: the set that the tarball brings ready-made, 31 MB, so that no
 * locale is missing. Its own makefiles would build twenty programs to come to these bytes.
 */
const data = `
.section .rodata
.balign 16
.globl icudt76_dat
.type icudt76_dat, @object
icudt76_dat:
.incbin "source/data/in/icudt76l.dat"
.balign 16
.size icudt76_dat, . - icudt76_dat
.section .note.GNU-stack,"",@progbits
`;

export const icu: Recipe = {
  name: 'icu',
  deps: [],
  async build(ctx) {
    const headers = standardHeaders.split(' ').map((name) => `#include <${name}>\n`);
    writeFileSync(join(ctx.src, 'source/phpack.h'), headers.join(''));
    await ctx.run(['install', '-d', to(ctx, 'include/unicode'), to(ctx, 'lib')]);
    for (const part of parts) await buildPart(ctx, part);
    writeFileSync(join(ctx.src, 'data.s'), data);
    await ctx.run([ctx.tools.cc, '-c', 'data.s', '-o', 'icudt76l_dat.o']);
    const archive = to(ctx, 'lib/libicudata.a');
    await ctx.run([ctx.tools.ar, 'rcs', archive, 'icudt76l_dat.o']);
  },
};
