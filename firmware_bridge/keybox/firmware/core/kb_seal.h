/* Sealing what a device remembers under a key that its flash does not hold.
 *
 *   sealed = nonce 16 | plaintext XOR keystream | tag 16
 *   enc, mac        = HMAC(board's key, "kagimori/keybox/seal/enc/v1"), HMAC(..., "...seal/mac/v1")
 *   keystream block = HMAC(enc, nonce | n 2)
 *   tag             = HMAC(mac, nonce | ciphertext)[:16]
 *
 * It hides the secrets from who reads the flash, and refuses what others have written. It does not
 * tell an old copy, put back, from a new one.
 */
#ifndef KB_SEAL_H
#define KB_SEAL_H

#include "kb_hal.h"

#define KB_SEAL_NONCE 16u
#define KB_SEAL_TAG 16u
#define KB_SEAL_EXTRA (KB_SEAL_NONCE + KB_SEAL_TAG)

/* Seals `length` bytes that stand KB_SEAL_NONCE behind `data`, in place; false where the board gives
 * no key or no nonce. `data` then holds `length + KB_SEAL_EXTRA` bytes. */
bool kb_seal(const struct kb_hal *hal, uint8_t *data, size_t length);
/* Opens `length` sealed bytes; the plaintext then stands KB_SEAL_NONCE behind `data`. False where
 * they are not of this board's key. */
bool kb_unseal(const struct kb_hal *hal, uint8_t *data, size_t length);

#endif
