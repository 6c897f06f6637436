#include "worker.h"

#include <php.h>
#include <SAPI.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <syslog.h>
#include <unistd.h>

#include "apcu.h"
#include "body.h"
#include "channel.h"
#include "forked.h"
#include "limit.h"
#include "log.h"
#include "opcache.h"
#include "request.h"
#include "response.h"
#include "script.h"
#include "taint.h"

/* Seconds that closing persistent connections may take when a worker leaves. */
#define LEAVE_SECONDS 5
#define WORKER_NAME "phpack-worker"

static struct {
  uint32_t index;
  struct phpack_worker *shared;
} self;

static void allow_all_signals(void) {
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}

void phpack_worker_begin(uint32_t index, pid_t zygote, char *name) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  /* The zygote may have died before the line above. */
  if (getppid() != zygote) _exit(1);
  prctl(PR_SET_NAME, WORKER_NAME);
  memcpy(name, WORKER_NAME, strlen(WORKER_NAME)); /* for ps; as long as the zygote's */
  allow_all_signals();
  self.index = index;
  self.shared = &phpack_channel->workers[index];
  atomic_store(&self.shared->requests, 0);
  phpack_limit_begin(self.shared);
  phpack_opcache_begin(self.shared);
  phpack_watch_forks();
}

/* PROTOCOL.md "Taking a request", 2. The slot's index, or -1 when the ring is empty. */
static int take_from_ring(void) {
  struct phpack_channel *channel = phpack_channel;
  for (;;) {
    uint32_t head = atomic_load(&channel->ring_head);
    if (phpack_ring_waiting(head) == 0) return -1;
    uint32_t index =
        __atomic_load_n(&channel->ring[head % PHPACK_RING_ENTRIES], __ATOMIC_RELAXED);
    uint32_t expected = PHPACK_QUEUED;
    bool is_taken = index < phpack_settings.slot_count &&
                    atomic_compare_exchange_strong(&phpack_slot(index)->claim, &expected,
                                                   PHPACK_CLAIM_TAKEN(self.index));
    atomic_compare_exchange_strong(&channel->ring_head, &head, head + 1);
    if (is_taken) return (int)index;
  }
}

/* The zygote decided to kill this process for a request that has meanwhile ended: taking
 * another one would let that die for it. See overdue.c. */
static bool is_condemned(void) { return atomic_load(&self.shared->kill_reason) != 0; }

static bool has_work(void) {
  return phpack_ring_waiting(atomic_load(&phpack_channel->ring_head)) > 0 ||
         atomic_load(&phpack_channel->stop) || phpack_apcu_is_lost();
}

static void sleep_on_bell(void) {
  phpack_word *sleeping = &phpack_channel->sleeping[self.index / 32];
  uint32_t bit = 1u << (self.index % 32);
  uint32_t bell = atomic_load(&self.shared->bell);
  atomic_fetch_or(sleeping, bit);
  if (!has_work()) phpack_futex_wait(&self.shared->bell, bell, true);
  atomic_fetch_and(sleeping, ~bit);
}

/* Another worker can ask for the body, this one cannot any more. The front finds that the
 * request is QUEUED again (runtime/php/watch.ts). */
static bool hands_back(uint32_t index) {
  struct phpack_slot *slot = phpack_slot(index);
  if (slot->body_kind != PHPACK_BODY_DESCRIPTOR) return false;
  if (phpack_end(PHPACK_HANDOVER) >= 0) return false;
  uint32_t claim = PHPACK_CLAIM_TAKEN(self.index);
  atomic_compare_exchange_strong(&slot->claim, &claim, PHPACK_QUEUED);
  return true;
}

/* -1: no more requests. */
static int next_request(void) {
  for (;;) {
    if (is_condemned() || phpack_apcu_is_lost() || !phpack_has_all_ends()) return -1;
    int index = take_from_ring();
    if (index >= 0) return hands_back((uint32_t)index) ? -1 : index;
    if (atomic_load(&phpack_channel->stop) || !phpack_check_ends()) return -1;
    sleep_on_bell();
  }
}

/* PROTOCOL.md "Response", the end. */
static void give_back(void) {
  struct phpack_slot *slot = phpack_request.slot;
  uint32_t index = phpack_request.index, claim = phpack_request.claim;
  bool is_timeout = phpack_limit_has_struck();
  phpack_response_end();
  phpack_request.slot = NULL;
  phpack_request.serial = 0;
  if (phpack_owns_slot(slot)) {
    uint32_t outcome = is_timeout ? PHPACK_OUTCOME_TIMEOUT : PHPACK_OUTCOME_OK;
    atomic_store_explicit(&slot->outcome, outcome, memory_order_relaxed);
    atomic_store_explicit(&slot->outcome_detail, 0, memory_order_relaxed);
  }
  atomic_fetch_add(&self.shared->requests, 1);
  atomic_store(&self.shared->slot, 0);
  phpack_limit_stop();
  /* Not if a wrong word has made it somebody else's. */
  atomic_compare_exchange_strong(&slot->claim, &claim, PHPACK_DONE);
  phpack_post_news(index);
}

/* False: the process should not serve another request. */
static bool serve(uint32_t index) {
  atomic_store(&self.shared->slot, index + 1);
  phpack_limit_start();
  bool is_sound = true;
  if (phpack_request_open(index, PHPACK_CLAIM_TAKEN(self.index))) {
    is_sound = phpack_run_script();
    if (phpack_is_forked()) _exit(EG(exit_status));
  } else {
    phpack_logf(LOG_ERR, "The request head in slot %u is malformed", index);
  }
  phpack_body_close();
  give_back();
  return is_sound;
}

/* Lets databases see a proper end of persistent connections. The memory needs no end. */
__attribute__((noreturn)) static void leave(void) {
  allow_all_signals(); /* a script may have blocked them */
  signal(SIGALRM, SIG_DFL);
  alarm(LEAVE_SECONDS);
  zend_first_try { zend_destroy_rsrc_list(&EG(persistent_list)); }
  zend_end_try();
  _exit(0);
}

void phpack_worker_run(void) {
  uint32_t max = phpack_settings.max_requests;
  for (uint32_t served = 1;; served++) {
    int index = next_request();
    if (index < 0) leave();
    bool is_sound = serve((uint32_t)index);
    if (!is_sound || (max != 0 && served >= max) || phpack_is_tainted()) leave();
  }
}
