/* The request's body, as the worker reads it. */
#ifndef PHPACK_SAPI_BODY_H
#define PHPACK_SAPI_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Fills `buffer`; less than `size` bytes mean the end of the body. Waits for the client.
 */
size_t phpack_body_read(char *buffer, size_t size);

/* The client broke off, so what has been read is not all. */
bool phpack_body_is_broken(void);

/* At the end of each request, also in a forked child. */
void phpack_body_close(void);

#endif
