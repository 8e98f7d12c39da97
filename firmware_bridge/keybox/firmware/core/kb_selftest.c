#include "kb_box.h"
#include "kb_mem.h"

/* FIPS 180-4, "abc"; RFC 4231, case 2. */
static const uint8_t ABC[8] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea};
static const uint8_t JEFE[8] = {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e};

static bool hashes(void)
{
    static const char WHAT[] = "what do ya want for nothing?";
    uint8_t digest[KB_SHA256_SIZE];
    struct kb_hmac_key key;
    kb_sha256("abc", 3, digest);
    if (!kb_same(digest, ABC, sizeof ABC)) {
        return false;
    }
    kb_hmac_prepare(&key, (const uint8_t *)"Jefe", 4);
    kb_hmac_of(&key, WHAT, sizeof WHAT - 1, digest);
    return kb_same(digest, JEFE, sizeof JEFE);
}

bool kb_selftest(void)
{
    for (uint16_t number = 0; number <= 0xFF; number++) {
        const struct kb_profile *profile = kb_profile_numbered((uint8_t)number);
        if (profile != NULL && !kb_profile_holds(profile)) {
            return false;
        }
    }
    return hashes();
}
