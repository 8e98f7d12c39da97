/* The loader: picks the slot, puts its image into RAM and starts it. Never updated, and trusts
 * nothing but the hash that kb_update_boot has checked.
 */
#include "clocks.h"
#include "flash.h"
#include "kb_mem.h"
#include "kb_update.h"
#include "layout.h"
#include "registers.h"
#include "vectors.h"
#include "watchdog.h"

extern uint32_t stack_top, data_start, data_end, data_source, bss_start, bss_end;

void loader_reset(void);

/* A fault, or no image that may be started: the watchdog tries again in four seconds, for good. */
static void wait_for_watchdog(void)
{
    for (;;) {
    }
}

static const struct vectors __attribute__((used, section(".vectors"))) loader_vectors = {
    .stack_top = &stack_top,
    .reset = loader_reset,
    .non_maskable = wait_for_watchdog,
    .hard_fault = wait_for_watchdog,
};

static void __attribute__((noreturn)) start(const uint32_t *image)
{
    REGISTER(VECTOR_TABLE) = (uint32_t)(uintptr_t)image;
    __asm volatile("msr msp, %0\n\tbx %1" : : "r"(image[0]), "r"(image[1]) : "memory");
    __builtin_unreachable();
}

static void __attribute__((used, noreturn)) loader_main(void)
{
    static struct kb_hal hal;
    uint32_t *image = (uint32_t *)(uintptr_t)IMAGE_ADDRESS;
    uint8_t slot;
    watchdog_start();
    clocks_start();
    flash_start();
    hal.nv_read = flash_nv_read;
    hal.nv_erase = flash_nv_erase;
    hal.nv_program = flash_nv_program;
    hal.watchdog_kick = watchdog_kick;
    slot = kb_update_boot(&hal);
    if (slot > 1u) {
        wait_for_watchdog();
    }
    (void)flash_nv_read(0, slot == 0 ? KB_AREA_SLOT_0 : KB_AREA_SLOT_1, 0, image, IMAGE_ROOM);
    REGISTER(WATCHDOG_SCRATCH1) = STARTED_SLOT | slot;
    watchdog_kick(0);
    start(image);
}

void loader_reset(void)
{
    memcpy(&data_start, &data_source, (size_t)((uint8_t *)&data_end - (uint8_t *)&data_start));
    memset(&bss_start, 0, (size_t)((uint8_t *)&bss_end - (uint8_t *)&bss_start));
    loader_main();
}
