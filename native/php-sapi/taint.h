/* Scripts that change their process, not only their request. */
#ifndef PHPACK_SAPI_TAINT_H
#define PHPACK_SAPI_TAINT_H

#include <stdbool.h>

/* Once, in the zygote, after module startup. */
void phpack_watch_process_functions(void);

/* This process serves its request to the end, and no further one. */
void phpack_taint(void);

/* A script of this process has called one of the watched functions. */
bool phpack_is_tainted(void);

#endif
