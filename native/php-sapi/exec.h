#ifndef PHPACK_EXEC_H
#define PHPACK_EXEC_H

/* Started as `phpack-exec FILE ARGV0 [ARGUMENT…]`. Returns only an exit status. */
int phpack_exec_main(int argc, char *argv[]);

#endif
