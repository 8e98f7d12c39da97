/* Where everything lies: in 1 MiB of flash, in RAM, and what loader and firmware tell each other.
 *
 * A firmware image runs from RAM, where the loader puts it. So the same signed image serves both
 * slots, flash can be programmed while it runs, and no instruction ever waits for flash.
 */
#ifndef RP2040_LAYOUT_H
#define RP2040_LAYOUT_H

#include "kb_hal.h"

#define LOADER_BYTES 0x8000u /* boot2 in its first 256 bytes */

#define BOOT_OFFSET LOADER_BYTES
#define STATE_OFFSET (BOOT_OFFSET + KB_BOOT_SECTORS * KB_SECTOR)
#define LOG_OFFSET (STATE_OFFSET + KB_STATE_SECTORS * KB_SECTOR)
#define LIST_0_OFFSET (LOG_OFFSET + KB_LOG_SECTORS * KB_SECTOR)
#define LIST_1_OFFSET (LIST_0_OFFSET + KB_LIST_SECTORS * KB_SECTOR)
#define LISTS_END (LIST_1_OFFSET + KB_LIST_SECTORS * KB_SECTOR)
#define SLOT_0_OFFSET 0x20000u
#define SLOT_1_OFFSET (SLOT_0_OFFSET + KB_SLOT_SECTORS * KB_SECTOR)
#define SLOTS_END (SLOT_1_OFFSET + KB_SLOT_SECTORS * KB_SECTOR)

#define IMAGE_ADDRESS 0x20000000u
#define IMAGE_ROOM 0x30000u /* 192 KiB; the firmware's own data and stack take the rest */

/* In scratch register 1 of the watchdog, which a reset leaves alone: which slot was started. */
#define STARTED_SLOT 0x4B420000u
/* In scratch register 0: the firmware asked for this reset. */
#define ASKED_FOR_RESET 0x4B425253u

#endif
