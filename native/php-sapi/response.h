/* The response, as the worker writes it into its slot. */
#ifndef PHPACK_SAPI_RESPONSE_H
#define PHPACK_SAPI_RESPONSE_H

#include <SAPI.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False: what is written is discarded. */
bool phpack_response_is_open(void);

/* Makes the response head valid. Once per response. */
void phpack_response_send_head(const sapi_headers_struct *headers);

/* Writes body bytes, waiting for space; fewer than `length`: the client is gone. After
 * the response's end, and in a forked child, everything is discarded and counts as
 * written. */
size_t phpack_response_write(const char *bytes, size_t length);

/* Lets the front send what there is. False: the client is gone. */
bool phpack_response_flush(void);

/* No byte follows. A response without a head becomes an empty 500. Tells nobody. */
void phpack_response_end(void);

/* Nothing more of the response reaches the front, not even its end: the front tells the
 * client now that it took too long. For signal handlers. */
void phpack_response_give_up(void);

#endif
