/* A peer for the front that speaks the zygote's and the workers' side of PROTOCOL.md
 * without PHP, and that can die between any two steps of it. */
#ifndef PHPACK_TEST_FAKE_H
#define PHPACK_TEST_FAKE_H

#include "../../../native/channel/layout.h"

struct fake {
  struct phpack_channel *memory;
  uint32_t worker;         /* index of this process */
  uint64_t random;         /* state of this process' generator */
  uint32_t death_per_10k;  /* chance to die at a point */
  uint32_t pause_per_10k;  /* chance to lose the processor there */
};

extern struct fake fake;

/* A step ends here: dies or pauses as the seed wants it. */
void point(void);
uint32_t roll(uint32_t sides);

void ring_doorbell(void);
void wake(phpack_word *word);
void post_news(uint32_t slot);
void bump(phpack_word *bell);

/* Takes and serves requests until told to stop; returns the exit status. */
int work(void);
/* Runs the script named by the request's query string. */
void serve(uint32_t slot);

#endif
