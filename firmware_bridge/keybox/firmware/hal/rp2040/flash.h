/* The flash behind the XIP, by the areas of kb_hal. Erasing and programming go through the boot
 * ROM's functions, and for as long as one runs nothing may be fetched from flash: these functions
 * lie in RAM, and so must whatever an interrupt meanwhile calls.
 */
#ifndef RP2040_FLASH_H
#define RP2040_FLASH_H

#include "kb_hal.h"

void flash_start(void);
bool flash_nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length);
bool flash_nv_erase(void *self, enum kb_area area, uint32_t offset);
bool flash_nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                      uint32_t length);

#endif
