/* The firmware on this board: fills the table of the hardware and polls the box. */
#include "board.h"
#include "clocks.h"
#include "ds3231.h"
#include "flash.h"
#include "kb_box.h"
#include "kb_mem.h"
#include "layout.h"
#include "noise.h"
#include "panel.h"
#include "pins.h"
#include "registers.h"
#include "supply.h"
#include "uart.h"
#include "vectors.h"
#include "watchdog.h"

/* Put in by the build: KAGIMORI_FIRMWARE_KEY is the release key, 32 bytes with commas between. */
static const uint8_t release_key[32] = {KAGIMORI_FIRMWARE_KEY};

extern uint32_t stack_top, bss_start, bss_end;

void firmware_reset(void);

static struct kb_box box;

static void wait_for_watchdog(void)
{
    for (;;) {
    }
}

static const struct vectors __attribute__((used, section(".vectors"))) firmware_vectors = {
    .stack_top = &stack_top,
    .reset = firmware_reset,
    .non_maskable = wait_for_watchdog,
    .hard_fault = wait_for_watchdog,
    .supervisor_call = wait_for_watchdog,
    .pend_supervisor = wait_for_watchdog,
    .systick = panel_interrupt,
    .interrupts = {[UART0_IRQ] = uart_interrupt},
};

static uint64_t monotonic_ms(void *self)
{
    (void)self;
    return clocks_us() / 1000u;
}

static const struct kb_hal hal = {
    .firmware_version = KAGIMORI_FIRMWARE_VERSION,
    .firmware_key = release_key,
    .uart_read = uart_link_read,
    .uart_write = uart_link_write,
    .rtc_read = ds3231_read,
    .rtc_write = ds3231_write,
    .monotonic_ms = monotonic_ms,
    .random = noise_random,
    .nv_read = flash_nv_read,
    .nv_erase = flash_nv_erase,
    .nv_program = flash_nv_program,
    .battery_mv = supply_battery_mv,
    .temperature = supply_temperature,
    .inputs = panel_inputs,
    .inputs_fitted = PANEL_FITTED,
    .key = panel_key,
    .bolt = panel_bolt,
    .feedback = panel_feedback,
    .watchdog_kick = watchdog_kick,
    .reboot = watchdog_reboot,
    .slot = watchdog_slot,
    .reset_cause = watchdog_reset_cause,
    .image_room = IMAGE_ROOM,
};

static void __attribute__((used, noreturn)) firmware_main(void)
{
    watchdog_start();
    clocks_start();
    pins_start();
    panel_start();
    uart_start();
    supply_start();
    ds3231_start();
    noise_start();
    flash_start();
    kb_box_init(&box, &hal);
    uint64_t due_us = 0;
    for (;;) {
        watchdog_kick(0);
        if (clocks_us() >= due_us || uart_has_bytes() || panel_has_news()) {
            uint32_t due_ms = kb_box_poll(&box);
            due_us = clocks_us() + (uint64_t)due_ms * 1000u;
        } else {
            /* Sleeps until an interrupt: a byte, or the scan of the panel within 5 ms. */
            __asm volatile("wfi" ::: "memory");
        }
    }
}

void firmware_reset(void)
{
    memset(&bss_start, 0, (size_t)((uint8_t *)&bss_end - (uint8_t *)&bss_start));
    firmware_main();
}
