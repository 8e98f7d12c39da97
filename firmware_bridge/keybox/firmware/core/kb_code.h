/* Sealed codes: docs/offline-pin.md in C. From the digits to a payload by a keyed permutation, from
 * the payload to shape, slot, generation and variant, and from these and the clock to a verdict. */
#ifndef KB_CODE_H
#define KB_CODE_H

#include "kb_profiles.h"
#include "kb_sha256.h"

/* In the order of the log's reasons (docs/keybox-link.md), so that a verdict is a reason. */
enum kb_verdict {
    KB_VALID = 1,
    KB_NOT_A_CODE = 2,
    KB_RETIRED = 3,
    KB_NOT_YET = 4,
    KB_EARLY = 5,
    KB_EXPIRED = 6,
    KB_USED = 7,
    KB_THROTTLED = 8,
    KB_CLOCK_UNKNOWN = 9,
    KB_ONE_TIME_FULL = 10,
    KB_NO_SECRET = 11
};

struct kb_sealed_code {
    uint8_t shape;
    uint8_t generation;
    uint8_t variant;
    uint32_t slot;
    uint32_t payload;
    uint32_t start_s; /* the window [start, end) since the epoch */
    uint32_t end_s;
};

/* Where the true time lies, seconds since the epoch, both ends included. */
struct kb_interval {
    uint32_t earliest_s;
    uint32_t latest_s;
};

/* The key of a lock's permutation: HMAC(secret 32, label | lock id 16). */
void kb_code_key(struct kb_hmac_key *key, const uint8_t secret[32], const uint8_t lock[16]);
/* Whether `count` digits are a code of this lock; its fields where they are. */
bool kb_code_open(const struct kb_profile *profile, const struct kb_hmac_key *key,
                  const char *digits, size_t count, struct kb_sealed_code *code);
/* What a code comes to; `newest` is the newest generation that was seen. Knows no used codes:
 * kb_used does, and is asked about a VALID one of a one-time shape. */
enum kb_verdict kb_code_judge(const struct kb_profile *profile, const struct kb_sealed_code *code,
                              struct kb_interval clock, uint8_t newest);
bool kb_code_is_once(const struct kb_profile *profile, const struct kb_sealed_code *code);
/* Whether `generation` lies ahead of the newest seen, so that taking it retires others. */
bool kb_code_is_ahead(const struct kb_profile *profile, uint8_t generation, uint8_t newest);
/* The verdict on a window alone. */
enum kb_verdict kb_window_judge(uint32_t start_s, uint32_t end_s, struct kb_interval clock);

#endif
