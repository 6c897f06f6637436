/* Some functions change what PHP does not undo at the end of a request: signal handlers,
 * user and group, limits, priority, what a person has typed. Under php-fpm the next
 * visitor's request runs with it (a pcntl_alarm() kills somebody else's request). Here a
 * worker that called one of them serves its request to the end and is then replaced by a
 * fresh one. */
#include "taint.h"

#include <php.h>
#include <string.h>

static struct watched {
  const char *name;
  zend_function *function; /* NULL: the extension is not there */
  zif_handler handler;     /* its own */
} watched[] = {
    {"chroot", NULL, NULL},
    {"mb_regex_set_options", NULL, NULL},
    {"pcntl_alarm", NULL, NULL},     {"pcntl_fork", NULL, NULL},
    {"pcntl_rfork", NULL, NULL},     {"pcntl_setcpuaffinity", NULL, NULL},
    {"pcntl_setns", NULL, NULL},     {"pcntl_setpriority", NULL, NULL},
    {"pcntl_signal", NULL, NULL},    {"pcntl_sigprocmask", NULL, NULL},
    {"pcntl_unshare", NULL, NULL},   {"posix_initgroups", NULL, NULL},
    {"posix_setegid", NULL, NULL},   {"posix_seteuid", NULL, NULL},
    {"posix_setgid", NULL, NULL},    {"posix_setpgid", NULL, NULL},
    {"posix_setrlimit", NULL, NULL}, {"posix_setsid", NULL, NULL},
    {"posix_setuid", NULL, NULL},    {"proc_nice", NULL, NULL},
    {"readline_add_history", NULL, NULL},
    {"readline_info", NULL, NULL},
    {"readline_read_history", NULL, NULL},
};

#define WATCHED (sizeof watched / sizeof watched[0])

static bool is_tainted;

/* Stands in for all of them. Marks first: the function may not come back. Known by its
 * name: closures of it (`pcntl_signal(...)`) are copies that share the string. */
static void mark_and_call(INTERNAL_FUNCTION_PARAMETERS) {
  is_tainted = true;
  const zend_string *name = EX(func)->common.function_name;
  for (size_t i = 0; i < WATCHED; i++) {
    const zend_function *function = watched[i].function;
    if (!function || function->common.function_name != name) continue;
    watched[i].handler(INTERNAL_FUNCTION_PARAM_PASSTHRU);
    return;
  }
}

void phpack_watch_process_functions(void) {
  for (size_t i = 0; i < WATCHED; i++) {
    const char *name = watched[i].name;
    zend_function *function =
        zend_hash_str_find_ptr(CG(function_table), name, strlen(name));
    /* disable_functions takes functions out of the table. */
    if (!function || function->type != ZEND_INTERNAL_FUNCTION) continue;
    watched[i].function = function;
    watched[i].handler = function->internal_function.handler;
    function->internal_function.handler = mark_and_call;
  }
}

void phpack_taint(void) { is_tainted = true; }

bool phpack_is_tainted(void) { return is_tainted; }
