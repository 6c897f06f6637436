/* The zygote: PHP after module startup. Forks the workers and looks after them. */
#ifndef PHPACK_SAPI_ZYGOTE_H
#define PHPACK_SAPI_ZYGOTE_H

/* Returns the exit status of the zygote; workers never return. `name`: "phpack-zygote" in
 * argv[0], which workers overwrite by their own name. */
int phpack_zygote_main(char *name);

/* The empty handler of signals that only the front may act on. */
void phpack_ignore_signal(int signal_number);

#endif
