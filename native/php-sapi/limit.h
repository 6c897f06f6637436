/* The worker's side of the time limits: PROTOCOL.md "Limits". The zygote's is overdue.c. */
#ifndef PHPACK_SAPI_LIMIT_H
#define PHPACK_SAPI_LIMIT_H

#include <layout.h>
#include <stdbool.h>

/* In the zygote, after module startup: workers inherit the signal's handler. */
void phpack_limit_watch(void);

/* In a new worker: its own words. NULL in a child that its script forks. */
void phpack_limit_begin(struct phpack_worker *shared);

/* The clock of a request starts, goes on under the other limit, and stops. */
void phpack_limit_start(void);
void phpack_limit_finish(void);
void phpack_limit_stop(void);

/* True from the moment at which the request was told to end, until the next one. */
bool phpack_limit_has_struck(void);

#endif
