/* main() of the php ELF: by argv[0] the zygote of a server, or the php command line. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "zygote.h"

/* php_cli.c's main, renamed by static-php-build/patches/php-cli-main.patch. */
int phpack_cli_main(int argc, char *argv[]);

/* Characters up to U+00FF to bytes, in place. */
static void make_bytes(char *text) {
  unsigned char *from = (unsigned char *)text, *to = from;
  while (*from) {
    if ((from[0] & 0xfc) == 0xc0 && (from[1] & 0xc0) == 0x80) {
      *to++ = (unsigned char)(from[0] << 6 | (from[1] & 0x3f));
      from += 2;
    } else {
      *to++ = *from++;
    }
  }
  *to = 0;
}

/* FILE ARGV0 [ARGUMENT…]: Node can only pass on UTF-8, so it sends one character per byte
 * (runtime/php/exec.ts). */
static int execute_with_bytes(int argc, char *argv[]) {
  for (int i = 1; i < argc; i++) make_bytes(argv[i]);
  for (char **pair = environ; *pair; pair++) make_bytes(*pair);
  if (argc > 2) execve(argv[1], argv + 2, environ);
  perror("phpack-exec");
  return 127;
}

int main(int argc, char *argv[]) {
  char *name = argc > 0 ? argv[0] : "";
  char *slash = strrchr(name, '/');
  if (slash) name = slash + 1;
  if (strcmp(name, "phpack-zygote") == 0) return phpack_zygote_main(name);
  if (strcmp(name, "phpack-exec") == 0) return execute_with_bytes(argc, argv);
  return phpack_cli_main(argc, argv);
}
