#include "response.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <syslog.h>

#include "log.h"
#include "request.h"

/* Of a status line with its phrase. */
#define MAX_STATUS 512
/* A page that takes long is seen to grow, as behind nginx, although nobody flushes; one
 * that takes less goes out in one piece, with its length. */
#define PATIENCE_MS 100

/* Since when the ring has had bytes that the front was not told of; 0: there are none. */
static uint32_t untold_since_ms;

static uint32_t unread_in(struct phpack_slot *slot) {
  return phpack_request.response_written - atomic_load(&slot->response_read);
}

/* The client is. Or a word in the slot is wrong: nothing of this request may get into the
 * response of the next one, or of somebody else. */
static bool is_gone(struct phpack_slot *slot) {
  return atomic_load(&slot->aborted) || !phpack_owns_slot(slot) ||
         unread_in(slot) > PHPACK_RESPONSE_RING;
}

bool phpack_response_is_open(void) {
  return phpack_request.slot && !phpack_request.is_response_ended &&
         !phpack_request.is_response_cut;
}

static bool is_header(const sapi_header_struct *header, const char *name, size_t length) {
  return header->header_len > length && header->header[length] == ':' &&
         strncasecmp(header->header, name, length) == 0;
}

static const sapi_header_struct *first_header(const sapi_headers_struct *headers,
                                              zend_llist_position *position) {
  return zend_llist_get_first_ex((zend_llist *)&headers->headers, position);
}

static const sapi_header_struct *next_header(const sapi_headers_struct *headers,
                                             zend_llist_position *position) {
  return zend_llist_get_next_ex((zend_llist *)&headers->headers, position);
}

/* What CGI and FastCGI servers make of it: a `Status:` header names the status, unless
 * the script gave a whole status line with another one than 200. `phrase`: what the
 * script wrote behind the number, or "". */
static int status_of(const sapi_headers_struct *headers, const char **phrase) {
  int code = headers->http_response_code ? headers->http_response_code : 200;
  const char *line = headers->http_status_line; /* HTTP/1.1 404 Nope */
  const char *number = line ? strchr(line, ' ') : NULL;
  /* 200 was said after the line, which PHP itself writes at a fatal error: php-fpm's only
   * exception, by which shutdown functions can answer as if nothing had happened. */
  if (number && code == 200 && strtol(number, NULL, 10) != 200) number = NULL;
  if (!number || code == 200) {
    zend_llist_position position;
    const sapi_header_struct *header = first_header(headers, &position);
    while (header && !is_header(header, "Status", 6)) {
      header = next_header(headers, &position);
    }
    if (header) number = header->header + 7;
  }
  char *end = NULL;
  long named = number ? strtol(number, &end, 10) : 0;
  bool is_named = named >= 100 && named <= 999;
  *phrase = is_named && *end == ' ' ? end + 1 : "";
  return is_named ? (int)named : code;
}

/* The phrase, as a first line that the front takes out again. */
static uint32_t write_status(char *into, int status, const char *phrase) {
  if (*phrase == 0) return 0;
  int length = snprintf(into, MAX_STATUS, "Status: %d %s\r\n", status, phrase);
  return length > 0 && length < MAX_STATUS ? (uint32_t)length : 0;
}

static bool is_sent(const sapi_header_struct *header, int status) {
  if (header->header_len == 0 || is_header(header, "Status", 6)) return false;
  if (!is_header(header, "Content-Type", 12)) return true;
  /* RFC 9110 §15.4.5; PHP adds it to every response. An empty one means none. */
  return status != 304 && header->header[13 + strspn(header->header + 13, " ")] != 0;
}

/* Copies as many whole lines as fit; returns their length. */
static uint32_t write_lines(char *into, const sapi_headers_struct *headers, int status,
                            const char *phrase) {
  uint32_t used = write_status(into, status, phrase);
  zend_llist_position position;
  const sapi_header_struct *header = first_header(headers, &position);
  for (; header; header = next_header(headers, &position)) {
    if (!is_sent(header, status)) continue;
    if (header->header_len + 2 > PHPACK_RESPONSE_HEAD - used) {
      phpack_logf(LOG_WARNING,
                  "Response head is larger than %u bytes: cut before \"%.60s\"",
                  PHPACK_RESPONSE_HEAD, header->header);
      break;
    }
    memcpy(into + used, header->header, header->header_len);
    used += (uint32_t)header->header_len;
    memcpy(into + used, "\r\n", 2);
    used += 2;
  }
  return used;
}

void phpack_response_send_head(const sapi_headers_struct *headers) {
  struct phpack_slot *slot = phpack_request.slot;
  if (!phpack_response_is_open() || phpack_request.has_response_head) return;
  if (!phpack_owns_slot(slot)) return;
  phpack_request.has_response_head = true;
  const char *phrase;
  int status = status_of(headers, &phrase);
  char *into = (char *)slot + PHPACK_RESPONSE_HEAD_OFFSET;
  uint32_t bytes = write_lines(into, headers, status, phrase);
  atomic_store_explicit(&slot->status, (uint32_t)status, memory_order_relaxed);
  atomic_store_explicit(&slot->response_head_bytes, bytes, memory_order_relaxed);
  atomic_store(&slot->head_ready, 1);
  untold_since_ms = 0;
}

static void tell_front(void) {
  untold_since_ms = 0;
  phpack_post_news(phpack_request.index);
}

static bool has_waited(void) {
  uint32_t now = phpack_now_ms() | 1;
  if (untold_since_ms == 0) untold_since_ms = now;
  return (int32_t)(now - untold_since_ms) >= PATIENCE_MS;
}

/* None when a word is wrong, too: is_gone tells that. */
static uint32_t space_in(struct phpack_slot *slot) {
  uint32_t used = unread_in(slot);
  return used > PHPACK_RESPONSE_RING ? 0 : PHPACK_RESPONSE_RING - used;
}

/* Returns when there is space or the client is gone, or sooner. */
static void wait_for_space(struct phpack_slot *slot) {
  uint32_t bell = atomic_load(&slot->bell);
  atomic_store(&slot->worker_waits, 1);
  if (space_in(slot) == 0 && !is_gone(slot)) {
    phpack_futex_wait(&slot->bell, bell, false);
  }
  atomic_store(&slot->worker_waits, 0);
}

static void put_bytes(struct phpack_slot *slot, const char *bytes, uint32_t count) {
  uint32_t from = phpack_request.response_written;
  char *ring = (char *)slot + PHPACK_RESPONSE_RING_OFFSET;
  uint32_t start = from % PHPACK_RESPONSE_RING;
  uint32_t first = PHPACK_RESPONSE_RING - start;
  if (first > count) first = count;
  memcpy(ring + start, bytes, first);
  memcpy(ring, bytes + first, count - first);
  phpack_request.response_written = from + count;
  atomic_store(&slot->response_written, phpack_request.response_written);
}

size_t phpack_response_write(const char *bytes, size_t length) {
  struct phpack_slot *slot = phpack_request.slot;
  if (!phpack_response_is_open()) return length;
  size_t done = 0;
  while (done < length) {
    if (!phpack_response_is_open()) return length; /* since a signal came */
    if (is_gone(slot)) return done;
    uint32_t space = space_in(slot);
    if (space == 0) {
      tell_front();
      wait_for_space(slot);
      continue;
    }
    uint32_t count = length - done < space ? (uint32_t)(length - done) : space;
    put_bytes(slot, bytes + done, count);
    done += count;
    if (space - count < PHPACK_RESPONSE_RING / 2 || has_waited()) tell_front();
  }
  return done;
}

bool phpack_response_flush(void) {
  struct phpack_slot *slot = phpack_request.slot;
  if (!phpack_response_is_open()) return true;
  if (is_gone(slot)) return false;
  tell_front();
  return true;
}

void phpack_response_end(void) {
  struct phpack_slot *slot = phpack_request.slot;
  if (!phpack_response_is_open()) return;
  phpack_request.is_response_ended = true;
  if (!phpack_owns_slot(slot)) return;
  if (!phpack_request.has_response_head) {
    phpack_request.has_response_head = true;
    atomic_store(&slot->status, 500);
    atomic_store(&slot->response_head_bytes, 0);
    atomic_store(&slot->head_ready, 1);
  }
  atomic_store(&slot->response_ended, 1);
}

void phpack_response_give_up(void) {
  struct phpack_slot *slot = phpack_request.slot;
  if (!phpack_response_is_open()) return;
  phpack_request.is_response_cut = true;
  if (!phpack_owns_slot(slot)) return;
  atomic_store(&slot->overdue, 1);
  phpack_post_news(phpack_request.index);
}
