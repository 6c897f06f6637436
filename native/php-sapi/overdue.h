/* The zygote's side of the time limits: PROTOCOL.md "Limits". The worker's is limit.c. */
#ifndef PHPACK_SAPI_OVERDUE_H
#define PHPACK_SAPI_OVERDUE_H

#include <stdint.h>
#include <sys/types.h>

/* Tells a worker to end its request when that is over its limit, and kills it when it does
 * not. Returns for how many milliseconds nothing of this will be due, UINT32_MAX: for
 * ever. */
uint32_t phpack_end_if_overdue(uint32_t index, pid_t pid, uint32_t now);

#endif
