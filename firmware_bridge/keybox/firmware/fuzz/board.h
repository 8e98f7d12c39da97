/* A board for fuzzing: storage in memory that can lose its power, time by hand, and a judge who is
 * asked whenever the bolt is released.
 */
#ifndef FUZZ_BOARD_H
#define FUZZ_BOARD_H

#include "kb_box.h"

#define BASE_S 50000000u /* when every run begins, seconds of the sealed codes' epoch */

/* The device of every run; its secrets are known to the fuzz targets, and to nobody the device would
 * take for its host. */
extern const uint8_t DEVICE_ID[16];
extern const uint8_t MAINTENANCE[32];
extern const uint8_t CODE_SECRET[32];
extern const uint8_t RELEASE_KEY[32];

struct board {
    struct kb_hal hal;
    struct kb_box box;
    uint64_t true_ms; /* since BASE_S */
    uint64_t start_ms;
    bool rtc_known;
    int64_t rtc_offset_s; /* what the chip shows beyond the true time */
    const uint8_t *incoming;
    size_t incoming_left;
    uint8_t answers[4096]; /* what the device has sent since it was last taken */
    size_t answers_length;
    char key;
    uint16_t inputs;
    uint8_t slot;
    enum kb_reset reset;
    bool dead, wants_reboot, is_released;
    long writes_left; /* until the power goes; negative: never */
    uint32_t random;
    unsigned starts; /* of the device, in this run */
    void (*judge)(void); /* the bolt is being released */
};

extern struct board board;

/* A failed property: says which, and ends the process as a crash. */
#define MUST(condition) ((condition) ? (void)0 : board_fail(#condition, __FILE__, __LINE__))
void board_fail(const char *what, const char *file, int line);

/* Once: makes the storage of a provisioned device, from which every run begins. */
void board_prepare(void);
/* A run: kind and profile as wanted (or a blank device), which has just started. */
void board_begin(enum kb_kind kind, uint8_t profile, bool blank);
/* An area, to be written to past the device. */
uint8_t *board_area(enum kb_area area);
/* Power on: boot loader and firmware. */
void board_start(enum kb_reset reset);
/* Polls; a power cut or a reboot that came of it is carried through. */
void board_poll(void);
void board_wait(uint64_t ms);
void board_press(char key);
void board_receive(const uint8_t *data, size_t length);
uint32_t board_true_s(void);

#endif
