/* How the reference board is wired: a Raspberry Pi Pico, a 4 x 3 keypad, a DS3231, a bolt driver.
 * Another board on the same chip changes this file alone.
 */
#ifndef RP2040_BOARD_H
#define RP2040_BOARD_H

#define PIN_UART_TX 0u
#define PIN_UART_RX 1u
#define PIN_I2C_SDA 4u
#define PIN_I2C_SCL 5u
#define PIN_FIRST_ROW 6u /* 6 to 9, read with pull-ups */
#define KEYPAD_ROWS 4u
#define PIN_FIRST_COLUMN 10u /* 10 to 12, pulled low one after the other */
#define KEYPAD_COLUMNS 3u
#define PIN_BOLT 13u /* high retracts it */
#define PIN_GREEN 14u
#define PIN_RED 15u
#define PIN_BUZZER 16u

/* Switches close to ground and are then `active`; an absent one is simply not listed. */
#define PIN_LEAF 17u       /* closed while the lid is shut */
#define PIN_RETRACTED 18u  /* closed while the bolt is retracted */
#define PIN_TAMPER 19u     /* closed while the case is shut */
#define PIN_KEY_HOOK 20u   /* closed while the key hangs */
#define PIN_MECHANICAL 21u /* closed while the mechanical key turns */

/* The battery at ADC0 (GPIO 26) through 200 kOhm over 100 kOhm: a third. */
#define ADC_BATTERY 0u
#define PIN_BATTERY 26u
#define BATTERY_NUMERATOR 3u
#define ADC_TEMPERATURE 4u
#define ADC_REFERENCE_MV 3300u

#define CLOCK_HZ 133000000u
#define CRYSTAL_HZ 12000000u
#define LINK_BAUD 115200u
#define WATCHDOG_MS 4000u

#endif
