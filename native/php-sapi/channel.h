/* This process' view of the channel: the mapping, the descriptors, and the few moves of
 * native/channel/PROTOCOL.md that zygote and workers share. */
#ifndef PHPACK_SAPI_CHANNEL_H
#define PHPACK_SAPI_CHANNEL_H

#include <layout.h>
#include <stdbool.h>

/* Mapped once by phpack_channel_open, before the first fork; never unmapped. */
extern struct phpack_channel *phpack_channel;

/* Takes over descriptors 3 to 6. Returns NULL, or what is wrong with them. */
const char *phpack_channel_open(void);

struct phpack_slot *phpack_slot(uint32_t index);

/* CLOCK_MONOTONIC in milliseconds, low word. */
uint32_t phpack_now_ms(void);

/* Sleeps until somebody wakes the futex; returns at once if it is not `seen` any more,
 * and for no reason at all when a signal comes. */
void phpack_futex_wait(phpack_word *word, uint32_t seen);

/* Tells the front that something about the slot has changed. */
void phpack_post_news(uint32_t slot);
void phpack_ring_doorbell(void);
void phpack_set_news(uint32_t slot);

/* Wakes one worker that sleeps, if there are requests. */
void phpack_wake_sleeper(void);

#endif
