#include "kb_code.h"

#include "kb_mem.h"

#define ROUNDS 10u
#define EARLY_S KB_EARLY_S

static const uint8_t KEY_LABEL[] = "kagimori/sealed-code/key/v1";
static const uint8_t ROUND_LABEL[] = "kagimori/sealed-code/v1";

void kb_code_key(struct kb_hmac_key *key, const uint8_t secret[32], const uint8_t lock[16])
{
    struct kb_hmac hmac;
    struct kb_hmac_key master;
    uint8_t derived[KB_SHA256_SIZE];
    kb_hmac_prepare(&master, secret, 32);
    kb_hmac_init(&hmac, &master);
    kb_hmac_update(&hmac, KEY_LABEL, sizeof KEY_LABEL - 1);
    kb_hmac_update(&hmac, lock, 16);
    kb_hmac_final(&hmac, derived);
    kb_hmac_prepare(key, derived, sizeof derived);
    kb_wipe(&master, sizeof master);
    kb_wipe(derived, sizeof derived);
}

static uint32_t power_of_ten(unsigned exponent)
{
    uint32_t power = 1;
    while (exponent-- > 0) {
        power *= 10;
    }
    return power;
}

/* The first 64 bits of the round's HMAC, modulo a power of ten up to 100,000. */
static uint32_t round_value(const struct kb_profile *profile, const struct kb_hmac_key *key,
                            unsigned step, uint32_t half, uint32_t modulus)
{
    uint8_t message[sizeof ROUND_LABEL - 1 + 7];
    uint8_t digest[KB_SHA256_SIZE];
    uint8_t *at = message + sizeof ROUND_LABEL - 1;
    memcpy(message, ROUND_LABEL, sizeof ROUND_LABEL - 1);
    at[0] = profile->number;
    at[1] = profile->digits;
    at[2] = (uint8_t)step;
    (void)kb_put32(at + 3, half);
    kb_hmac_of(key, message, sizeof message, digest);
    /* By halves of 8 bits: below modulus * 256 all along, so no 64-bit division is needed. */
    uint32_t rest = 0;
    for (size_t i = 0; i < 8; i++) {
        rest = (rest << 8 | digest[i]) % modulus;
    }
    return rest;
}

static uint32_t number_of(const char *digits, size_t count)
{
    uint32_t number = 0;
    for (size_t i = 0; i < count; i++) {
        number = number * 10 + (uint32_t)(digits[i] - '0');
    }
    return number;
}

/* From a code to its payload: the Feistel network backwards. */
static uint64_t unpermute(const struct kb_profile *profile, const struct kb_hmac_key *key,
                          const char *digits)
{
    unsigned split = profile->digits / 2u;
    uint32_t small = power_of_ten(split);
    uint32_t large = power_of_ten(profile->digits - split);
    uint32_t left = number_of(digits, split);
    uint32_t right = number_of(digits + split, profile->digits - split);
    for (unsigned step = ROUNDS; step-- > 0;) {
        uint32_t modulus = step % 2 == 0 ? small : large;
        /* `left` of a step is `right` of the one before; both keep below their own modulus. */
        uint32_t before =
            (right + modulus - round_value(profile, key, step, left, modulus)) % modulus;
        right = left;
        left = before;
    }
    return (uint64_t)left * large + right;
}

static bool read_payload(const struct kb_profile *profile, uint64_t payload,
                         struct kb_sealed_code *code)
{
    uint64_t below = 0;
    for (uint8_t number = 0; number < profile->shape_count; number++) {
        const struct kb_shape *shape = &profile->shapes[number];
        uint32_t size = shape->slots * profile->generations * profile->variants;
        if (payload < below + size) {
            uint32_t rest = (uint32_t)(payload - below);
            uint32_t place = rest / profile->variants;
            code->shape = number;
            code->variant = (uint8_t)(rest % profile->variants);
            code->generation = (uint8_t)(place % profile->generations);
            code->slot = place / profile->generations;
            code->payload = (uint32_t)payload;
            code->start_s = code->slot * shape->grid_s;
            code->end_s = code->start_s + shape->duration_s;
            return true;
        }
        below += size;
    }
    return false;
}

bool kb_code_open(const struct kb_profile *profile, const struct kb_hmac_key *key,
                  const char *digits, size_t count, struct kb_sealed_code *code)
{
    if (count != profile->digits) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (digits[i] < '0' || digits[i] > '9') {
            return false;
        }
    }
    return read_payload(profile, unpermute(profile, key, digits), code);
}

static uint8_t steps_ahead(const struct kb_profile *profile, uint8_t generation, uint8_t newest)
{
    unsigned circle = profile->generations;
    return (uint8_t)((generation + circle - newest % circle) % circle);
}

bool kb_code_is_ahead(const struct kb_profile *profile, uint8_t generation, uint8_t newest)
{
    uint8_t steps = steps_ahead(profile, generation, newest);
    return steps > 0 && steps < profile->ahead;
}

bool kb_code_is_once(const struct kb_profile *profile, const struct kb_sealed_code *code)
{
    return profile->shapes[code->shape].once;
}

enum kb_verdict kb_window_judge(uint32_t start_s, uint32_t end_s, struct kb_interval clock)
{
    if (start_s > clock.latest_s) {
        return start_s - clock.latest_s <= EARLY_S ? KB_EARLY : KB_NOT_YET;
    }
    return clock.earliest_s >= end_s ? KB_EXPIRED : KB_VALID;
}

enum kb_verdict kb_code_judge(const struct kb_profile *profile, const struct kb_sealed_code *code,
                              struct kb_interval clock, uint8_t newest)
{
    if (steps_ahead(profile, code->generation, newest) >= profile->ahead) {
        return KB_RETIRED;
    }
    return kb_window_judge(code->start_s, code->end_s, clock);
}
