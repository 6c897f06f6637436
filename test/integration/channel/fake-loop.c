/* How a worker of the fake peer gets requests and gives them back. */
#define _GNU_SOURCE
#include "fake.h"

#include <linux/futex.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static bool is_ring_empty(void) {
  uint32_t head = atomic_load(&fake.memory->ring_head);
  return head == atomic_load(&fake.memory->ring_tail);
}

static void sleep_until_rung(void) {
  phpack_word *bell = &fake.memory->workers[fake.worker].bell;
  phpack_word *sleeping = &fake.memory->sleeping[fake.worker / 32];
  uint32_t bit = 1u << (fake.worker % 32);
  uint32_t value = atomic_load(bell);
  point();
  atomic_fetch_or(sleeping, bit);
  point();
  if (is_ring_empty() && !atomic_load(&fake.memory->stop)) {
    syscall(SYS_futex, bell, FUTEX_WAIT, value, NULL, NULL, 0);
  }
  point();
  atomic_fetch_and(sleeping, ~bit);
  point();
}

/* Index of a slot that is now ours, or -1 to leave. */
static int64_t take(void) {
  struct phpack_channel *memory = fake.memory;
  for (;;) {
    if (atomic_load(&memory->workers[fake.worker].kill_reason)) return -1;
    uint32_t head = atomic_load(&memory->ring_head);
    point();
    if (head == atomic_load(&memory->ring_tail)) {
      if (atomic_load(&memory->stop)) return -1;
      sleep_until_rung();
      continue;
    }
    uint32_t slot = memory->ring[head % PHPACK_RING_ENTRIES];
    point();
    uint32_t queued = PHPACK_QUEUED;
    bool won = atomic_compare_exchange_strong(&phpack_slot_at(memory, slot)->claim,
                                              &queued, PHPACK_CLAIM_TAKEN(fake.worker));
    point();
    atomic_compare_exchange_strong(&memory->ring_head, &head, head + 1);
    point();
    if (won) return slot;
  }
}

int work(void) {
  struct phpack_worker *self = &fake.memory->workers[fake.worker];
  for (uint32_t served = 1;; served++) {
    int64_t slot = take();
    if (slot < 0) return 0;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    self->slot = (uint32_t)slot + 1;
    uint32_t now_ms = (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
    self->clock = (now_ms & ~PHPACK_CLOCK_KIND) | PHPACK_CLOCK_REQUEST;
    serve((uint32_t)slot);
    struct phpack_slot *done = phpack_slot_at(fake.memory, (uint32_t)slot);
    atomic_store(&done->outcome, PHPACK_OUTCOME_OK);
    self->slot = 0;
    self->clock = 0;
    point();
    atomic_store(&done->claim, PHPACK_DONE);
    point();
    post_news((uint32_t)slot);
    point();
    atomic_fetch_add(&self->requests, 1);
    if (fake.memory->max_requests && served >= fake.memory->max_requests) return 0;
  }
}
