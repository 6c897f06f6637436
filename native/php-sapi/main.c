/* main() of the php ELF: by argv[0] the zygote of a server, or the php command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exec.h"
#include "zygote.h"

/* php_cli.c's main, renamed by static-php-build/patches/php-cli-main.patch. */
int phpack_cli_main(int argc, char *argv[]);

/* sysexits.h: EX_CONFIG. */
enum { BAD_INI = 78 };

/* A program that a script of ours starts as `php` must not run with other settings because
 * somebody has removed the file: PHP itself would say nothing. */
static int is_ini_lost(void) {
  const char *ini = getenv("PHPRC");
  return getenv("PHPACK_DATA_DIR") && ini && *ini && access(ini, R_OK) != 0;
}

int main(int argc, char *argv[]) {
  char *name = argc > 0 ? argv[0] : "";
  char *slash = strrchr(name, '/');
  if (slash) name = slash + 1;
  if (strcmp(name, "phpack-zygote") == 0) return phpack_zygote_main(name);
  if (strcmp(name, "phpack-exec") == 0) return phpack_exec_main(argc, argv);
  if (is_ini_lost()) {
    fprintf(stderr, "php: PHPACK_E_PHP_START: there is no php.ini at %s\n",
            getenv("PHPRC"));
    return BAD_INI;
  }
  return phpack_cli_main(argc, argv);
}
