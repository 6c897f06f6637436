/* Running one script for the current request. */
#ifndef PHPACK_SAPI_SCRIPT_H
#define PHPACK_SAPI_SCRIPT_H

#include <stdbool.h>

/* Request startup, script, request shutdown. False: PHP's state cannot be trusted any
 * more, and the process should serve nobody else. */
bool phpack_run_script(void);

#endif
