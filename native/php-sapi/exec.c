/* Executes another program, with bytes in its arguments and environment that Node could not
 * pass on: it sends UTF-8 only, and characters of private use instead (runtime/php/exec.ts). */
#include "exec.h"

#include <stdio.h>
#include <unistd.h>

/* U+F780 to U+F7FF: EF 9E 80 to EF 9F BF. */
static int is_stand_in(const unsigned char *text) {
  return text[0] == 0xef && (text[1] & 0xfe) == 0x9e && (text[2] & 0xc0) == 0x80;
}

/* In place. */
static void make_bytes(char *text) {
  unsigned char *from = (unsigned char *)text, *to = from;
  while (*from) {
    if (is_stand_in(from)) {
      *to++ = (unsigned char)(0x80 | (from[1] & 1) << 6 | (from[2] & 0x3f));
      from += 3;
    } else {
      *to++ = *from++;
    }
  }
  *to = 0;
}

int phpack_exec_main(int argc, char *argv[]) {
  for (int i = 1; i < argc; i++) make_bytes(argv[i]);
  for (char **pair = environ; *pair; pair++) make_bytes(*pair);
  if (argc > 2) execve(argv[1], argv + 2, environ);
  perror(argc > 1 ? argv[1] : "phpack-exec");
  return 127;
}
