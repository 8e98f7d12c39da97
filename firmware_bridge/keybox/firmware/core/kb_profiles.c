#define KB_PROFILES_DATA
#include "kb_profiles.h"

#define DAY_S 86400u

const struct kb_profile *kb_profile_numbered(uint8_t number)
{
    for (size_t i = 0; i < KB_PROFILE_COUNT; i++) {
        if (KB_PROFILES[i].number == number) {
            return &KB_PROFILES[i];
        }
    }
    return NULL;
}

static bool shape_holds(const struct kb_shape *shape)
{
    return shape->grid_s >= 60 && shape->duration_s >= shape->grid_s &&
           DAY_S % shape->grid_s == 0 && shape->slots == KB_LIFETIME_S / shape->grid_s;
}

bool kb_profile_holds(const struct kb_profile *profile)
{
    uint64_t codes = 1;
    uint64_t starts = 0;
    uint64_t capacity = 0;
    if (profile->digits < 6 || profile->digits > 10 || profile->ahead < 1 ||
        profile->ahead >= profile->generations || profile->generations > 64 ||
        profile->variants < 1 || profile->variants > 64) {
        return false;
    }
    for (unsigned i = 0; i < profile->digits; i++) {
        codes *= 10;
    }
    for (size_t i = 0; i < profile->shape_count; i++) {
        const struct kb_shape *shape = &profile->shapes[i];
        uint32_t span = shape->duration_s + 2u * profile->drift_s + KB_EARLY_S;
        if (!shape_holds(shape)) {
            return false;
        }
        starts += (span + shape->grid_s - 1) / shape->grid_s;
        capacity += (uint64_t)shape->slots * profile->generations * profile->variants;
    }
    /* Payloads are kept in 32 bits. */
    return capacity <= codes && capacity <= 0xFFFFFFFFu &&
           starts * profile->ahead * profile->variants * KB_MAX_BOUND <= codes;
}
