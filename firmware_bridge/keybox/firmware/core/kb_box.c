#include "kb_box.h"

#include "kb_mem.h"

#define UART_CHUNK 64u
#define UART_CHUNKS 16u /* a poll: a flood on the link must not keep the bolt from falling */
#define BATTERY_EVERY_MS (6u * 3600u * 1000u)
#define BATTERY_LOG_MS (24u * 3600u * 1000u)
#define BATTERY_STEP_MV 50u
#define SUPPLY_STEP_MV 100u /* hysteresis of `supply low` */
#define TRIAL_MS (10u * 60u * 1000u)
#define HOST_GONE_MS 10000u
#define IDLE_MS 3600000u
#define DRIFT_S 600u /* where no profile says */

/* --- what the parts need --------------------------------------------------------------------- */

bool kb_box_save(struct kb_box *box)
{
    box->state.log_floor = box->log.next;
    return box->has_state && kb_state_save(&box->state, &box->store);
}

void kb_box_look_at_clock(struct kb_box *box)
{
    uint16_t drift_s = box->profile != NULL ? box->profile->drift_s : DRIFT_S;
    uint32_t before_s = box->rtc_s;
    box->is_rtc_known = box->hal->rtc_read(box->hal->self, &box->rtc_s);
    bool runs_back = box->rtc_s < before_s || box->rtc_s < box->state.clock.rtc_s;
    if (box->state.clock.is_anchored && (!box->is_rtc_known || runs_back)) {
        /* For good: an RTC that stopped or jumped means nothing, also when it runs again. */
        kb_clock_lose(&box->state.clock);
        (void)kb_box_save(box);
    }
    box->is_time_known = box->is_rtc_known &&
                         kb_clock_read(&box->state.clock, box->rtc_s, drift_s, &box->time);
}

bool kb_box_log(struct kb_box *box, enum kb_log_kind kind, uint8_t reason, const uint8_t *data,
                size_t length)
{
    struct kb_record record = {.error_s = 0xFFFF,
                               .boot = (uint16_t)box->state.boots,
                               .kind = (uint8_t)kind,
                               .reason = reason};
    if (box->is_time_known) {
        record.time_s = kb_clock_middle(box->time);
        record.error_s = (uint16_t)((box->time.latest_s - box->time.earliest_s + 1) / 2);
    }
    if (length > 0) {
        memcpy(record.data, data, length < sizeof record.data ? length : sizeof record.data);
    }
    bool is_written = kb_log_append(&box->log, &record);
    kb_notices_logged(box);
    return is_written;
}

uint16_t kb_box_inputs(const struct kb_box *box)
{
    return (uint16_t)(box->door.inputs | (box->supply.is_low ? KB_IN_SUPPLY_LOW : 0));
}

void kb_box_derive(struct kb_box *box)
{
    box->profile = box->state.secret_version > 0 ? kb_profile_numbered(box->state.profile) : NULL;
    kb_code_key(&box->code_key, box->state.secret, box->state.device);
    kb_opening_derive(box);
}

/* --- start ----------------------------------------------------------------------------------- */

/* A new ring gets its epoch in the state first: power that goes while the old one is erased finds
 * two epochs that differ, and begins again. */
static void start_log(struct kb_box *box)
{
    uint8_t random[4] = {0};
    if (kb_log_open(&box->log, box->hal, box->state.log_epoch, box->state.log_floor) &&
        box->state.log_epoch != 0) {
        return;
    }
    uint32_t before = box->state.log_epoch;
    if (!box->hal->random(box->hal->self, random, sizeof random)) {
        box->is_fit = false;
    }
    box->state.log_epoch = kb_get32(random);
    if (box->state.log_epoch == 0 || box->state.log_epoch == before) {
        box->state.log_epoch = before + 1 == 0 ? 1 : before + 1;
    }
    box->state.log_cleared = 0;
    box->log.next = 0;
    box->is_fit = kb_box_save(box) && box->is_fit;
    box->is_fit = kb_log_reset(&box->log, box->state.log_epoch) && box->is_fit;
}

static void measure_supply(struct kb_box *box)
{
    struct kb_supply *supply = &box->supply;
    uint8_t data[8];
    supply->is_wanted = false;
    supply->measured_ms = box->now_ms;
    supply->battery_mv = box->hal->battery_mv(box->hal->self);
    supply->temperature = box->hal->temperature(box->hal->self);
    bool was_low = supply->is_low;
    uint16_t limit = (uint16_t)(KB_SUPPLY_LOW_MV + (was_low ? SUPPLY_STEP_MV : 0));
    supply->is_low = supply->battery_mv != 0 && supply->battery_mv < limit;
    uint16_t step = (uint16_t)(supply->battery_mv > supply->logged_mv
                                   ? supply->battery_mv - supply->logged_mv
                                   : supply->logged_mv - supply->battery_mv);
    bool is_due = !supply->has_logged || step >= BATTERY_STEP_MV ||
                  box->now_ms - supply->logged_ms >= BATTERY_LOG_MS;
    if (is_due) {
        supply->has_logged = true;
        supply->logged_mv = supply->battery_mv;
        supply->logged_ms = box->now_ms;
        uint8_t *at = kb_put16(kb_put16(data, supply->battery_mv), (uint16_t)supply->temperature);
        (void)kb_put32(at, box->state.uses);
        (void)kb_box_log(box, KB_LOG_BATTERY, 0, data, sizeof data);
        kb_notices_battery(box);
    }
    if (was_low != supply->is_low) {
        kb_notices_inputs(box);
    }
}

void kb_box_init(struct kb_box *box, const struct kb_hal *hal)
{
    memset(box, 0, sizeof *box);
    box->hal = hal;
    kb_door_init(&box->door, hal); /* before all else: secured */
    box->now_ms = hal->monotonic_ms(hal->self);
    box->is_fit = kb_selftest();
    box->has_state = kb_state_open(&box->state, &box->store, hal);
    box->is_fit = box->has_state && box->is_fit;
    (void)kb_update_init(&box->update, hal);
    kb_frame_reader_init(&box->reader);
    kb_box_derive(box);
    kb_entry_resume(box);
    start_log(box);
    box->state.boots++;
    kb_box_look_at_clock(box);
    box->is_fit = kb_box_save(box) && box->is_fit;
    kb_list_init(&box->list, hal, &box->state);
    uint8_t cause[1] = {(uint8_t)box->update.start};
    box->is_fit = kb_box_log(box, KB_LOG_STARTED, 0, cause, sizeof cause) && box->is_fit;
    box->host_ms = box->now_ms;
    box->supply.is_wanted = true;
}

/* --- in the course of time ------------------------------------------------------------------- */

static void run_budget(struct kb_box *box)
{
    uint32_t seconds = (uint32_t)((box->now_ms - box->budget_ms) / 1000);
    bool was_locked = box->state.budget.lockout_s > 0;
    if (seconds == 0) {
        return;
    }
    box->budget_ms += (uint64_t)seconds * 1000;
    if (kb_budget_run(&box->state.budget, seconds)) {
        (void)kb_box_save(box);
    }
    if (was_locked && box->state.budget.lockout_s == 0) {
        box->hal->feedback(box->hal->self, KB_FEEDBACK_IDLE);
    }
}

static void run_uart(struct kb_box *box)
{
    uint8_t bytes[UART_CHUNK];
    size_t count;
    box->has_more = true;
    for (unsigned chunk = 0; chunk < UART_CHUNKS && box->has_more; chunk++) {
        count = box->hal->uart_read(box->hal->self, bytes, sizeof bytes);
        box->has_more = count > 0;
        for (size_t i = 0; i < count; i++) {
            if (kb_frame_take(&box->reader, bytes[i])) {
                kb_session_take(box, box->reader.data, box->reader.length);
            }
        }
    }
}

static void run_keys(struct kb_box *box)
{
    char key;
    kb_keys_age(&box->keys, box->now_ms);
    while ((key = box->hal->key(box->hal->self)) != 0) {
        if (kb_session_has_host(box)) {
            kb_keys_clear(&box->keys);
            kb_notices_key(box, key);
            continue;
        }
        box->hal->feedback(box->hal->self, KB_FEEDBACK_KEY);
        if (!kb_keys_take(&box->keys, key, box->now_ms)) {
            continue;
        }
        if (box->now_ms - box->host_ms < HOST_GONE_MS && box->state.kind == KB_KIND_LOCK) {
            /* Its host may be back in a moment, and would be asked. */
            box->hal->feedback(box->hal->self, KB_FEEDBACK_BUSY);
        } else {
            kb_entry_take(box, box->keys.digits, box->keys.count);
        }
        kb_keys_clear(&box->keys);
    }
}

static void run_door(struct kb_box *box)
{
    uint16_t inputs_before = kb_box_inputs(box);
    uint16_t outputs_before = kb_door_outputs(&box->door);
    uint32_t events = kb_door_poll(&box->door, box->now_ms, box->hal->inputs(box->hal->self));
    for (unsigned kind = 0; events != 0; kind++, events >>= 1) {
        if ((events & 1) != 0) {
            (void)kb_box_log(box, (enum kb_log_kind)kind, 0, NULL, 0);
        }
    }
    if (inputs_before != kb_box_inputs(box) || outputs_before != kb_door_outputs(&box->door)) {
        kb_notices_inputs(box);
    }
}

/* A host that held the bolt and died must not leave a door open for good: when the lock begins to
 * decide for itself, it begins secured. */
static void run_hold(struct kb_box *box)
{
    if (box->door.is_held && box->now_ms - box->host_ms >= HOST_GONE_MS) {
        kb_door_secure(&box->door, box->now_ms);
    }
}

/* A new image has earned its place once it passed its own test and was spoken to, or ran on. */
static void run_trial(struct kb_box *box)
{
    bool has_earned = box->is_fit && (box->had_session || box->now_ms >= TRIAL_MS);
    if (has_earned && kb_update_on_trial(&box->update) && kb_update_confirm(&box->update)) {
        const uint8_t *header = box->update.slots[box->update.running & 1].header;
        (void)kb_box_log(box, KB_LOG_FIRMWARE_UPDATED, 0, header + 4, 8);
    }
}

static uint64_t due_ms(const struct kb_box *box)
{
    uint64_t due = kb_session_due_ms(box, kb_door_due_ms(&box->door, box->now_ms, IDLE_MS));
    uint64_t battery = box->supply.measured_ms + BATTERY_EVERY_MS - box->now_ms;
    uint32_t lockout_s = box->state.budget.lockout_s;
    if (lockout_s > 0) {
        /* To the next full minute of what is left, when it is saved. */
        uint64_t minute = (uint64_t)((lockout_s - 1) % 60 + 1) * 1000;
        uint64_t left = box->budget_ms + minute - box->now_ms;
        due = left < due ? left : due;
    }
    if (box->door.is_held) {
        uint64_t left = box->host_ms + HOST_GONE_MS - box->now_ms;
        due = left < due ? left : due;
    }
    if (box->keys.count > 0) {
        uint64_t left = box->keys.last_ms + KB_KEYS_PATIENCE_MS - box->now_ms;
        due = left < due ? left : due;
    }
    if (box->is_rebooting) {
        uint64_t left = box->reboot_ms > box->now_ms ? box->reboot_ms - box->now_ms : 0;
        due = left < due ? left : due;
    }
    if (kb_update_on_trial(&box->update) && box->now_ms < TRIAL_MS) {
        due = TRIAL_MS - box->now_ms < due ? TRIAL_MS - box->now_ms : due;
    }
    return battery < due ? battery : due;
}

uint32_t kb_box_poll(struct kb_box *box)
{
    if (box->is_halted) {
        return IDLE_MS;
    }
    box->hal->watchdog_kick(box->hal->self);
    box->now_ms = box->hal->monotonic_ms(box->hal->self);
    kb_box_look_at_clock(box);
    run_budget(box);
    run_uart(box);
    run_door(box);
    run_keys(box);
    if (box->supply.is_wanted || box->now_ms - box->supply.measured_ms >= BATTERY_EVERY_MS) {
        measure_supply(box);
    }
    kb_session_poll(box);
    run_hold(box);
    run_trial(box);
    if (box->is_rebooting && box->now_ms >= box->reboot_ms) {
        box->is_halted = true;
        kb_door_secure(&box->door, box->now_ms);
        box->hal->reboot(box->hal->self);
    }
    uint64_t due = box->has_more && !box->is_halted ? 0 : due_ms(box);
    return due > IDLE_MS ? IDLE_MS : (uint32_t)due;
}
