/* The interval in which the true time lies, kept by an RTC that drifts.
 *
 * Seconds since the epoch (2025-01-01 in Japan). An *anchor* says: when the RTC showed `rtc_s`, the
 * true time lay within [earliest_s, latest_s]. From there both ends run with the RTC, corrected by
 * its rate, and the doubt grows to either side: by 20 ppm of what has passed, or, in the 60 days
 * after a rate was measured, by how well it is known (5 ppm at best; 20 ppm or it is not taken). The interval is never wider
 * than twice the profile's drift, since the bound of guessing counts on it: beyond, it is narrowed
 * around its middle, which is the best guess and no longer a certainty. That is why a box must be
 * visited, or used, now and then: each code narrows the interval to its window.
 */
#ifndef KB_CLOCK_H
#define KB_CLOCK_H

#include "kb_code.h"

#define KB_RATE_UNKNOWN 0x7FFF
#define KB_OFFSET_UNKNOWN 0x7FFFFFFF
#define KB_CLOCK_ERROR_MAX_S 60u

/* All of it is persistent. Rates are in 0.1 ppm; positive: the RTC runs fast. */
struct kb_clock {
    bool is_anchored;
    uint32_t rtc_s;
    uint32_t earliest_s;
    uint32_t latest_s;
    uint32_t set_s; /* the time of the last set_clock, 0: never; survives a stopped RTC */
    uint8_t set_error_s;
    bool is_running; /* the RTC has not stopped since then */
    int16_t rate;
    uint16_t rate_doubt; /* how well it was known when it was measured */
    uint16_t rated_day;  /* the day of that since the epoch */
};

void kb_clock_init(struct kb_clock *clock);
/* The interval when the RTC shows `rtc_s`; false where the clock is unknown. */
bool kb_clock_read(const struct kb_clock *clock, uint32_t rtc_s, uint16_t drift_s,
                   struct kb_interval *interval);
/* The RTC has stopped: unknown until it is set. */
void kb_clock_lose(struct kb_clock *clock);
/* A code of the window [start, end) was taken: its holder came within it. */
void kb_clock_narrow(struct kb_clock *clock, uint32_t rtc_s, struct kb_interval now,
                     uint32_t start_s, uint32_t end_s);
/* Sets the time; the caller has checked that `time_s` is not before set_s and writes it to the RTC.
 * `rtc_s` is what the RTC showed (where `rtc_known`). Gives how far the device was off (device
 * minus true, KB_OFFSET_UNKNOWN) and measures the rate where that is worth something. */
int32_t kb_clock_set(struct kb_clock *clock, bool rtc_known, uint32_t rtc_s, uint32_t time_s,
                     uint8_t error_s);
/* The device's own time: the best guess. */
uint32_t kb_clock_middle(struct kb_interval interval);

#endif
