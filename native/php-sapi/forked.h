/* Processes that scripts of a worker fork. */
#ifndef PHPACK_SAPI_FORKED_H
#define PHPACK_SAPI_FORKED_H

#include <stdbool.h>

/* Once in every worker, right after the zygote has forked it. */
void phpack_watch_forks(void);

/* This process is a child of the worker: it has a copy of everything, and no right to the
 * slot or to further requests. */
bool phpack_is_forked(void);

#endif
