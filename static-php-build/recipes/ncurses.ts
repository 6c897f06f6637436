import { autotools, type Recipe } from '../recipe.ts';

/** Terminals that work even where the machine has no terminfo database at all. */
const fallbacks = 'xterm-256color,xterm,linux,vt100,screen,screen-256color,tmux-256color';

export const ncurses: Recipe = {
  name: 'ncurses',
  deps: [],
  async build(ctx) {
    const no = [
      'cxx',
      'cxx-binding',
      'ada',
      'manpages',
      'progs',
      'tests',
      'debug',
      'gpm',
    ];
    await autotools(ctx, {
      configure: [
        ...no.map((n) => `--without-${n}`),
        '--with-termlib=tinfo',
        '--disable-widec',
        '--enable-pc-files',
        '--without-dlsym',
        '--disable-db-install',
        '--enable-overwrite',
        '--with-default-terminfo-dir=/usr/share/terminfo',
        '--with-terminfo-dirs=/etc/terminfo:/lib/terminfo:/usr/share/terminfo',
        `--with-fallbacks=${fallbacks}`,
        '--with-tic-path=/usr/bin/tic',
        '--with-infocmp-path=/usr/bin/infocmp',
        '--with-pkg-config-libdir=/opt/phpack/lib/pkgconfig',
      ],
      make: ['libs'],
      install: ['install.libs', 'install.includes'],
    });
  },
};
