/* main() of the php ELF: by argv[0] the zygote of a server, or the php command line. */
#include <string.h>

#include "zygote.h"

/* php_cli.c's main, renamed by static-php-build/patches/php-cli-main.patch. */
int phpack_cli_main(int argc, char *argv[]);

int main(int argc, char *argv[]) {
  char *name = argc > 0 ? argv[0] : "";
  char *slash = strrchr(name, '/');
  if (slash) name = slash + 1;
  if (strcmp(name, "phpack-zygote") == 0) return phpack_zygote_main(name);
  return phpack_cli_main(argc, argv);
}
