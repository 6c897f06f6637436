/* A worker of the fake peer: takes a request, reads its body, writes a response. What
 * it does is the request's query string, `key=number` pairs joined by `&`:
 *
 *   echo=1 hash=1 dump=1 bytes=N   the response: the body, its length and sum, the request
 *                                  head as it came, or N made-up bytes
 *   sleep=MS                       pause before the head
 *   early=MS                       run on for so long after the response has ended
 *   kill=SIGNAL exit=STATUS        before the head; at=N: after N bytes of the response
 *   flush=1 quiet=1                tell the front of every piece, of nothing without need
 *   endless=1                      goes on until the client is gone
 *   log=N                          a log text of N bytes
 *   empty=1                        a packet without bytes to where bodies are asked for
 *   raw=1                          the value of the request header X-Head is the head block
 *   status=N */
#define _GNU_SOURCE
#include "fake.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct request {
  uint32_t index;
  struct phpack_slot *slot;
  const char *query, *raw_head;
  int fd; /* the body when it came as a descriptor */
  uint32_t sent;
};

/* request->fd: not asked for yet; the front did not give one. */
enum { UNASKED = -2, REFUSED = -1 };

static void wait_on(struct phpack_slot *slot, bool (*needless)(struct phpack_slot *)) {
  while (!needless(slot)) {
    uint32_t bell = atomic_load(&slot->bell);
    point();
    atomic_store(&slot->worker_waits, 1);
    point();
    if (needless(slot)) break;
    syscall(SYS_futex, &slot->bell, FUTEX_WAIT, bell, NULL, NULL, 0);
    point();
  }
  atomic_store(&slot->worker_waits, 0);
}

static bool has_body(struct phpack_slot *slot) {
  return atomic_load(&slot->body_written) != atomic_load(&slot->body_read) ||
         atomic_load(&slot->body_ended);
}

static bool has_space(struct phpack_slot *slot) {
  return atomic_load(&slot->response_written) - atomic_load(&slot->response_read) <
             PHPACK_RESPONSE_RING ||
         atomic_load(&slot->aborted);
}

static int ask_for_body(struct request *request) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return REFUSED;
  uint32_t message[2] = {request->index, atomic_load(&request->slot->request_serial)};
  struct iovec data = {message, sizeof message};
  char control[CMSG_SPACE(sizeof(int))] = {0};
  struct msghdr out = {.msg_iov = &data, .msg_iovlen = 1,
                       .msg_control = control, .msg_controllen = sizeof control};
  struct cmsghdr *header = CMSG_FIRSTHDR(&out);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &pair[1], sizeof(int));
  sendmsg(PHPACK_FD_HANDOVER, &out, MSG_NOSIGNAL);
  point();
  close(pair[1]);
  char byte;
  data = (struct iovec){&byte, 1};
  out.msg_controllen = sizeof control;
  int fd = REFUSED;
  ssize_t got = recvmsg(pair[0], &out, MSG_CMSG_CLOEXEC);
  if (got > 0 && CMSG_FIRSTHDR(&out)) memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&out)), sizeof fd);
  close(pair[0]);
  return fd;
}

/* Bytes read, 0 at the end. */
static uint32_t read_body(struct request *request, char *into, uint32_t max) {
  struct phpack_slot *slot = request->slot;
  if (slot->body_kind == PHPACK_BODY_NONE) return 0;
  if (slot->body_kind == PHPACK_BODY_DESCRIPTOR) {
    if (request->fd == UNASKED) request->fd = ask_for_body(request);
    ssize_t got = request->fd < 0 ? 0 : read(request->fd, into, max);
    return got > 0 ? (uint32_t)got : 0;
  }
  wait_on(slot, has_body);
  uint32_t from = atomic_load(&slot->body_read);
  uint32_t count = atomic_load(&slot->body_written) - from;
  if (count > PHPACK_REQUEST_RING) return 0; /* a wrong word */
  if (count > max) count = max;
  const char *ring = (char *)slot + PHPACK_REQUEST_RING_OFFSET;
  for (uint32_t i = 0; i < count; i++) into[i] = ring[(from + i) % PHPACK_REQUEST_RING];
  point();
  atomic_store(&slot->body_read, from + count);
  point();
  if (count && atomic_exchange(&slot->front_waits, 0)) post_news(request->index);
  return count;
}

static uint32_t option(const struct request *request, const char *key) {
  char wanted[32];
  int length = snprintf(wanted, sizeof wanted, "%s=", key);
  for (const char *at = request->query; at; at = strchr(at, '&')) {
    if (*at == '&') at++;
    if (strncmp(at, wanted, (size_t)length) == 0) {
      return (uint32_t)strtoul(at + length, NULL, 10);
    }
  }
  return 0;
}

static void maybe_die(const struct request *request) {
  if (request->sent < option(request, "at")) return;
  if (option(request, "kill")) raise((int)option(request, "kill"));
  if (option(request, "exit")) _exit((int)option(request, "exit"));
}

/* False when the connection has been aborted. */
static bool write_body(struct request *request, const char *from, uint32_t count) {
  struct phpack_slot *slot = request->slot;
  char *ring = (char *)slot + PHPACK_RESPONSE_RING_OFFSET;
  while (count > 0) {
    maybe_die(request);
    if (atomic_load(&slot->aborted)) return false;
    uint32_t written = atomic_load(&slot->response_written);
    uint32_t space = PHPACK_RESPONSE_RING - (written - atomic_load(&slot->response_read));
    if (space > PHPACK_RESPONSE_RING) abort(); /* the front read what nobody wrote */
    if (space == 0) {
      post_news(request->index);
      wait_on(slot, has_space);
      continue;
    }
    uint32_t now = count < space ? count : space;
    for (uint32_t i = 0; i < now; i++) ring[(written + i) % PHPACK_RESPONSE_RING] = from[i];
    point();
    atomic_store(&slot->response_written, written + now);
    point();
    if (space - now < PHPACK_RESPONSE_RING / 2 || option(request, "flush") ||
        (roll(4) == 0 && !option(request, "quiet"))) {
      post_news(request->index);
    }
    request->sent += now;
    from += now;
    count -= now;
  }
  maybe_die(request);
  return true;
}

static void send_log(struct request *request, uint32_t length) {
  struct {
    struct phpack_log_record header;
    char text[4096 - sizeof(struct phpack_log_record)];
  } record;
  for (uint32_t sent = 0; sent < length;) {
    uint32_t part = length - sent < sizeof record.text ? length - sent : sizeof record.text;
    for (uint32_t i = 0; i < part; i++) record.text[i] = "\xc3\xa4"[(sent + i) % 2];
    sent += part;
    record.header = (struct phpack_log_record){
        .bytes = (uint16_t)(sizeof record.header + part), .level = 4,
        .flags = sent < length ? PHPACK_LOG_MORE : 0, .pid = (uint32_t)getpid(),
        .slot = request->index + 1, .request_serial = request->slot->request_serial};
    (void)!write(PHPACK_FD_LOG, &record, record.header.bytes);
  }
}

static void respond(struct request *request) {
  static char buffer[40000];
  if (option(request, "dump")) {
    write_body(request, (char *)request->slot + PHPACK_REQUEST_HEAD_OFFSET,
               request->slot->head_bytes);
  } else if (option(request, "echo")) {
    uint32_t count;
    while ((count = read_body(request, buffer, 1 + roll(sizeof buffer))) > 0) {
      if (!write_body(request, buffer, count)) return;
    }
  } else if (option(request, "hash")) {
    uint32_t count, total = 0, sum = 0;
    while ((count = read_body(request, buffer, sizeof buffer)) > 0) {
      for (uint32_t i = 0; i < count; i++) sum = sum * 31 + (unsigned char)buffer[i];
      total += count;
    }
    int length = snprintf(buffer, sizeof buffer, "%u %u %u", total, sum,
                          atomic_load(&request->slot->body_ended));
    write_body(request, buffer, (uint32_t)length);
  } else {
    uint32_t left = option(request, "bytes"), at = 0;
    while (left > 0 || option(request, "endless")) {
      if (left == 0) left = sizeof buffer;
      uint32_t now = 1 + roll(sizeof buffer);
      if (now > left) now = left;
      for (uint32_t i = 0; i < now; i++, at++) buffer[i] = (char)(at * 7 + at / 251);
      if (!write_body(request, buffer, now)) return;
      left -= now;
    }
  }
}

/* Checks that the fields are exactly as many as announced. */
static bool parse(struct request *request) {
  const char *head = (char *)request->slot + PHPACK_REQUEST_HEAD_OFFSET;
  const char *end = head + request->slot->head_bytes, *at = head;
  uint32_t headers = request->slot->header_count;
  uint32_t fields = 16 + 2 * headers + 2 * request->slot->variable_count;
  for (uint32_t i = 0; i < fields; i++) {
    const char *field = at;
    at = memchr(at, 0, (size_t)(end - at));
    if (!at) return false;
    at++;
    if (i == 13) request->query = field;
    bool is_name = i >= 16 && i < 16 + 2 * headers && i % 2 == 0;
    if (is_name && strcmp(field, "X-Head") == 0) request->raw_head = at;
  }
  return at == end;
}

void serve(uint32_t index) {
  struct request request = {.index = index, .slot = phpack_slot_at(fake.memory, index),
                            .query = "", .fd = UNASKED};
  struct phpack_slot *slot = request.slot;
  uint32_t status = parse(&request) ? 200 : 500;
  if (option(&request, "status")) status = option(&request, "status");
  if (option(&request, "sleep")) usleep(option(&request, "sleep") * 1000);
  if (option(&request, "log")) send_log(&request, option(&request, "log"));
  if (option(&request, "empty")) send(PHPACK_FD_HANDOVER, "", 0, MSG_NOSIGNAL);
  maybe_die(&request);
  char *head = (char *)slot + PHPACK_RESPONSE_HEAD_OFFSET;
  const char *block = "Content-Type: text/plain\r\nX-Fake: yes\r\n";
  if (option(&request, "raw") && request.raw_head) block = request.raw_head;
  strcpy(head, block);
  atomic_store(&slot->status, status);
  atomic_store(&slot->response_head_bytes, (uint32_t)strlen(block));
  point();
  atomic_store(&slot->head_ready, 1);
  point();
  if (option(&request, "early") || (roll(3) == 0 && !option(&request, "quiet"))) {
    post_news(index);
  }
  respond(&request);
  point();
  atomic_store(&slot->response_ended, 1);
  point();
  if (option(&request, "early")) {
    post_news(index);
    usleep(option(&request, "early") * 1000);
  }
  if (request.fd >= 0) close(request.fd);
}
