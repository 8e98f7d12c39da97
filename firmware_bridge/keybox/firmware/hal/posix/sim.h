/* The simulated board: flash in a file, a clock that runs by itself or by hand, switches by word.
 *
 * sim_flash.c holds the storage, sim_board.c the hardware table, sim_words.c the words on stdin.
 */
#ifndef SIM_H
#define SIM_H

#include "kb_box.h"

#define SIM_LINK_ROOM 4096u

/* Kept at the front of the state file: what a battery keeps alive beside the flash. */
struct sim_kept {
    uint8_t magic[8];
    uint64_t true_ms;  /* of the manual clock */
    int64_t rtc_ms;    /* what the RTC shows at `rtc_true_ms` */
    uint64_t rtc_true_ms;
    uint32_t rtc_known;
};

struct sim {
    struct kb_hal hal;
    struct kb_box box;
    /* storage */
    struct sim_kept *kept;
    uint8_t *flash;
    uint64_t writes;    /* erasures and programmings since the start */
    uint64_t die_after; /* the one that is torn, 0: none */
    uint64_t torn_seed; /* another one tears it in another place */
    /* time */
    bool is_manual;
    uint64_t start_true_ms; /* of the box: its power came then */
    double rtc_ppm;
    /* link */
    int link_fd; /* -1: by the word `link` */
    uint8_t link[SIM_LINK_ROOM];
    size_t link_length;
    size_t link_taken;
    /* board */
    char keys[256];
    size_t keys_length;
    size_t keys_taken;
    uint16_t inputs;
    bool is_stuck;     /* the bolt does not follow */
    bool is_bolt_manual;
    bool is_released;
    uint64_t bolt_ms;  /* when it was last driven */
    uint16_t battery_mv;
    int16_t temperature;
    enum kb_reset reset;
    bool wants_reboot;
    bool is_storage_broken; /* flash takes nothing any more */
    bool is_log_broken; /* the log's part of it alone */
    bool is_random_broken;
    uint64_t random; /* state of the seeded source, 0: the system's */
    uint8_t firmware_key[32];
    uint32_t firmware_version;
    uint8_t slot;
};

/* sim_flash.c: false with a message on stderr. */
bool sim_flash_open(struct sim *sim, const char *path);
bool sim_nv_read(void *self, enum kb_area area, uint32_t offset, void *data, uint32_t length);
bool sim_nv_erase(void *self, enum kb_area area, uint32_t offset);
bool sim_nv_program(void *self, enum kb_area area, uint32_t offset, const void *data,
                    uint32_t length);

/* sim_board.c */
void sim_board_init(struct sim *sim);
uint64_t sim_true_ms(const struct sim *sim);
/* Power comes: the boot loader's choice, then the box. */
void sim_start(struct sim *sim, enum kb_reset reset);
/* Polls until nothing is due at this moment; gives the milliseconds until something is. */
uint32_t sim_settle(struct sim *sim);
/* Lets manual time pass. */
void sim_advance(struct sim *sim, uint64_t ms);
void sim_set_rtc(struct sim *sim, uint32_t seconds);
/* A line on stdout, at once. */
void sim_say(const char *format, ...);

/* sim_words.c: carries out a line; false for `quit`. */
bool sim_word(struct sim *sim, char *line);

#endif
