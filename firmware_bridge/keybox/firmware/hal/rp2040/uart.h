/* UART0, by interrupt in both directions: the device may be busy for a tenth of a second. */
#ifndef RP2040_UART_H
#define RP2040_UART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void uart_start(void);
size_t uart_link_read(void *self, uint8_t *data, size_t room);
void uart_link_write(void *self, const uint8_t *data, size_t length);
/* Whether bytes wait to be read. */
bool uart_has_bytes(void);
void uart_interrupt(void);

#endif
