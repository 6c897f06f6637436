/* What a request leaves in the process that PHP does not clear. */
#ifndef PHPACK_SAPI_LEFTOVERS_H
#define PHPACK_SAPI_LEFTOVERS_H

/* In the zygote, after module startup. */
void phpack_watch_leftovers(void);

/* At the start of a request. */
void phpack_clear_leftovers(void);

#endif
