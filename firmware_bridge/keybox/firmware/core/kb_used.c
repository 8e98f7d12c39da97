#include "kb_used.h"

/* Longer than a code lives: setting the clock may take back what a code had pushed it forward by, a
 * used code must not open again for that. Two hours are more than any profile's doubt. */
#define GRACE_S 7200u

bool kb_used_holds(const struct kb_used *used, uint32_t payload)
{
    for (uint8_t i = 0; i < used->count; i++) {
        if (used->payload[i] == payload) {
            return true;
        }
    }
    return false;
}

void kb_used_expire(struct kb_used *used, uint32_t earliest_s)
{
    uint8_t kept = 0;
    for (uint8_t i = 0; i < used->count; i++) {
        if (earliest_s < used->end_s[i] + GRACE_S) {
            used->payload[kept] = used->payload[i];
            used->end_s[kept] = used->end_s[i];
            kept++;
        }
    }
    used->count = kept;
}

bool kb_used_add(struct kb_used *used, uint32_t payload, uint32_t end_s)
{
    if (used->count == KB_USED_MAX) {
        return false;
    }
    used->payload[used->count] = payload;
    used->end_s[used->count] = end_s;
    used->count++;
    return true;
}
