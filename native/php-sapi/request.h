/* The request this worker serves: its head, copied out of the slot. */
#ifndef PHPACK_SAPI_REQUEST_H
#define PHPACK_SAPI_REQUEST_H

#include <stddef.h>

#include "channel.h"

/* Fields of the request head, in the order of PROTOCOL.md. */
enum phpack_field {
  PHPACK_METHOD,
  PHPACK_TARGET,
  PHPACK_PROTOCOL,
  PHPACK_SCHEME,
  PHPACK_REMOTE_ADDRESS,
  PHPACK_REMOTE_PORT,
  PHPACK_SERVER_ADDRESS,
  PHPACK_SERVER_PORT,
  PHPACK_SERVER_NAME,
  PHPACK_DOCUMENT_ROOT,
  PHPACK_SCRIPT_FILENAME,
  PHPACK_SCRIPT_NAME,
  PHPACK_PATH_INFO,
  PHPACK_QUERY_STRING,
  PHPACK_CONTENT_TYPE,
  PHPACK_CONTENT_LENGTH,
  PHPACK_FIELDS
};

struct phpack_text {
  const char *bytes; /* ended by NUL */
  size_t length;
};

/* One per process, owned by worker.c from taking a slot to giving it back. */
struct phpack_request {
  /* NULL: no request, or a forked child of the worker, which must not touch it. */
  struct phpack_slot *slot;
  uint32_t index;
  uint32_t claim;  /* slot.claim as long as the slot is this worker's */
  uint32_t serial; /* stays for a forked child's log entries */
  /* The rest points into a copy of the head that lives until the next request: pointers
   * that outlive the request (a forked child's) never see somebody else's. */
  struct phpack_text fields[PHPACK_FIELDS];
  const char *headers;   /* header_count times name NUL value NUL */
  const char *variables; /* the same, variable_count times */
  uint32_t header_count, variable_count;
  uint32_t body_kind;
  int64_t body_length;       /* -1: the client did not say */
  const char *cookies;       /* NULL: none; several headers are joined */
  const char *authorization; /* NULL: none */
  /* What has been written of the response; the words in the slot are for the front. */
  bool has_response_head;
  uint32_t response_written; /* position in the ring */
  /* The front got the response's last byte; what the script still writes is discarded. */
  bool is_response_ended;
  /* Nor will it get it. Set by a signal handler. */
  volatile bool is_response_cut;
  /* The script and its destructors are over: the rest of the body may stay unread. */
  bool is_closing;
};

extern struct phpack_request phpack_request;

/* Reads the head of a slot that is TAKEN by this worker, as `claim` says. False: it is
 * malformed. */
bool phpack_request_open(uint32_t index, uint32_t claim);

/* False: a wrong word has made the slot somebody else's. */
static inline bool phpack_owns_slot(struct phpack_slot *slot) {
  return atomic_load(&slot->claim) == phpack_request.claim;
}

/* Walks over pairs of name and value. */
struct phpack_pair {
  struct phpack_text name, value;
};
const char *phpack_next_pair(const char *at, struct phpack_pair *pair);

#endif
