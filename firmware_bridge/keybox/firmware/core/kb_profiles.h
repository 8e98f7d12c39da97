/* The profiles of sealed codes; kb_profiles_table.h is generated from wire/offline_profiles.py. */
#ifndef KB_PROFILES_H
#define KB_PROFILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kb_shape {
    uint32_t grid_s;
    uint32_t duration_s;
    uint32_t slots; /* how many starts there are */
    bool once;
};

struct kb_profile {
    uint8_t number;
    uint8_t digits;
    uint8_t generations;
    uint8_t ahead;
    uint8_t variants;
    uint8_t shape_count;
    uint16_t drift_s;
    const struct kb_shape *shapes;
};

#include "kb_profiles_table.h"

/* NULL where no profile has the number. */
const struct kb_profile *kb_profile_numbered(uint8_t number);
/* Whether a blind try at this profile hits at most 1 in KB_MAX_BOUND, and its sizes fit the code:
 * the self-test asks it of every profile, so that a table that was edited by hand opens nothing. */
bool kb_profile_holds(const struct kb_profile *profile);

#endif
