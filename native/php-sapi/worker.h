/* One worker process: takes a request, runs its script, and so on. */
#ifndef PHPACK_SAPI_WORKER_H
#define PHPACK_SAPI_WORKER_H

#include <stdint.h>
#include <sys/types.h>

/* What a new worker does right after the fork; `zygote` is the parent it dies with. */
void phpack_worker_begin(uint32_t index, pid_t zygote, char *name);

/* Serves until told to stop, or recycled. Never returns. */
__attribute__((noreturn)) void phpack_worker_run(void);

#endif
