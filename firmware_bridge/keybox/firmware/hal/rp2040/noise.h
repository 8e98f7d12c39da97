/* Random bits from the ring oscillator.
 *
 * The chip has no certified source. What comes out is good for what the protocol draws here, nonces
 * and the log's epoch, which need to be new rather than secret. No key is ever drawn on the device.
 */
#ifndef RP2040_NOISE_H
#define RP2040_NOISE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void noise_start(void);
bool noise_random(void *self, uint8_t *data, size_t length);

#endif
