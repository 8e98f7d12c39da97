/* The registers of the RP2040 that this board needs (RP2040 datasheet, chapters 2 and 4). */
#ifndef RP2040_REGISTERS_H
#define RP2040_REGISTERS_H

#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(address))
/* Each register has aliases that set, clear or flip single bits (2.1.2). */
#define SET_BITS(address) REGISTER((address) + 0x2000u)
#define CLEAR_BITS(address) REGISTER((address) + 0x3000u)

/* Flash through the cache, which is flushed after every change (2.6.3). */
#define XIP_BASE 0x10000000u
#define FLASH_BYTES 0x00200000u

#define RESETS_BASE 0x4000C000u /* 2.14 */
#define RESETS_RESET (RESETS_BASE + 0x0u)
#define RESETS_DONE (RESETS_BASE + 0x8u)
#define RESET_ADC (1u << 0)
#define RESET_I2C0 (1u << 3)
#define RESET_IO_BANK0 (1u << 5)
#define RESET_PADS_BANK0 (1u << 8)
#define RESET_PLL_SYS (1u << 12)
#define RESET_TIMER (1u << 21)
#define RESET_UART0 (1u << 22)

#define CLOCKS_BASE 0x40008000u /* 2.15.7 */
#define CLK_REF_CTRL (CLOCKS_BASE + 0x30u)
#define CLK_REF_SELECTED (CLOCKS_BASE + 0x38u)
#define CLK_SYS_CTRL (CLOCKS_BASE + 0x3Cu)
#define CLK_SYS_SELECTED (CLOCKS_BASE + 0x44u)
#define CLK_PERI_CTRL (CLOCKS_BASE + 0x48u)
#define CLK_ADC_CTRL (CLOCKS_BASE + 0x60u)
#define CLK_ENABLE (1u << 11)
#define CLK_AUX_XOSC_ADC (3u << 5)
#define CLK_AUX_XOSC_PERI (4u << 5)

#define XOSC_BASE 0x40024000u /* 2.16 */
#define XOSC_CTRL (XOSC_BASE + 0x0u)
#define XOSC_STATUS (XOSC_BASE + 0x4u)
#define XOSC_STARTUP (XOSC_BASE + 0xCu)

#define PLL_SYS_BASE 0x40028000u /* 2.18 */
#define PLL_CS (PLL_SYS_BASE + 0x0u)
#define PLL_PWR (PLL_SYS_BASE + 0x4u)
#define PLL_FBDIV (PLL_SYS_BASE + 0x8u)
#define PLL_PRIM (PLL_SYS_BASE + 0xCu)

#define ROSC_RANDOMBIT 0x4006001Cu /* 2.17.8 */

#define IO_BANK0_BASE 0x40014000u /* 2.19.6 */
#define GPIO_CTRL(pin) (IO_BANK0_BASE + 8u * (pin) + 4u)
#define FUNCTION_UART 2u
#define FUNCTION_I2C 3u
#define FUNCTION_SIO 5u
#define PADS_BANK0_BASE 0x4001C000u
#define PAD(pin) (PADS_BANK0_BASE + 4u + 4u * (pin))
#define PAD_OUTPUT_DISABLE (1u << 7)
#define PAD_INPUT (1u << 6)
#define PAD_4MA (1u << 4)
#define PAD_PULL_UP (1u << 3)
#define PAD_SCHMITT (1u << 1)
#define SIO_BASE 0xD0000000u /* 2.3.1.7 */
#define GPIO_IN (SIO_BASE + 0x04u)
#define GPIO_OUT_SET (SIO_BASE + 0x14u)
#define GPIO_OUT_CLEAR (SIO_BASE + 0x18u)
#define GPIO_OE_SET (SIO_BASE + 0x24u)
#define GPIO_OE_CLEAR (SIO_BASE + 0x28u)

#define UART0_BASE 0x40034000u /* 4.2.8 */
#define UART_DR (UART0_BASE + 0x00u)
#define UART_FR (UART0_BASE + 0x18u)
#define UART_IBRD (UART0_BASE + 0x24u)
#define UART_FBRD (UART0_BASE + 0x28u)
#define UART_LCR_H (UART0_BASE + 0x2Cu)
#define UART_CR (UART0_BASE + 0x30u)
#define UART_IFLS (UART0_BASE + 0x34u)
#define UART_IMSC (UART0_BASE + 0x38u)
#define UART_ICR (UART0_BASE + 0x44u)
#define UART0_IRQ 20u

#define I2C0_BASE 0x40044000u /* 4.3.17 */
#define I2C_CON (I2C0_BASE + 0x00u)
#define I2C_TAR (I2C0_BASE + 0x04u)
#define I2C_DATA_CMD (I2C0_BASE + 0x10u)
#define I2C_FS_SCL_HCNT (I2C0_BASE + 0x1Cu)
#define I2C_FS_SCL_LCNT (I2C0_BASE + 0x20u)
#define I2C_RAW_INTR_STAT (I2C0_BASE + 0x34u)
#define I2C_CLR_TX_ABRT (I2C0_BASE + 0x54u)
#define I2C_CLR_STOP_DET (I2C0_BASE + 0x60u)
#define I2C_ENABLE (I2C0_BASE + 0x6Cu)
#define I2C_RXFLR (I2C0_BASE + 0x78u)
#define I2C_SDA_HOLD (I2C0_BASE + 0x7Cu)
#define I2C_SPKLEN (I2C0_BASE + 0xA0u)

#define ADC_BASE 0x4004C000u /* 4.9.6 */
#define ADC_CS (ADC_BASE + 0x0u)
#define ADC_RESULT (ADC_BASE + 0x4u)

#define TIMER_BASE 0x40054000u /* 4.6.5 */
#define TIMER_RAW_HIGH (TIMER_BASE + 0x24u)
#define TIMER_RAW_LOW (TIMER_BASE + 0x28u)

#define WATCHDOG_BASE 0x40058000u /* 4.7.6 */
#define WATCHDOG_CTRL (WATCHDOG_BASE + 0x00u)
#define WATCHDOG_LOAD (WATCHDOG_BASE + 0x04u)
#define WATCHDOG_REASON (WATCHDOG_BASE + 0x08u)
#define WATCHDOG_SCRATCH0 (WATCHDOG_BASE + 0x0Cu)
#define WATCHDOG_SCRATCH1 (WATCHDOG_BASE + 0x10u)
#define WATCHDOG_TICK (WATCHDOG_BASE + 0x2Cu)
#define PSM_WATCHDOG_SELECT 0x40010008u /* 2.13.5 */

#define SYSTICK_CONTROL 0xE000E010u /* ARMv6-M Architecture Reference Manual, B3.3 and B3.4 */
#define SYSTICK_RELOAD 0xE000E014u
#define SYSTICK_VALUE 0xE000E018u
#define NVIC_ENABLE 0xE000E100u
#define VECTOR_TABLE 0xE000ED08u

static inline void wait_for(uint32_t address, uint32_t bits)
{
    while ((REGISTER(address) & bits) != bits) {
    }
}

/* Takes peripherals out of reset. */
static inline void release_reset(uint32_t bits)
{
    SET_BITS(RESETS_RESET) = bits;
    CLEAR_BITS(RESETS_RESET) = bits;
    wait_for(RESETS_DONE, bits);
}

#endif
