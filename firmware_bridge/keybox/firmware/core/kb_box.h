/* A key box or serial lock: everything it knows, in one struct that the caller provides.
 *
 *     static struct kb_box box;
 *     kb_box_init(&box, &hal);
 *     for (;;) { sleep for kb_box_poll(&box) ms, or until a byte, a key or a switch; }
 */
#ifndef KB_BOX_H
#define KB_BOX_H

#include "kb_door.h"
#include "kb_frame.h"
#include "kb_hal.h"
#include "kb_keys.h"
#include "kb_list.h"
#include "kb_log.h"
#include "kb_session.h"
#include "kb_state.h"
#include "kb_update.h"

#define KB_SUPPLY_LOW_MV 2400u

struct kb_supply {
    uint16_t battery_mv;
    int16_t temperature;
    bool is_low;
    bool has_logged;
    uint16_t logged_mv;
    uint64_t measured_ms;
    uint64_t logged_ms;
    bool is_wanted; /* measure at the next poll */
};

struct kb_box {
    const struct kb_hal *hal;
    /* Whether self-test and storage are in order. One that is not fit opens for no code, but can
     * be read and updated. */
    bool is_fit;
    bool has_state; /* what is remembered could be read; if not, it is not overwritten either */
    struct kb_state state;
    struct kb_store store;
    struct kb_log log;
    struct kb_list list;
    struct kb_update update;
    struct kb_door door;
    struct kb_keys keys;
    struct kb_supply supply;
    struct kb_frame_reader reader;
    struct kb_session session;
    const struct kb_profile *profile; /* NULL where no code secret is installed */
    /* derived keys */
    struct kb_hmac_key code_key, ticket_key, receipt_key, wrap_key, list_key;
    /* the moment of this poll */
    uint64_t now_ms;
    bool is_rtc_known;
    uint32_t rtc_s;
    bool has_more; /* bytes on the link than were taken */
    bool is_time_known;
    struct kb_interval time;
    /* running times */
    uint64_t budget_ms;   /* until where the budget has been counted */
    uint64_t host_ms;     /* when a host was last there */
    bool has_logged_throttled;
    uint64_t throttled_ms;
    bool had_session; /* since this start */
    bool is_rebooting;
    uint64_t reboot_ms;
    bool is_halted; /* the hardware was asked to reboot */
};

void kb_box_init(struct kb_box *box, const struct kb_hal *hal);
/* Does what is due; gives the milliseconds until something is due again without any input. */
uint32_t kb_box_poll(struct kb_box *box);

/* For the parts of the box. */

/* Reads RTC and clock anew, after the time was set. */
void kb_box_look_at_clock(struct kb_box *box);
bool kb_box_save(struct kb_box *box);
/* Writes a record with the present time; false where the log fails. */
bool kb_box_log(struct kb_box *box, enum kb_log_kind kind, uint8_t reason, const uint8_t *data,
                size_t length);
uint16_t kb_box_inputs(const struct kb_box *box);
/* Derives the keys of what `state` holds. */
void kb_box_derive(struct kb_box *box);

/* kb_entry.c: a confirmed entry at the keypad. */
void kb_entry_take(struct kb_box *box, const char *digits, size_t count);
/* Starts the lockout of a box whose last try was spent as the power went. */
void kb_entry_resume(struct kb_box *box);

/* kb_selftest.c: whether hashing, permutation and profiles are what they should be. */
bool kb_selftest(void);

#endif
