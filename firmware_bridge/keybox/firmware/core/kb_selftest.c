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

/* The example of docs/offline-pin.md, so that a compiler that gets a division wrong opens nothing. */
static bool opens(void)
{
    static const uint8_t LOCK[16] = {0x01, 0xa0, 0xc4, 0x50, 0x6c, 0x03, 0x70, 0x00,
                                     0x80, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07};
    uint8_t secret[32];
    struct kb_hmac_key key;
    struct kb_sealed_code code;
    for (size_t i = 0; i < sizeof secret; i++) {
        secret[i] = (uint8_t)(0xa0 + i);
    }
    kb_code_key(&key, secret, LOCK);
    return kb_code_open(kb_profile_numbered(1), &key, "203322459", 9, &code) && code.shape == 0 &&
           code.slot == 66890 && code.generation == 3 && code.variant == 1 &&
           !kb_code_open(kb_profile_numbered(1), &key, "075502579", 9, &code);
}

bool kb_selftest(void)
{
    for (uint16_t number = 0; number <= 0xFF; number++) {
        const struct kb_profile *profile = kb_profile_numbered((uint8_t)number);
        if (profile != NULL && !kb_profile_holds(profile)) {
            return false;
        }
    }
    return hashes() && opens();
}
