/* PHP's function flush(). */
#ifndef PHPACK_SAPI_FLUSH_H
#define PHPACK_SAPI_FLUSH_H

/* Once, in the zygote, after module startup. */
void phpack_extend_flush(void);

#endif
