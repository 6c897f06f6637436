/* Zygote and process-wide helpers of the fake peer: fork, reap, sweep, time out. */
#define _GNU_SOURCE
#include "fake.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct fake fake;
static uint64_t seed;

uint32_t roll(uint32_t sides) {
  fake.random ^= fake.random << 13;
  fake.random ^= fake.random >> 7;
  fake.random ^= fake.random << 17;
  return (uint32_t)((fake.random >> 24) % sides);
}

void point(void) {
  if (fake.death_per_10k && roll(10000) < fake.death_per_10k) raise(SIGKILL);
  if (fake.pause_per_10k && roll(10000) < fake.pause_per_10k) usleep(roll(2000));
}

static uint32_t now_ms(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)(now.tv_sec * 1000 + now.tv_nsec / 1000000);
}

void wake(phpack_word *word) {
  syscall(SYS_futex, word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

void bump(phpack_word *bell) {
  atomic_fetch_add(bell, 1);
  wake(bell);
}

void ring_doorbell(void) {
  uint64_t one = 1;
  (void)!write(PHPACK_FD_DOORBELL, &one, sizeof one);
}

void post_news(uint32_t slot) {
  atomic_fetch_or(&fake.memory->news[slot / 32], 1u << (slot % 32));
  point();
  if (atomic_exchange(&fake.memory->front_asleep, 0)) {
    point();
    ring_doorbell();
  }
}

static void start_worker(uint32_t index) {
  struct phpack_worker *worker = &fake.memory->workers[index];
  worker->kill_reason = 0;
  worker->clock = 0;
  worker->slot = 0;
  pid_t parent = getpid();
  uint32_t generation = atomic_fetch_add(&fake.memory->forks, 1);
  pid_t pid = fork();
  if (pid != 0) {
    worker->pid = (uint32_t)pid;
    return;
  }
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
  fake.worker = index;
  fake.random = (seed + generation * 64 + index + 1) * 0x9E3779B97F4A7C15u | 1;
  for (int i = 0; i < 8; i++) roll(2);
  _exit(work());
}

/* PROTOCOL.md "Death" 1-4. */
static void sweep(uint32_t index, int status) {
  struct phpack_channel *memory = fake.memory;
  atomic_fetch_and(&memory->sleeping[index / 32], ~(1u << (index % 32)));
  for (uint32_t i = 0; i < memory->slot_count; i++) {
    struct phpack_slot *slot = phpack_slot_at(memory, i);
    uint32_t claim = atomic_load(&slot->claim);
    if (claim == PHPACK_CLAIM_TAKEN(index)) {
      slot->outcome = memory->workers[index].kill_reason ? PHPACK_OUTCOME_TIMEOUT
                      : WIFSIGNALED(status)              ? PHPACK_OUTCOME_SIGNALED
                                                         : PHPACK_OUTCOME_EXITED;
      slot->outcome_detail =
          (uint32_t)(WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
      atomic_store(&slot->claim, claim = PHPACK_DONE);
    }
    if (claim == PHPACK_DONE) {
      atomic_fetch_or(&memory->news[i / 32], 1u << (i % 32));
    }
  }
  atomic_fetch_add(&memory->deaths, 1);
  ring_doorbell();
  if (!atomic_load(&memory->stop)) start_worker(index);
  if (atomic_load(&memory->ring_head) == atomic_load(&memory->ring_tail)) return;
  for (uint32_t i = 0; i < memory->worker_count; i++) {
    uint32_t bit = 1u << (i % 32);
    if (atomic_fetch_and(&memory->sleeping[i / 32], ~bit) & bit) {
      bump(&memory->workers[i].bell);
      return;
    }
  }
}

static void reap(void) {
  int status;
  pid_t pid;
  while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
    for (uint32_t i = 0; i < fake.memory->worker_count; i++) {
      if (atomic_load(&fake.memory->workers[i].pid) != (uint32_t)pid) continue;
      fake.memory->workers[i].pid = 0;
      sweep(i, status);
    }
  }
}

static int kill_overdue(void) {
  int alive = 0;
  for (uint32_t i = 0; i < fake.memory->worker_count; i++) {
    struct phpack_worker *worker = &fake.memory->workers[i];
    if (worker->pid) alive++;
    uint32_t started = worker->clock;
    if (!started || !fake.memory->request_timeout_ms || !worker->pid) continue;
    if ((int32_t)(now_ms() - started) <= (int32_t)fake.memory->request_timeout_ms) {
      continue;
    }
    worker->kill_reason = 1;
    if (worker->clock == started) kill((pid_t)worker->pid, SIGKILL);
    else worker->kill_reason = 0;
  }
  return alive;
}

static uint32_t setting(const char *name) {
  const char *value = getenv(name);
  return value ? (uint32_t)strtoul(value, NULL, 10) : 0;
}

int main(void) {
  struct stat status;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getenv("FAKE_FAIL")) {
    /* As scripts and extensions do, who do not know what kind of file it is. */
    FILE *stream = fopen("/dev/stderr", "w");
    if (!stream) return 8;
    fprintf(stream, "first line\nsecond line\nfirst l\xffne of rest");
    fclose(stream);
    return 7;
  }
  if (fstat(PHPACK_FD_MEMORY, &status) != 0) return 2;
  fake.memory = mmap(NULL, (size_t)status.st_size, PROT_READ | PROT_WRITE, MAP_SHARED,
                     PHPACK_FD_MEMORY, 0);
  if (fake.memory == MAP_FAILED || fake.memory->magic != PHPACK_MAGIC) return 3;
  if ((uint32_t)getppid() != fake.memory->front_pid) return 4;
  seed = setting("FAKE_SEED");
  fake.death_per_10k = setting("FAKE_DEATHS");
  fake.pause_per_10k = setting("FAKE_PAUSES");
  signal(SIGPIPE, SIG_IGN);
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  sigprocmask(SIG_BLOCK, &child, NULL);
  usleep(setting("FAKE_STARTUP_MS") * 1000);
  for (uint32_t i = 0; i < fake.memory->worker_count; i++) start_worker(i);
  atomic_store(&fake.memory->ready, 1);
  ring_doorbell();
  for (;;) {
    struct timespec pause = {0, 20000000};
    sigtimedwait(&child, NULL, &pause);
    reap();
    if (kill_overdue() == 0 && atomic_load(&fake.memory->stop)) return 0;
  }
}
