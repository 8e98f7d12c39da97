#include "uart.h"

#include "board.h"
#include "pins.h"
#include "registers.h"

#define RING 2048u /* 170 ms at 115200 baud; a power of two */
#define FLAG_RX_EMPTY (1u << 4)
#define FLAG_TX_FULL (1u << 5)
#define INTERRUPT_RX (1u << 4)
#define INTERRUPT_TX (1u << 5)
#define INTERRUPT_RX_TIMEOUT (1u << 6)
#define ERRORS 0xF00u /* overrun, break, parity, framing of this byte */

/* One side writes `in`, the other `out`; both run on and are taken modulo the size. */
struct ring {
    volatile uint32_t in, out;
    uint8_t bytes[RING];
};

static struct ring incoming, outgoing;

static void fill_transmitter(void)
{
    while (outgoing.out != outgoing.in && (REGISTER(UART_FR) & FLAG_TX_FULL) == 0) {
        REGISTER(UART_DR) = outgoing.bytes[outgoing.out % RING];
        outgoing.out++;
    }
}

void uart_interrupt(void)
{
    while ((REGISTER(UART_FR) & FLAG_RX_EMPTY) == 0) {
        uint32_t word = REGISTER(UART_DR);
        /* A byte with an error, or without room, is left out: its frame's crc will not hold. */
        if ((word & ERRORS) == 0 && incoming.in - incoming.out < RING) {
            incoming.bytes[incoming.in % RING] = (uint8_t)word;
            incoming.in++;
        }
    }
    REGISTER(UART_ICR) = INTERRUPT_RX | INTERRUPT_RX_TIMEOUT | INTERRUPT_TX;
    fill_transmitter();
}

void uart_start(void)
{
    /* Divisor in 1/64: clk_peri * 4 / baud. */
    uint32_t divisor = (CRYSTAL_HZ * 4u + LINK_BAUD / 2u) / LINK_BAUD;
    release_reset(RESET_UART0);
    pin_function(PIN_UART_TX, FUNCTION_UART, false);
    pin_function(PIN_UART_RX, FUNCTION_UART, true);
    REGISTER(UART_IBRD) = divisor >> 6;
    REGISTER(UART_FBRD) = divisor & 63u;
    REGISTER(UART_LCR_H) = 3u << 5 | 1u << 4; /* 8N1, with the FIFOs */
    REGISTER(UART_IFLS) = 2u << 3 | 1u << 0;  /* receive at a half, send at a quarter */
    REGISTER(UART_IMSC) = INTERRUPT_RX | INTERRUPT_RX_TIMEOUT | INTERRUPT_TX;
    REGISTER(UART_CR) = 1u << 9 | 1u << 8 | 1u << 0;
    REGISTER(NVIC_ENABLE) = 1u << UART0_IRQ;
}

bool uart_has_bytes(void)
{
    return incoming.in != incoming.out;
}

size_t uart_link_read(void *self, uint8_t *data, size_t room)
{
    size_t count = 0;
    (void)self;
    while (count < room && incoming.out != incoming.in) {
        data[count++] = incoming.bytes[incoming.out % RING];
        incoming.out++;
    }
    return count;
}

void uart_link_write(void *self, const uint8_t *data, size_t length)
{
    (void)self;
    for (size_t i = 0; i < length; i++) {
        while (outgoing.in - outgoing.out >= RING) { /* three answers wait: let them go */
        }
        outgoing.bytes[outgoing.in % RING] = data[i];
        outgoing.in++;
    }
    /* The transmitter interrupts when it has run low, so it must be filled to begin with; and not
     * while the interrupt does so itself. */
    __asm volatile("cpsid i" ::: "memory");
    fill_transmitter();
    __asm volatile("cpsie i" ::: "memory");
}
