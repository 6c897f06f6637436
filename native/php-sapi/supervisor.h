/* The zygote's life after module startup. */
#ifndef PHPACK_SAPI_SUPERVISOR_H
#define PHPACK_SAPI_SUPERVISOR_H

/* Forks the workers and replaces those that die, until told to stop. Returns the zygote's
 * exit status; in a worker it never returns. `name`: see phpack_zygote_main. */
int phpack_supervise(char *name);

#endif
