/* What a keypad may open, computed the other way round than the device does: digits are opened, and
 * what they say is sealed again and held against time, generation and earlier use.
 */
#ifndef FUZZ_JUDGE_H
#define FUZZ_JUDGE_H

#include "board.h"

struct judge {
    const struct kb_profile *profile;
    char typed[64]; /* keys since the last `*` or `#` */
    unsigned count;
    uint64_t idle_ms; /* since the last key */
    bool paused;    /* ten seconds passed within them: the device may have forgotten the first ones */
    unsigned starts; /* of the device, as the last key was pressed: it forgets keys with its power */
    bool confirmed; /* the last key was `#` */
    bool was_locked_out;
    uint8_t newest;
    uint32_t used[256]; /* payloads of one-time codes that opened */
    unsigned used_count;
    bool host_may_open; /* an authentic host with `operate` has asked for something */
    bool clock_was_set; /* by an authentic host, to whatever it liked */
    bool leaves;        /* somebody inside has just pressed the request to exit */
    unsigned openings;
    /* the lockout as it was last seen */
    uint32_t lockout_s;
    uint64_t lockout_ms;
};

extern struct judge judge;

void judge_begin(uint8_t profile);
/* Before a key is pressed. */
void judge_key(char key);
void judge_wait(uint64_t ms);
/* After every step: what must hold at all times. */
void judge_look(void);
/* The digits of a code; gives how many. */
unsigned judge_seal(const struct kb_sealed_code *code, char digits[10]);

#endif
