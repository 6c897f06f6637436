/* What a worker that dies leaves of OPcache's shared memory. */
#ifndef PHPACK_SAPI_OPCACHE_H
#define PHPACK_SAPI_OPCACHE_H

#include <layout.h>

/* In the zygote, after module startup: learns which lock is OPcache's. */
void phpack_opcache_watch(void);

/* In a new worker: where it says that it holds the lock. NULL: nowhere. */
void phpack_opcache_begin(struct phpack_worker *shared);

/* In the zygote: a worker died with the lock. All that is cached is thrown away as soon as
 * the requests that use it are over; those that start meanwhile compile for themselves. */
void phpack_opcache_restart(void);

#endif
