#include "opcache.h"

#include <php.h>
#include <errno.h>
#include <ext/opcache/ZendAccelerator.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* The kernel gives the lock, a record lock, back when its owner dies. But what the owner
 * was changing is then half changed: a string in the table whose place the next one takes
 * (the next look-up of that chain never ends), or a class name with a slot that another
 * one is given as well. Nothing in the memory tells it from a sound one; so each worker
 * says when it holds the lock. docs/adr/0002. */
static struct {
  int fd; /* -1: OPcache is off */
  bool is_learning;
  struct phpack_worker *shared; /* NULL in the zygote, and in a script's child */
} lock = {.fd = -1};

static void note(uint32_t is_held) {
  if (lock.shared) atomic_store(&lock.shared->holds_opcache, is_held);
}

static bool is_its_lock(int fd, int command, const struct flock *range) {
  return fd == lock.fd && (command == F_SETLKW || command == F_SETLK) &&
         range->l_start == 0;
}

/* Takes libc's place in this executable, as the only way to see when OPcache takes and
 * gives back its lock: it has no hook for that. */
int fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  struct flock *argument = va_arg(arguments, struct flock *); /* or any other */
  va_end(arguments);
  if (lock.is_learning && command == F_SETLKW) lock.fd = fd;
  bool is_its = is_its_lock(fd, command, argument);
  if (is_its && argument->l_type == F_UNLCK) note(0);
  int result = (int)syscall(SYS_fcntl, fd, command, argument);
  if (is_its && argument->l_type == F_WRLCK && result == 0) note(1);
  return result;
}

void phpack_opcache_watch(void) {
  if (!accel_shared_globals) return;
  lock.is_learning = true;
  zend_shared_alloc_lock();
  zend_shared_alloc_unlock();
  lock.is_learning = false;
}

void phpack_opcache_begin(struct phpack_worker *shared) { lock.shared = shared; }

/* As zend_accel_schedule_restart(), without waiting for the lock, as the zygote must not
 * wait for a worker; and the cache is on afterwards, also when the dead one had turned it
 * off for a restart that it did not finish. */
void phpack_opcache_restart(void) {
  if (lock.fd < 0) return;
  zend_long force_after = ZCG(accel_directives).force_restart_timeout;
  SHM_UNPROTECT();
  ZCSG(accelerator_enabled) = false;
  ZCSG(cache_status_before_restart) = true;
  ZCSG(restart_reason) = ACCEL_RESTART_USER;
  ZCSG(force_restart_time) = force_after ? time(NULL) + force_after : 0;
  atomic_thread_fence(memory_order_seq_cst);
  ZCSG(restart_pending) = true;
  SHM_PROTECT();
}
