#include "body.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "request.h"

enum { NOT_ASKED = -2, REFUSED = -1 };

/* Owns the descriptor of a BODY_DESCRIPTOR from the first read to phpack_body_close. */
static struct {
  int fd;
  /* Ours, not the descriptor's: a forked child shares that one. */
  off_t offset;
  /* Position in the ring; the word in the slot is for the front only. */
  uint32_t read;
  bool is_broken;
} body = {.fd = NOT_ASKED};

bool phpack_body_is_broken(void) { return body.is_broken; }

void phpack_body_close(void) {
  if (body.fd >= 0) close(body.fd);
  body.fd = NOT_ASKED;
  body.offset = 0;
  body.read = 0;
  body.is_broken = false;
}

/* Sends the front one end of a new socket pair; keeps the other. -1: it did not work. */
static int send_question(void) {
  int pair[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) return -1;
  uint32_t question[2] = {phpack_request.index, phpack_request.serial};
  struct iovec data = {question, sizeof question};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control = {.bytes = {0}};
  struct msghdr message = {.msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  struct cmsghdr *header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &pair[1], sizeof(int));
  ssize_t sent;
  do {
    sent = sendmsg(phpack_end(PHPACK_HANDOVER), &message, MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  close(pair[1]);
  if (sent >= 0) return pair[0];
  close(pair[0]);
  return -1;
}

/* PROTOCOL.md "Request body": the descriptor is asked for, so that it cannot reach the
 * wrong worker. Nothing here runs PHP code, so no bailout can leak the sockets. */
static int ask_for_descriptor(void) {
  int socket = send_question();
  if (socket < 0) return REFUSED;
  char byte;
  struct iovec data = {&byte, 1};
  union {
    struct cmsghdr header;
    char bytes[CMSG_SPACE(sizeof(int))];
  } control;
  struct msghdr message = {.msg_iov = &data,
                           .msg_iovlen = 1,
                           .msg_control = control.bytes,
                           .msg_controllen = sizeof control.bytes};
  ssize_t got;
  do {
    got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && errno == EINTR);
  int fd = REFUSED;
  struct cmsghdr *header = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
  if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
      header->cmsg_len >= CMSG_LEN(sizeof(int))) {
    memcpy(&fd, CMSG_DATA(header), sizeof(int));
  }
  close(socket);
  return fd;
}

static size_t read_descriptor(char *buffer, size_t size) {
  if (body.fd == NOT_ASKED) body.fd = ask_for_descriptor();
  if (body.fd == REFUSED) {
    body.is_broken = true;
    return 0;
  }
  size_t total = 0;
  while (total < size) {
    ssize_t got = pread(body.fd, buffer + total, size - total, body.offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) body.is_broken = true;
    if (got <= 0) break;
    total += (size_t)got;
    body.offset += got;
  }
  return total;
}

static bool has_news(struct phpack_slot *slot) {
  return atomic_load(&slot->body_written) != body.read || atomic_load(&slot->body_ended) ||
         atomic_load(&slot->aborted);
}

static void wait_for_bytes(struct phpack_slot *slot) {
  uint32_t bell = atomic_load(&slot->bell);
  atomic_store(&slot->worker_waits, 1);
  if (!has_news(slot)) phpack_futex_wait(&slot->bell, bell, false);
  atomic_store(&slot->worker_waits, 0);
}

/* What is there now, up to `size`: possibly nothing. */
static size_t take_bytes(struct phpack_slot *slot, char *buffer, size_t size) {
  uint32_t from = body.read;
  uint32_t there = atomic_load(&slot->body_written) - from;
  if (there > PHPACK_REQUEST_RING) body.is_broken = true;
  if (there == 0 || body.is_broken) return 0;
  size_t count = there < size ? there : size;
  const char *ring = (const char *)slot + PHPACK_REQUEST_RING_OFFSET;
  size_t start = from % PHPACK_REQUEST_RING;
  size_t first = PHPACK_REQUEST_RING - start;
  if (first > count) first = count;
  memcpy(buffer, ring + start, first);
  memcpy(buffer + first, ring, count - first);
  body.read = from + (uint32_t)count;
  atomic_store(&slot->body_read, body.read);
  if (atomic_load(&slot->front_waits) && atomic_exchange(&slot->front_waits, 0)) {
    phpack_post_news(phpack_request.index);
  }
  return count;
}

static size_t read_ring(struct phpack_slot *slot, char *buffer, size_t size) {
  size_t total = 0;
  while (total < size) {
    /* Before the look at the ring: what was written before the end is complete then. */
    uint32_t ended = atomic_load(&slot->body_ended);
    size_t got = take_bytes(slot, buffer + total, size - total);
    total += got;
    if (got > 0) continue;
    if (ended == 1 || body.is_broken) break;
    if (ended != 0 || atomic_load(&slot->aborted)) {
      body.is_broken = true;
      break;
    }
    wait_for_bytes(slot);
  }
  return total;
}

size_t phpack_body_read(char *buffer, size_t size) {
  struct phpack_slot *slot = phpack_request.slot;
  if (!slot || body.is_broken) return 0;
  switch (phpack_request.body_kind) {
    case PHPACK_BODY_RING:
      return read_ring(slot, buffer, size);
    case PHPACK_BODY_DESCRIPTOR:
      return read_descriptor(buffer, size);
    default:
      return 0;
  }
}
