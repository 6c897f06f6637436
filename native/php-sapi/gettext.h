/* gettext's state does not outlive its request. */
#ifndef PHPACK_SAPI_GETTEXT_H
#define PHPACK_SAPI_GETTEXT_H

/* In the zygote, after module startup. */
void phpack_watch_gettext(void);

void phpack_reset_gettext(void);

#endif
