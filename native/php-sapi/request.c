#include "request.h"

#include <string.h>
#include <strings.h>

struct phpack_request phpack_request;

/* Pages of these are touched only as far as requests need them. */
static char head[PHPACK_REQUEST_HEAD + 1];
static char joined_cookies[PHPACK_REQUEST_HEAD];

static struct phpack_text next_text(const char **at) {
  struct phpack_text text = {*at, strlen(*at)};
  *at += text.length + 1;
  return text;
}

const char *phpack_next_pair(const char *at, struct phpack_pair *pair) {
  pair->name = next_text(&at);
  pair->value = next_text(&at);
  return at;
}

static bool is_named(struct phpack_text name, const char *wanted, size_t length) {
  return name.length == length && strncasecmp(name.bytes, wanted, length) == 0;
}

/* RFC 9110 §5.3 joins with commas, which cookies may contain: RFC 9113 §8.2.3. */
static void add_cookies(struct phpack_text value) {
  if (!phpack_request.cookies) {
    phpack_request.cookies = value.bytes;
    return;
  }
  /* Fits: each header before brought its own "Cookie" and two NULs into the head. */
  size_t used = strlen(phpack_request.cookies);
  if (phpack_request.cookies != joined_cookies) {
    memcpy(joined_cookies, phpack_request.cookies, used);
    phpack_request.cookies = joined_cookies;
  }
  memcpy(joined_cookies + used, "; ", 2);
  memcpy(joined_cookies + used + 2, value.bytes, value.length + 1);
}

static void note_header(const struct phpack_pair *pair) {
  if (is_named(pair->name, "cookie", 6)) {
    add_cookies(pair->value);
  } else if (is_named(pair->name, "authorization", 13)) {
    phpack_request.authorization = pair->value.bytes;
  }
}

/* Counts first: a head that lies about its pairs must not make anybody read behind it. */
static bool has_texts(uint32_t bytes, uint64_t wanted) {
  uint64_t found = 0;
  for (const char *at = head, *end = head + bytes; at < end; at++) {
    at = memchr(at, 0, (size_t)(end - at));
    if (!at) return false;
    found++;
  }
  return found == wanted;
}

static int64_t body_length_of(const struct phpack_slot *slot, uint32_t body_kind) {
  if (body_kind == PHPACK_BODY_NONE) return 0;
  uint64_t length = (uint64_t)slot->body_length_high << 32 | slot->body_length_low;
  return length > INT64_MAX ? -1 : (int64_t)length;
}

/* Once and never again: what has been checked must be what is used, although somebody may
 * write to the slot meanwhile. */
static uint32_t read_once(const uint32_t *word) {
  return __atomic_load_n(word, __ATOMIC_RELAXED);
}

bool phpack_request_open(uint32_t index, uint32_t claim) {
  struct phpack_slot *slot = phpack_slot(index);
  uint32_t body_kind = read_once(&slot->body_kind);
  phpack_request = (struct phpack_request){
      .slot = slot,
      .index = index,
      .claim = claim,
      .serial = atomic_load_explicit(&slot->request_serial, memory_order_relaxed),
      .header_count = read_once(&slot->header_count),
      .variable_count = read_once(&slot->variable_count),
      .body_kind = body_kind,
      .body_length = body_length_of(slot, body_kind),
  };
  uint32_t bytes = read_once(&slot->head_bytes);
  if (bytes > PHPACK_REQUEST_HEAD) return false;
  memcpy(head, (const char *)slot + PHPACK_REQUEST_HEAD_OFFSET, bytes);
  uint32_t header_count = phpack_request.header_count;
  uint64_t pairs = (uint64_t)header_count + phpack_request.variable_count;
  if (!has_texts(bytes, PHPACK_FIELDS + 2 * pairs)) return false;
  const char *at = head;
  for (int i = 0; i < PHPACK_FIELDS; i++) phpack_request.fields[i] = next_text(&at);
  phpack_request.headers = at;
  for (uint32_t i = 0; i < header_count; i++) {
    struct phpack_pair pair;
    at = phpack_next_pair(at, &pair);
    note_header(&pair);
  }
  phpack_request.variables = at;
  return true;
}
