/* Start of the zygote: channel, signals, module startup. What happens here happens once
 * for all workers, and what is random must not happen here: children would share it. */
#include "zygote.h"

#include <php.h>
#include <SAPI.h>
#include <php_ini.h>
#include <php_main.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>
#include <zend_signal.h>

#include "channel.h"
#include "flush.h"
#include "leftovers.h"
#include "limit.h"
#include "log.h"
#include "opcache.h"
#include "sapi.h"
#include "supervisor.h"
#include "taint.h"

/* sysexits.h: EX_USAGE, EX_SOFTWARE, EX_CONFIG. */
enum { BAD_START = 64, BAD_PHP = 70, BAD_INI = 78 };

static int refuse(const char *problem) {
  fprintf(stderr, "phpack-zygote: %s\n", problem);
  return BAD_START;
}

/* Only the front decides when to stop: PROTOCOL.md "Starting, stopping, signals". A
 * handler and not SIG_IGN, which programs that scripts start would inherit; for SIGPIPE
 * alike. */
void phpack_ignore_signal(int signal_number) { (void)signal_number; }

static void catch_signals(void) {
  struct sigaction action = {.sa_handler = phpack_ignore_signal, .sa_flags = SA_RESTART};
  static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE};
  for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
    sigaction(caught[i], &action, NULL);
  }
  signal(SIGCHLD, SIG_DFL);
}

static int start_php(void) {
#ifdef ZEND_SIGNALS
  zend_signal_startup();
#endif
  sapi_startup(&phpack_sapi_module);
  if (phpack_sapi_module.startup(&phpack_sapi_module) == FAILURE) return FAILURE;
  /* Nobody needs to be brought back to a directory: see enter_directory. */
  SG(options) |= SAPI_OPTION_NO_CHDIR;
#ifdef ZEND_SIGNALS
  /* Else every request puts handlers of the engine before our empty ones, by seven system
   * calls, and without SA_RESTART: a signal would cut short what a script waits for. */
  SIGG(reset) = 0;
#endif
  phpack_watch_process_functions();
  phpack_watch_leftovers();
  phpack_extend_flush();
  phpack_limit_watch();
  phpack_opcache_watch();
  return SUCCESS;
}

/* PHP starts all the same when it cannot open its php.ini, or takes another one it finds,
 * and ignores what follows a line it does not understand: visitors would see errors. The
 * last line of ours (runtime/php/ini.ts) tells. */
static bool is_configured(void) {
  static const char last[] = "phpack.complete";
  return cfg_get_entry(last, sizeof last - 1) != NULL;
}

static int refuse_to_run_unconfigured(void) {
  const char *path = getenv("PHPRC");
  fprintf(stderr,
          "phpack-zygote: PHPACK_E_PHP_START: php.ini was not read to its end: %s\n",
          path ? path : "PHPRC is not set");
  return BAD_INI;
}

int phpack_zygote_main(char *name) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  /* Other processes of the same user cannot look into this one and its workers, as with
   * php-fpm's process.dumpable = no. What scripts execute starts without it. */
  prctl(PR_SET_DUMPABLE, 0);
  const char *problem = phpack_channel_open();
  if (problem) return refuse(problem);
  /* The front may have died before the first line. */
  if ((uint32_t)getppid() != phpack_settings.front_pid)
    return refuse("its server is gone");
  prctl(PR_SET_NAME, "phpack-zygote");
  /* What scripts leave running comes to the zygote, which buries it: in a container the
   * first process is often the server itself, which would keep zombies. */
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  catch_signals();
  if (start_php() == FAILURE) return BAD_PHP;
  if (!is_configured()) return refuse_to_run_unconfigured();
  phpack_log_use_channel();
  return phpack_supervise(name);
}
