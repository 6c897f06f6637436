/* PROTOCOL.md "Death" and "Stop". Every step may be the last one before somebody kills
 * the zygote: the front then fails what was taken and starts anew on a fresh memory. */
#include "supervisor.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "apcu.h"
#include "channel.h"
#include "log.h"
#include "opcache.h"
#include "overdue.h"
#include "worker.h"

/* Workers that die without having taken a request are replaced ever more slowly. */
#define FIRST_PAUSE_MS 50u
#define LONGEST_PAUSE_MS 5000u
#define FOR_EVER UINT32_MAX

/* What only the zygote knows of a worker. */
static struct keeper {
  pid_t pid; /* 0: there is none */
  uint32_t failures;
  uint32_t due_ms; /* when pid is 0: the time of the next try, at most seconds away */
} keepers[PHPACK_MAX_WORKERS];

static char *process_name;

static void postpone(struct keeper *keeper) {
  uint32_t pause = FIRST_PAUSE_MS;
  for (uint32_t i = 0; i < keeper->failures && pause < LONGEST_PAUSE_MS; i++) pause *= 2;
  if (pause > LONGEST_PAUSE_MS) pause = LONGEST_PAUSE_MS;
  keeper->failures++;
  keeper->due_ms = phpack_now_ms() + pause;
}

static void start_worker(uint32_t index) {
  struct phpack_worker *shared = &phpack_channel->workers[index];
  struct keeper *keeper = &keepers[index];
  atomic_store(&shared->kill_reason, 0);
  atomic_store(&shared->requests, 0);
  atomic_store(&shared->ended_clock, 0);
  fflush(NULL); /* or both would write what stdio holds */
  pid_t zygote = getpid();
  pid_t pid = fork();
  if (pid == 0) {
    phpack_worker_begin(index, zygote, process_name);
    phpack_worker_run();
  }
  if (pid < 0) {
    phpack_logf(LOG_ERR, "A PHP worker cannot be started: %s", strerror(errno));
    postpone(keeper);
    return;
  }
  keeper->pid = pid;
  atomic_store(&shared->pid, (uint32_t)pid);
  atomic_fetch_add(&phpack_channel->forks, 1);
}

static void fail_slot(struct phpack_slot *slot, bool is_timeout, int status) {
  bool is_signal = WIFSIGNALED(status);
  uint32_t outcome = is_timeout  ? PHPACK_OUTCOME_TIMEOUT
                     : is_signal ? PHPACK_OUTCOME_SIGNALED
                                 : PHPACK_OUTCOME_EXITED;
  int detail = is_signal ? WTERMSIG(status) : WEXITSTATUS(status);
  atomic_store(&slot->outcome, outcome);
  atomic_store(&slot->outcome_detail, (uint32_t)detail);
  atomic_store(&slot->claim, PHPACK_DONE);
}

/* Steps 1 to 3 of "Death". True when the worker had taken a request. */
static bool sweep(uint32_t index, int status) {
  struct phpack_channel *channel = phpack_channel;
  struct phpack_worker *shared = &channel->workers[index];
  uint32_t told = atomic_load(&shared->ended_clock);
  bool is_timeout = atomic_load(&shared->kill_reason) != 0 ||
                    (told != 0 && told == atomic_load(&shared->clock));
  bool had_request = false;
  atomic_fetch_and(&channel->sleeping[index / 32], ~(1u << (index % 32)));
  for (uint32_t i = 0; i < phpack_settings.slot_count; i++) {
    struct phpack_slot *slot = phpack_slot(i);
    uint32_t claim = atomic_load(&slot->claim);
    if (claim == PHPACK_CLAIM_TAKEN(index)) {
      fail_slot(slot, is_timeout, status);
      had_request = true;
    } else if (claim != PHPACK_DONE) {
      continue;
    }
    phpack_set_news(i);
  }
  atomic_store(&shared->slot, 0);
  /* Or the clock would kill the successor for it. */
  atomic_store(&shared->clock, 0);
  atomic_store(&shared->pid, 0);
  atomic_fetch_add(&channel->deaths, 1);
  phpack_ring_doorbell();
  return had_request;
}

static void report_idle_death(pid_t pid, int status) {
  if (WIFSIGNALED(status)) {
    phpack_logf(LOG_ERR, "PHP worker %d was killed by signal %d (%s) between requests",
                (int)pid, WTERMSIG(status), strsignal(WTERMSIG(status)));
  } else if (WEXITSTATUS(status) != 0) {
    phpack_logf(LOG_ERR, "PHP worker %d ended with status %d between requests", (int)pid,
                WEXITSTATUS(status));
  }
}

/* Before the successor is forked: it inherits the cache. */
static void mend_caches(uint32_t index, pid_t pid) {
  if (atomic_exchange(&phpack_channel->workers[index].holds_opcache, 0)) {
    phpack_opcache_restart();
    phpack_logf(LOG_WARNING,
                "PHP worker %d died while it changed OPcache: it is emptied", (int)pid);
  }
  if (phpack_apcu_renew()) {
    phpack_logf(LOG_WARNING, "A PHP worker died while it changed APCu: all workers are "
                             "replaced, with an empty cache");
    phpack_wake_all();
  }
}

static void replace(uint32_t index, bool is_sound) {
  struct keeper *keeper = &keepers[index];
  if (atomic_load(&phpack_channel->stop)) return;
  if (is_sound) {
    keeper->failures = 0;
    start_worker(index);
  } else {
    postpone(keeper);
  }
  /* The dead one may have been the one that was woken. */
  phpack_wake_sleeper();
}

static void bury(uint32_t index, int status) {
  pid_t pid = keepers[index].pid;
  bool has_served = atomic_load(&phpack_channel->workers[index].requests) > 0;
  bool had_request = sweep(index, status);
  keepers[index].pid = 0;
  if (!had_request) report_idle_death(pid, status);
  mend_caches(index, pid);
  replace(index, had_request || has_served);
}

static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    for (uint32_t i = 0; i < phpack_settings.worker_count; i++) {
      if (keepers[i].pid != pid) continue;
      bury(i, status);
      break;
    }
  }
}

static uint32_t start_if_due(uint32_t index, uint32_t now) {
  struct keeper *keeper = &keepers[index];
  if (atomic_load(&phpack_channel->stop)) return FOR_EVER;
  if ((int32_t)(keeper->due_ms - now) > 0) return keeper->due_ms - now;
  start_worker(index);
  return keeper->pid ? FOR_EVER : FIRST_PAUSE_MS;
}

/* Does what the time has come for; returns how long nothing else will be due. */
static uint32_t tick(uint32_t *alive) {
  uint32_t now = phpack_now_ms(), next = FOR_EVER;
  *alive = 0;
  for (uint32_t i = 0; i < phpack_settings.worker_count; i++) {
    pid_t pid = keepers[i].pid;
    uint32_t left = pid ? phpack_end_if_overdue(i, pid, now) : start_if_due(i, now);
    if (keepers[i].pid) (*alive)++;
    if (left < next) next = left;
  }
  return next;
}

static void start_all(void) {
  /* The clock's low word is half of the time "after" 0: never compare with an unset one.
   */
  uint32_t now = phpack_now_ms();
  for (uint32_t i = 0; i < phpack_settings.worker_count; i++) {
    keepers[i].due_ms = now;
    start_worker(i);
  }
}

static void wait_for_death(const sigset_t *child, uint32_t ms) {
  struct timespec time = {ms / 1000, (long)(ms % 1000 + 1) * 1000000};
  if (time.tv_nsec >= 1000000000) time = (struct timespec){time.tv_sec + 1, 0};
  sigtimedwait(child, NULL, ms == FOR_EVER ? NULL : &time);
}

int phpack_supervise(char *name) {
  process_name = name;
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  /* Blocked, it stays pending until it is waited for: no death falls between. */
  sigprocmask(SIG_BLOCK, &child, NULL);
  uint32_t alive;
  start_all();
  atomic_store(&phpack_channel->ready, 1);
  phpack_ring_doorbell();
  for (;;) {
    reap();
    uint32_t pause = tick(&alive);
    if (alive == 0 && atomic_load(&phpack_channel->stop)) return 0;
    wait_for_death(&child, pause);
  }
}
