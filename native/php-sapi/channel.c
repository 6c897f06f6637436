#include "channel.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

struct phpack_channel *phpack_channel;

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
  if (phpack_channel->magic != PHPACK_MAGIC) return "descriptor 3 is no channel";
  if (phpack_channel->version != PHPACK_LAYOUT_VERSION) {
    return "the channel's layout has another version: php and server do not belong "
           "together";
  }
  uint32_t slots = phpack_channel->slot_count, workers = phpack_channel->worker_count;
  if (slots == 0 || slots > PHPACK_MAX_SLOTS) return "bad number of slots";
  if (workers == 0 || workers > PHPACK_MAX_WORKERS) return "bad number of workers";
  if (size < PHPACK_SLOTS_OFFSET + (size_t)slots * PHPACK_SLOT_BYTES) {
    return "the shared memory is smaller than its slots";
  }
  return NULL;
}

const char *phpack_channel_open(void) {
  const char *problem = map_memory();
  if (problem) return problem;
  for (int fd = PHPACK_FD_MEMORY; fd <= PHPACK_FD_HANDOVER; fd++) {
    /* Programs that a script starts must not get hold of the channel. */
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0) return "descriptors 3 to 6 are not all open";
  }
  int flags = fcntl(PHPACK_FD_LOG, F_GETFL);
  /* A full log pipe must not hold a worker for ever: log.c waits for a limited time. */
  if (flags < 0 || fcntl(PHPACK_FD_LOG, F_SETFL, flags | O_NONBLOCK) != 0) {
    return "the log pipe cannot be made non-blocking";
  }
#ifdef SYS_close_range
  /* Whatever else slipped through the front's exec; older kernels: it has CLOEXEC. */
  syscall(SYS_close_range, PHPACK_FD_HANDOVER + 1, ~0u, 0);
#endif
  return NULL;
}

struct phpack_slot *phpack_slot(uint32_t index) {
  return phpack_slot_at(phpack_channel, index);
}

uint32_t phpack_now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000);
}

void phpack_futex_wait(phpack_word *word, uint32_t seen) {
  syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
}

void phpack_ring_doorbell(void) {
  uint64_t one = 1;
  while (write(PHPACK_FD_DOORBELL, &one, sizeof one) < 0 && errno == EINTR) {
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

void phpack_wake_sleeper(void) {
  struct phpack_channel *channel = phpack_channel;
  if (atomic_load(&channel->ring_head) == atomic_load(&channel->ring_tail)) return;
  for (uint32_t i = 0; i < channel->worker_count; i++) {
    uint32_t bit = 1u << (i % 32);
    if (!(atomic_fetch_and(&channel->sleeping[i / 32], ~bit) & bit)) continue;
    atomic_fetch_add(&channel->workers[i].bell, 1);
    syscall(SYS_futex, &channel->workers[i].bell, FUTEX_WAKE, 1, NULL, NULL, 0);
    return;
  }
}
