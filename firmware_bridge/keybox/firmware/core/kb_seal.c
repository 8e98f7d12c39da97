#include "kb_seal.h"

#include "kb_mem.h"
#include "kb_sha256.h"

static const uint8_t ENC_LABEL[] = "kagimori/keybox/seal/enc/v1";
static const uint8_t MAC_LABEL[] = "kagimori/keybox/seal/mac/v1";

static void derive(struct kb_hmac_key *key, const struct kb_hmac_key *from, const uint8_t *label,
                   size_t length)
{
    uint8_t secret[KB_SHA256_SIZE];
    kb_hmac_of(from, label, length, secret);
    kb_hmac_prepare(key, secret, sizeof secret);
    kb_wipe(secret, sizeof secret);
}

static bool keys_of(const struct kb_hal *hal, struct kb_hmac_key *enc, struct kb_hmac_key *mac)
{
    uint8_t secret[32];
    struct kb_hmac_key board;
    bool given = hal->seal_key(hal->self, secret);
    kb_hmac_prepare(&board, secret, given ? sizeof secret : 0);
    derive(enc, &board, ENC_LABEL, sizeof ENC_LABEL - 1);
    derive(mac, &board, MAC_LABEL, sizeof MAC_LABEL - 1);
    kb_wipe(secret, sizeof secret);
    kb_wipe(&board, sizeof board);
    return given;
}

static void cipher(const struct kb_hmac_key *enc, const uint8_t *nonce, uint8_t *data,
                   size_t length)
{
    uint8_t message[KB_SEAL_NONCE + 2];
    uint8_t block[KB_SHA256_SIZE];
    memcpy(message, nonce, KB_SEAL_NONCE);
    for (size_t i = 0; i < length; i++) {
        if (i % sizeof block == 0) {
            (void)kb_put16(message + KB_SEAL_NONCE, (uint16_t)(i / sizeof block));
            kb_hmac_of(enc, message, sizeof message, block);
        }
        data[i] ^= block[i % sizeof block];
    }
    kb_wipe(block, sizeof block);
}

bool kb_seal(const struct kb_hal *hal, uint8_t *data, size_t length)
{
    struct kb_hmac_key enc, mac;
    uint8_t digest[KB_SHA256_SIZE];
    bool is_ready = keys_of(hal, &enc, &mac) && hal->random(hal->self, data, KB_SEAL_NONCE);
    if (is_ready) {
        cipher(&enc, data, data + KB_SEAL_NONCE, length);
        kb_hmac_of(&mac, data, KB_SEAL_NONCE + length, digest);
        memcpy(data + KB_SEAL_NONCE + length, digest, KB_SEAL_TAG);
    }
    kb_wipe(&enc, sizeof enc);
    kb_wipe(&mac, sizeof mac);
    return is_ready;
}

bool kb_unseal(const struct kb_hal *hal, uint8_t *data, size_t length)
{
    struct kb_hmac_key enc, mac;
    uint8_t digest[KB_SHA256_SIZE];
    bool is_ours = length >= KB_SEAL_EXTRA && keys_of(hal, &enc, &mac);
    if (!is_ours) {
        return false;
    }
    kb_hmac_of(&mac, data, length - KB_SEAL_TAG, digest);
    is_ours = kb_same(digest, data + length - KB_SEAL_TAG, KB_SEAL_TAG);
    if (is_ours) {
        cipher(&enc, data, data + KB_SEAL_NONCE, length - KB_SEAL_EXTRA);
    }
    kb_wipe(&enc, sizeof enc);
    kb_wipe(&mac, sizeof mac);
    return is_ours;
}
