/* Raw bits -> von Neumann (takes the bias out, not the dependence) -> SHA-256 over a pool.
 *
 * Health, as NIST SP 800-90B has it (4.4.1, 4.4.2), on the raw bits: so many alike on end, or so many
 * ones in a window, come once in 2^30 even from a source with half a bit of entropy a bit.
 */
#include "noise.h"

#include "clocks.h"
#include "kb_mem.h"
#include "kb_sha256.h"
#include "registers.h"

#define ALIKE_ON_END 61u /* 1 + 30 / 0.5 */
#define WINDOW 1024u
#define ONES_AT_MOST 809u /* of a binomial with 2^-0.5: passed once in 2^30 */
#define BITS_A_DRAW 512u  /* unbiased ones, into each block of output */
#define TRIES (BITS_A_DRAW * 32u)

static uint8_t pool[KB_SHA256_SIZE];
static uint32_t alike, last, seen, ones;

/* One raw bit; false where the source has failed. */
static bool raw_bit(uint32_t *bit)
{
    for (volatile unsigned wait = 0; wait < 8u; wait++) { /* the oscillator is slower than we are */
    }
    *bit = REGISTER(ROSC_RANDOMBIT) & 1u;
    alike = *bit == last ? alike + 1u : 1u;
    last = *bit;
    ones += *bit;
    if (++seen == WINDOW) {
        bool sound = ones <= ONES_AT_MOST && WINDOW - ones <= ONES_AT_MOST;
        seen = ones = 0;
        if (!sound) {
            return false;
        }
    }
    return alike < ALIKE_ON_END;
}

static bool stir(void)
{
    struct kb_sha256 hash;
    uint64_t now = clocks_us();
    uint32_t taken = 0, gathered = 0, first, second;
    kb_sha256_init(&hash);
    kb_sha256_update(&hash, pool, sizeof pool);
    kb_sha256_update(&hash, &now, sizeof now);
    for (uint32_t tries = 0; tries < TRIES && taken < BITS_A_DRAW; tries++) {
        if (!raw_bit(&first) || !raw_bit(&second)) {
            return false;
        }
        if (first != second) {
            gathered = gathered << 1 | first;
            if (++taken % 32u == 0) {
                kb_sha256_update(&hash, &gathered, sizeof gathered);
            }
        }
    }
    kb_sha256_final(&hash, pool);
    return taken == BITS_A_DRAW;
}

void noise_start(void)
{
    uint32_t bit;
    alike = seen = ones = 0;
    for (unsigned i = 0; i < 2u * WINDOW; i++) {
        (void)raw_bit(&bit); /* a failure here shows again at the first draw */
    }
}

bool noise_random(void *self, uint8_t *data, size_t length)
{
    uint8_t block[KB_SHA256_SIZE + 1u], digest[KB_SHA256_SIZE];
    (void)self;
    while (length > 0) {
        size_t part = length < sizeof digest ? length : sizeof digest;
        if (!stir()) {
            return false;
        }
        memcpy(block, pool, sizeof pool); /* the pool itself never leaves */
        block[sizeof pool] = 'o';
        kb_sha256(block, sizeof block, digest);
        memcpy(data, digest, part);
        data += part;
        length -= part;
    }
    kb_wipe(block, sizeof block);
    kb_wipe(digest, sizeof digest);
    return true;
}
