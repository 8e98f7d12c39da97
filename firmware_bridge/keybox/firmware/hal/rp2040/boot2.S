@ Second stage of the boot: 256 bytes that the boot ROM copies to RAM, checks by the CRC in the last
@ four of them and calls (RP2040 datasheet, 2.8.1.3). It lets the SSI fetch code from any serial flash
@ with the plain read command 03h and 24 address bits, at a quarter of the system clock, and starts
@ the vector table behind itself.
@ `rp2040_build.py` pads it and puts in the CRC.
    .syntax unified
    .cpu cortex-m0plus
    .thumb

    .equ SSI, 0x18000000        @ 4.10.13
    .equ SSI_CTRLR0, 0x00
    .equ SSI_CTRLR1, 0x04
    .equ SSI_ENABLE, 0x08
    .equ SSI_BAUD, 0x14
    .equ SSI_SPI_CTRLR0, 0xF4

    .section .boot2, "ax"
    .global boot2
    .thumb_func
boot2:
    push {lr}
    ldr r3, =SSI
    movs r1, #0
    str r1, [r3, #SSI_ENABLE]   @ settings hold still while it is on
    movs r1, #4                 @ 133 MHz / 4 = 33 MHz; 03h is good for 50 on all common parts
    str r1, [r3, #SSI_BAUD]
    ldr r1, =(31 << 16) | (3 << 8)  @ frames of 32 bits; send a command, then receive
    str r1, [r3, #SSI_CTRLR0]
    movs r1, #0                 @ one frame an access
    str r1, [r3, #SSI_CTRLR1]
    ldr r1, =(0x03 << 24) | (2 << 8) | (6 << 2)  @ command 03h of 8 bits, 6 * 4 address bits
    ldr r2, =SSI + SSI_SPI_CTRLR0
    str r1, [r2]
    movs r1, #1
    str r1, [r3, #SSI_ENABLE]

    pop {r0}
    cmp r0, #0                  @ the boot ROM calls with no return address
    beq start_loader
    bx r0
start_loader:
    ldr r0, =0x10000100
    ldr r1, =0xE000ED08         @ VTOR
    str r0, [r1]
    ldmia r0, {r0, r1}
    msr msp, r0
    bx r1
    .pool
