#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct phpack_channel *phpack_channel;
struct phpack_settings phpack_settings;

/* Programs and libraries count on the smallest numbers being free, and some close all
 * small ones. Less where fewer are allowed. */
#define LOWEST_END 200
/* Of a wait that is not patient. */
#define WAIT_SECONDS 1

static size_t memory_size;
/* With the identity of the file, by which it is known again. */
static struct {
  int fd;
  dev_t device;
  ino_t inode;
} ends[PHPACK_ENDS];
static bool has_lost_end;

/* Every memory and descriptor of the channel comes into this process here, so that a
 * later snapshot mode knows what must not be rewound. */
static const char *map_memory(void) {
  struct stat status;
  if (fstat(PHPACK_FD_MEMORY, &status) != 0) return "descriptor 3 is not open";
  size_t size = (size_t)status.st_size;
  if (size < PHPACK_SLOTS_OFFSET) return "the shared memory is too small";
  void *memory =
      mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, PHPACK_FD_MEMORY, 0);
  if (memory == MAP_FAILED) return "the shared memory cannot be mapped";
  phpack_channel = memory;
  memory_size = size;
  /* What visitors send and get has no place in a core dump. */
  madvise(memory, size, MADV_DONTDUMP);
  /* Or any worker's script could open it by /proc/self/fd, as any URL that curl takes. */
  close(PHPACK_FD_MEMORY);
  if (phpack_channel->magic != PHPACK_MAGIC) return "descriptor 3 is no channel";
  if (phpack_channel->version != PHPACK_LAYOUT_VERSION) {
    return "the channel's layout has another version: php and server do not belong "
           "together";
  }
  phpack_settings = (struct phpack_settings){
      .slot_count = phpack_channel->slot_count,
      .worker_count = phpack_channel->worker_count,
      .request_timeout_ms = phpack_channel->request_timeout_ms,
      .request_grace_ms = phpack_channel->request_grace_ms,
      .after_finish_timeout_ms = phpack_channel->after_finish_timeout_ms,
      .max_requests = phpack_channel->max_requests,
      .front_pid = phpack_channel->front_pid,
  };
  uint32_t slots = phpack_settings.slot_count, workers = phpack_settings.worker_count;
  if (slots == 0 || slots > PHPACK_MAX_SLOTS) return "bad number of slots";
  if (workers == 0 || workers > PHPACK_MAX_WORKERS) return "bad number of workers";
  if (size < PHPACK_SLOTS_OFFSET + (size_t)slots * PHPACK_SLOT_BYTES) {
    return "the shared memory is smaller than its slots";
  }
  return NULL;
}

/* Programs that a script starts must not get hold of the channel: closed by exec. */
static bool move_end(enum phpack_end end, int from) {
  int fd = -1;
  for (int lowest = LOWEST_END; fd < 0 && lowest > from; lowest /= 2) {
    fd = fcntl(from, F_DUPFD_CLOEXEC, lowest);
  }
  struct stat status;
  if (fd < 0 || fstat(fd, &status) != 0) return false;
  close(from);
  ends[end].fd = fd;
  ends[end].device = status.st_dev;
  ends[end].inode = status.st_ino;
  return true;
}

const char *phpack_channel_open(void) {
  const char *problem = map_memory();
  if (problem) return problem;
#ifdef SYS_close_range
  /* Whatever else slipped through the front's exec; older kernels: it has CLOEXEC. */
  syscall(SYS_close_range, PHPACK_FD_HANDOVER + 1, ~0u, 0);
#endif
  if (!move_end(PHPACK_DOORBELL, PHPACK_FD_DOORBELL) ||
      !move_end(PHPACK_LOG, PHPACK_FD_LOG) ||
      !move_end(PHPACK_HANDOVER, PHPACK_FD_HANDOVER)) {
    return "descriptors 3 to 6 are not all open";
  }
  int log = ends[PHPACK_LOG].fd;
  int flags = fcntl(log, F_GETFL);
  /* A full log must not hold a worker for ever: log.c waits for a limited time. */
  if (flags < 0 || fcntl(log, F_SETFL, flags | O_NONBLOCK) != 0) {
    return "the log cannot be made non-blocking";
  }
  return NULL;
}

int phpack_end(enum phpack_end end) {
  int fd = ends[end].fd;
  struct stat status;
  if (fd >= 0 && fstat(fd, &status) == 0 && status.st_ino == ends[end].inode &&
      status.st_dev == ends[end].device) {
    return fd;
  }
  has_lost_end = true;
  return -1;
}

bool phpack_has_all_ends(void) { return !has_lost_end; }

bool phpack_check_ends(void) {
  struct pollfd all[PHPACK_ENDS];
  for (int i = 0; i < PHPACK_ENDS; i++) all[i] = (struct pollfd){ends[i].fd, 0, 0};
  poll(all, PHPACK_ENDS, 0);
  for (int i = 0; i < PHPACK_ENDS; i++) has_lost_end |= (all[i].revents & POLLNVAL) != 0;
  return !has_lost_end;
}

void phpack_keep_from_children(void) {
  madvise(phpack_channel, memory_size, MADV_DONTFORK);
}

void phpack_drop_ends(void) {
  static const enum phpack_end dropped[] = {PHPACK_DOORBELL, PHPACK_HANDOVER};
  for (size_t i = 0; i < sizeof dropped / sizeof dropped[0]; i++) {
    int fd = phpack_end(dropped[i]);
    if (fd >= 0) close(fd);
    ends[dropped[i]].fd = -1;
  }
}

struct phpack_slot *phpack_slot(uint32_t index) {
  return phpack_slot_at(phpack_channel, index);
}

uint32_t phpack_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void phpack_futex_wait(phpack_word *word, uint32_t seen, bool is_patient) {
  static const struct timespec limit = {WAIT_SECONDS, 0};
  syscall(SYS_futex, word, FUTEX_WAIT, seen, is_patient ? NULL : &limit, NULL, 0);
}

void phpack_ring_doorbell(void) {
  uint64_t one = 1;
  int doorbell = phpack_end(PHPACK_DOORBELL);
  /* Without it a worker leaves after its request, and the zygote rings for it. */
  if (doorbell < 0) return;
  while (write(doorbell, &one, sizeof one) < 0 && errno == EINTR) {
  }
}

void phpack_set_news(uint32_t slot) {
  atomic_fetch_or(&phpack_channel->news[slot / 32], 1u << (slot % 32));
}

void phpack_post_news(uint32_t slot) {
  phpack_set_news(slot);
  /* The plain load first: while the front is awake, nobody needs the exchange's cache
   * line. */
  if (atomic_load(&phpack_channel->front_asleep) &&
      atomic_exchange(&phpack_channel->front_asleep, 0)) {
    phpack_ring_doorbell();
  }
}

uint32_t phpack_ring_waiting(uint32_t head) {
  uint32_t waiting = atomic_load(&phpack_channel->ring_tail) - head;
  return waiting > PHPACK_RING_ENTRIES ? 0 : waiting;
}

static void wake_worker(uint32_t index) {
  struct phpack_worker *worker = &phpack_channel->workers[index];
  atomic_fetch_add(&worker->bell, 1);
  syscall(SYS_futex, &worker->bell, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void phpack_wake_all(void) {
  for (uint32_t i = 0; i < phpack_settings.worker_count; i++) wake_worker(i);
}

void phpack_wake_sleeper(void) {
  struct phpack_channel *channel = phpack_channel;
  if (phpack_ring_waiting(atomic_load(&channel->ring_head)) == 0) return;
  for (uint32_t i = 0; i < phpack_settings.worker_count; i++) {
    uint32_t bit = 1u << (i % 32);
    if (!(atomic_fetch_and(&channel->sleeping[i / 32], ~bit) & bit)) continue;
    wake_worker(i);
    return;
  }
}
