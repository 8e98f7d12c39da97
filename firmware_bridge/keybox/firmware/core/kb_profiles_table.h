/* Generated from wire/offline_profiles.py: do not edit. */
#ifndef KB_PROFILES_TABLE_H
#define KB_PROFILES_TABLE_H

#define KB_EARLY_S 3600u
#define KB_LIFETIME_S 788918400u
#define KB_MAX_BOUND 100000u
#define KB_PROFILE_COUNT 3u

#ifdef KB_PROFILES_DATA /* for kb_profiles.c alone */
static const struct kb_shape KB_SHAPES_1[] = { /* quarter */
    {900u, 3600u, 876576u, false},
    {900u, 5400u, 876576u, false},
    {900u, 7200u, 876576u, false},
    {900u, 9000u, 876576u, false},
    {900u, 10800u, 876576u, false},
    {900u, 14400u, 876576u, false},
    {900u, 18000u, 876576u, false},
    {900u, 21600u, 876576u, false},
    {900u, 28800u, 876576u, false},
    {900u, 43200u, 876576u, false},
    {900u, 3600u, 876576u, true},
    {900u, 10800u, 876576u, true},
    {900u, 43200u, 876576u, true},
    {86400u, 86400u, 9131u, false},
    {86400u, 172800u, 9131u, false},
    {86400u, 259200u, 9131u, false},
    {86400u, 604800u, 9131u, false},
    {86400u, 1209600u, 9131u, false},
    {86400u, 2678400u, 9131u, false},
};

static const struct kb_shape KB_SHAPES_2[] = { /* hour */
    {3600u, 3600u, 219144u, false},
    {3600u, 7200u, 219144u, false},
    {3600u, 10800u, 219144u, false},
    {3600u, 14400u, 219144u, false},
    {3600u, 18000u, 219144u, false},
    {3600u, 21600u, 219144u, false},
    {3600u, 28800u, 219144u, false},
    {3600u, 36000u, 219144u, false},
    {3600u, 43200u, 219144u, false},
    {3600u, 86400u, 219144u, false},
    {3600u, 172800u, 219144u, false},
    {3600u, 3600u, 219144u, true},
    {3600u, 14400u, 219144u, true},
    {3600u, 43200u, 219144u, true},
    {3600u, 86400u, 219144u, true},
    {86400u, 86400u, 9131u, false},
    {86400u, 172800u, 9131u, false},
    {86400u, 259200u, 9131u, false},
    {86400u, 604800u, 9131u, false},
    {86400u, 1209600u, 9131u, false},
    {86400u, 2678400u, 9131u, false},
    {86400u, 7948800u, 9131u, false},
};

static const struct kb_shape KB_SHAPES_3[] = { /* hour_8 */
    {3600u, 3600u, 219144u, false},
    {3600u, 7200u, 219144u, false},
    {3600u, 10800u, 219144u, false},
    {3600u, 14400u, 219144u, false},
    {3600u, 21600u, 219144u, false},
    {3600u, 28800u, 219144u, false},
    {3600u, 43200u, 219144u, false},
    {3600u, 86400u, 219144u, false},
    {3600u, 7200u, 219144u, true},
    {3600u, 43200u, 219144u, true},
    {86400u, 86400u, 9131u, false},
    {86400u, 172800u, 9131u, false},
    {86400u, 259200u, 9131u, false},
    {86400u, 604800u, 9131u, false},
    {86400u, 1209600u, 9131u, false},
    {86400u, 2678400u, 9131u, false},
};

static const struct kb_profile KB_PROFILES[KB_PROFILE_COUNT] = {
    {1u, 9u, 16u, 4u, 4u, 19u, 600u, KB_SHAPES_1},
    {2u, 9u, 16u, 4u, 4u, 22u, 600u, KB_SHAPES_2},
    {3u, 8u, 8u, 2u, 2u, 16u, 600u, KB_SHAPES_3},
};
#endif

#endif
