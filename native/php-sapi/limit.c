/* A request over its limit is ended here as PHP ends one over max_execution_time: by a
 * fatal error at the next safe point of the engine, never in the midst of a function that
 * may hold a lock. */
#include "limit.h"

#include <php.h>
#include <errno.h>
#include <signal.h>

#include "channel.h"
#include "request.h"
#include "response.h"

static struct {
  struct phpack_worker *shared; /* NULL in the zygote, and in a script's child */
  /* The clock that the signal brought, until the engine has come to a safe point. */
  phpack_word told;
  volatile bool has_struck;
} limit;

static void (*next_interrupt)(zend_execute_data *execute_data);

/* A signal may come late: after the end of the request that it is for, when another one
 * runs. Each has a clock of its own. The visitor is answered at once, as the script may
 * take long to come to a safe point: PHP's page for fatal errors, and what shutdown
 * functions print, would only tell him that the application failed. */
static void on_signal(int number, siginfo_t *info, void *context) {
  (void)number, (void)context;
  uint32_t clock = (uint32_t)info->si_value.sival_int;
  if (info->si_code != SI_QUEUE || !limit.shared || clock == 0) return;
  if (clock != atomic_load(&limit.shared->clock)) return;
  int error = errno;
  limit.has_struck = true;
  phpack_response_give_up();
  atomic_store(&limit.told, clock);
  zend_atomic_bool_store_ex(&EG(vm_interrupt), true);
  errno = error;
}

ZEND_NORETURN static void strike(uint32_t clock) {
  bool is_finished = (clock & PHPACK_CLOCK_KIND) == PHPACK_CLOCK_FINISHED;
  atomic_store(&limit.shared->ended_clock, clock);
  if (zend_on_timeout) zend_on_timeout(0); /* connection_status() tells of it */
  zend_error_noreturn(E_ERROR, "Maximum execution time of %u ms %s exceeded",
                      is_finished ? phpack_settings.after_finish_timeout_ms
                                  : phpack_settings.request_timeout_ms,
                      is_finished ? "after the response" : "for one request");
}

/* The engine's safe points: loops, calls, and returns from internal functions. */
static void on_interrupt(zend_execute_data *execute_data) {
  uint32_t clock = atomic_exchange(&limit.told, 0);
  /* Not in a forked child, whose request is the parent's. */
  if (clock != 0 && phpack_request.slot && clock == atomic_load(&limit.shared->clock)) {
    strike(clock);
  }
  if (next_interrupt) next_interrupt(execute_data);
}

void phpack_limit_watch(void) {
  /* Without SA_RESTART, so that sleep() and its like end; no script can take the signal
   * over by mistake, and one that does on purpose is killed after the grace. */
  struct sigaction action = {.sa_sigaction = on_signal,
                             .sa_flags = SA_ONSTACK | SA_SIGINFO};
  sigaction(PHPACK_SIGNAL_END, &action, NULL);
  next_interrupt = zend_interrupt_function;
  zend_interrupt_function = on_interrupt;
}

void phpack_limit_begin(struct phpack_worker *shared) { limit.shared = shared; }

static void set_clock(uint32_t kind) {
  atomic_store(&limit.shared->clock, (phpack_now_ms() & ~PHPACK_CLOCK_KIND) | kind);
}

void phpack_limit_start(void) {
  limit.has_struck = false;
  set_clock(PHPACK_CLOCK_REQUEST);
}

void phpack_limit_finish(void) { set_clock(PHPACK_CLOCK_FINISHED); }

void phpack_limit_stop(void) { atomic_store(&limit.shared->clock, 0); }

bool phpack_limit_has_struck(void) { return limit.has_struck; }
