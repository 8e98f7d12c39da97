/* Ed25519 verification (RFC 8032, section 5.1.7). The box signs nothing.
 *
 * Signature, key and message are public, so the running time may depend on them and does.
 *
 * Accepted is what satisfies the equation *without* the cofactor, [S]B = R + [h]A, as OpenSSL
 * checks it: R' = [S]B - [h]A is encoded and compared with R byte for byte, so an R that is not
 * canonical never passes. Refused besides: S >= L; a key whose y is not below p, that is not on the
 * curve, or that is "minus zero" (all by section 5.1.3); and a key of small order, with which
 * signatures can hold for any message. OpenSSL takes the first and the last of these keys:
 * everything taken here is taken there, never the reverse.
 */
#ifndef KB_ED25519_H
#define KB_ED25519_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KB_ED25519_KEY_BYTES 32u
#define KB_ED25519_SIGNATURE_BYTES 64u

/* Whether `signature` (R | S) is that of `message` under `key`. */
bool kb_ed25519_verify(const uint8_t key[KB_ED25519_KEY_BYTES], const uint8_t *message,
                       size_t length, const uint8_t signature[KB_ED25519_SIGNATURE_BYTES]);

#endif
