#include "overdue.h"

#include <signal.h>
#include <stdbool.h>

#include "channel.h"

/* A signal that comes right before a system call does not end it: so it comes again, until
 * the worker has got the message. */
#define TELL_AGAIN_MS 250u
/* No clock can be that far ahead of the zygote's. */
#define IMPOSSIBLE_MS 60000
#define FOR_EVER UINT32_MAX

static uint32_t shorter(uint32_t a, uint32_t b) { return a < b ? a : b; }

/* 0: none. */
static uint32_t limit_of(uint32_t clock) {
  return (clock & PHPACK_CLOCK_KIND) == PHPACK_CLOCK_FINISHED
             ? phpack_settings.after_finish_timeout_ms
             : phpack_settings.request_timeout_ms;
}

/* No request, and no work after a response, that begins from now on is due sooner. */
static uint32_t shortest_limit(void) {
  uint32_t request = limit_of(PHPACK_CLOCK_REQUEST);
  uint32_t finished = limit_of(PHPACK_CLOCK_FINISHED);
  return shorter(request ? request : FOR_EVER, finished ? finished : FOR_EVER);
}

static void tell(pid_t pid, uint32_t clock) {
  union sigval value = {.sival_int = (int)clock};
  sigqueue(pid, PHPACK_SIGNAL_END, value);
}

/* The worker may end its request, and take another, between the look at its clock and the
 * kill. So the sentence is written first and the clock read again: if the same request
 * still runs, the worker will see the sentence before it takes another (next_request in
 * worker.c), and SIGKILL hits nobody else. */
static void kill_for(uint32_t clock, struct phpack_worker *shared, pid_t pid) {
  atomic_store(&shared->kill_reason, 1);
  if (atomic_load(&shared->clock) == clock) kill(pid, SIGKILL);
  else atomic_store(&shared->kill_reason, 0);
}

/* False: a wrong word, by which the request would have no limit, or another one. */
static bool has_kind(struct phpack_worker *shared, uint32_t clock) {
  if ((clock & PHPACK_CLOCK_KIND) == PHPACK_CLOCK_REQUEST) return true;
  uint32_t index = atomic_load(&shared->slot) - 1;
  return (clock & PHPACK_CLOCK_KIND) == PHPACK_CLOCK_FINISHED &&
         index < phpack_settings.slot_count &&
         atomic_load(&phpack_slot(index)->response_ended) != 0;
}

uint32_t phpack_end_if_overdue(uint32_t index, pid_t pid, uint32_t now) {
  struct phpack_worker *shared = &phpack_channel->workers[index];
  uint32_t next = shortest_limit();
  uint32_t clock = atomic_load(&shared->clock);
  uint32_t limit = limit_of(clock);
  int32_t signed_age = (int32_t)(now - (clock & ~PHPACK_CLOCK_KIND));
  if (clock != 0 && (signed_age < -IMPOSSIBLE_MS || !has_kind(shared, clock))) {
    kill_for(clock, shared, pid);
    return next;
  }
  if (clock == 0 || limit == 0) return next;
  /* It may have started after `now` was read. */
  uint32_t age = signed_age < 0 ? 0 : (uint32_t)signed_age;
  if (age < limit) return shorter(next, limit - age);
  uint32_t grace = phpack_settings.request_grace_ms;
  if (age - limit >= grace) {
    kill_for(clock, shared, pid);
    return next;
  }
  uint32_t left = grace - (age - limit);
  if (atomic_load(&shared->ended_clock) == clock) return shorter(next, left);
  tell(pid, clock);
  return shorter(next, shorter(left, TELL_AGAIN_MS));
}
