/* What fork() must not let a child inherit. popen() and posix_spawn() do not come here:
 * libc resets the handlers, and exec closes the descriptors. */
#include "forked.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "channel.h"
#include "limit.h"
#include "opcache.h"
#include "request.h"
#include "zygote.h"

static pid_t worker_pid;
static bool is_forked;
static sigset_t mask_before;

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};

/* proc_open() forks, and proc_terminate() may come before the child has reached its exec:
 * until then the empty handler would swallow the signal. So it is held back, and meets
 * the default in the child. */
static void before_fork(void) {
  sigset_t held;
  sigemptyset(&held);
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++)
    sigaddset(&held, caught[i]);
  pthread_sigmask(SIG_BLOCK, &held, &mask_before);
}

static void after_fork_in_parent(void) {
  pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

static void after_fork_in_child(void) {
  is_forked = true;
  /* From now on the callbacks discard what this process writes. */
  phpack_request.slot = NULL;
  phpack_drop_ends();
  /* The memory is not there any more. */
  phpack_limit_begin(NULL);
  phpack_opcache_begin(NULL);
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
    struct sigaction now;
    /* A script's own handler stays: it chose to have it in its children. */
    if (sigaction(caught[i], NULL, &now) != 0) continue;
    if (now.sa_handler == phpack_ignore_signal) signal(caught[i], SIG_DFL);
  }
  pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
}

void phpack_watch_forks(void) {
  worker_pid = getpid();
  phpack_keep_from_children();
  pthread_atfork(before_fork, after_fork_in_parent, after_fork_in_child);
}

/* The second look is for a clone() past libc, as FFI could do it. */
bool phpack_is_forked(void) { return is_forked || getpid() != worker_pid; }
