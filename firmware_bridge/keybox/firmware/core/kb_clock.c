#include "kb_clock.h"

#define DAY_S 86400u
#define RATE_MAX 2000          /* 200 ppm: no crystal is worse, so the measurement is */
#define DOUBT_PLAIN 200        /* 20 ppm: a crystal without temperature compensation */
#define DOUBT_BEST 50          /* 5 ppm: what ageing and seasons leave of a measured rate */
#define FRESH_DAYS 61u         /* 60 full days, after which another season may have come */
#define PER_UNIT 10000000      /* 0.1 ppm */
#define ROUNDING 2             /* of rate and doubt, in 0.1 ppm */

void kb_clock_init(struct kb_clock *clock)
{
    *clock = (struct kb_clock){.rate = KB_RATE_UNKNOWN, .rate_doubt = DOUBT_PLAIN};
}

void kb_clock_lose(struct kb_clock *clock)
{
    clock->is_anchored = false;
    clock->is_running = false;
}

static int64_t at_least_zero(int64_t value)
{
    return value < 0 ? 0 : value;
}

static uint32_t to_seconds(int64_t value)
{
    return value < 0 ? 0 : value > 0xFFFFFFFF ? 0xFFFFFFFFu : (uint32_t)value;
}

/* What the RTC counted, corrected by its rate. */
static int64_t corrected(const struct kb_clock *clock, int64_t elapsed_s)
{
    int64_t rate = clock->rate == KB_RATE_UNKNOWN ? 0 : clock->rate;
    return elapsed_s - elapsed_s * rate / PER_UNIT;
}

/* How much the doubt grows to either side between two readings of the RTC, rounded up. */
static int64_t growth(const struct kb_clock *clock, int64_t from_s, int64_t to_s)
{
    int64_t fresh_until_s = ((int64_t)clock->rated_day + FRESH_DAYS) * DAY_S;
    int64_t fresh_s = at_least_zero((to_s < fresh_until_s ? to_s : fresh_until_s) - from_s);
    int64_t stale_s = to_s - from_s - fresh_s;
    int64_t units = fresh_s * clock->rate_doubt + stale_s * DOUBT_PLAIN;
    /* One second more as soon as the RTC ticks: it shows whole ones. */
    return (units + PER_UNIT - 1) / PER_UNIT + (to_s > from_s ? 1 : 0);
}

bool kb_clock_read(const struct kb_clock *clock, uint32_t rtc_s, uint16_t drift_s,
                   struct kb_interval *interval)
{
    if (!clock->is_anchored || rtc_s < clock->rtc_s) {
        return false;
    }
    int64_t passed = corrected(clock, (int64_t)rtc_s - clock->rtc_s);
    int64_t doubt = growth(clock, clock->rtc_s, rtc_s);
    int64_t earliest = (int64_t)clock->earliest_s + passed - doubt;
    int64_t latest = (int64_t)clock->latest_s + passed + doubt;
    if (latest - earliest > 2 * (int64_t)drift_s) {
        earliest = (earliest + latest) / 2 - drift_s;
        latest = earliest + 2 * (int64_t)drift_s;
    }
    interval->earliest_s = to_seconds(earliest);
    interval->latest_s = to_seconds(latest);
    return true;
}

static void anchor(struct kb_clock *clock, uint32_t rtc_s, int64_t earliest_s, int64_t latest_s)
{
    clock->is_anchored = true;
    clock->rtc_s = rtc_s;
    clock->earliest_s = to_seconds(earliest_s);
    clock->latest_s = to_seconds(latest_s);
}

void kb_clock_narrow(struct kb_clock *clock, uint32_t rtc_s, struct kb_interval now,
                     uint32_t start_s, uint32_t end_s)
{
    /* An anchor that would say nothing new is not moved: each move costs a second of doubt. */
    if (start_s > now.earliest_s || end_s - 1 < now.latest_s) {
        anchor(clock, rtc_s, start_s > now.earliest_s ? start_s : now.earliest_s,
               end_s - 1 < now.latest_s ? end_s - 1 : now.latest_s);
    }
}

/* The rate from two settings at least a day apart. Since the RTC was written at the first, what it
 * shows beyond that is its own count, whatever codes have narrowed in between. */
static void measure(struct kb_clock *clock, uint32_t rtc_s, uint32_t time_s, uint8_t error_s)
{
    int64_t counted_s = (int64_t)rtc_s - clock->set_s;
    int64_t passed_s = (int64_t)time_s - clock->set_s;
    if (passed_s < DAY_S || counted_s < DAY_S / 2) {
        return;
    }
    /* One second more, since an RTC shows whole ones. A measurement that says less than what is known
     * already is not taken: at first 20 ppm of any crystal, which with an error of a second each time
     * needs two days; then the rate that was measured, for as long as it is fresh. */
    int64_t doubt = ((int64_t)error_s + clock->set_error_s + 1) * PER_UNIT / passed_s + ROUNDING;
    bool is_fresh = clock->rate != KB_RATE_UNKNOWN && time_s / DAY_S < clock->rated_day + FRESH_DAYS;
    if (doubt > (is_fresh ? clock->rate_doubt : DOUBT_PLAIN)) {
        return;
    }
    int64_t rate = (counted_s - passed_s) * PER_UNIT / passed_s;
    rate = rate > RATE_MAX ? RATE_MAX : rate < -RATE_MAX ? -RATE_MAX : rate;
    clock->rate = (int16_t)rate;
    clock->rate_doubt = (uint16_t)(doubt < DOUBT_BEST ? DOUBT_BEST : doubt);
    clock->rated_day = (uint16_t)(time_s / DAY_S);
}

int32_t kb_clock_set(struct kb_clock *clock, bool rtc_known, uint32_t rtc_s, uint32_t time_s,
                     uint8_t error_s)
{
    int32_t offset_s = KB_OFFSET_UNKNOWN;
    struct kb_interval before;
    /* An uncapped reading: how far the clock is off is asked of the clock, not of the bound. */
    if (rtc_known && kb_clock_read(clock, rtc_s, 0xFFFF, &before)) {
        offset_s = (int32_t)((int64_t)kb_clock_middle(before) - time_s);
    }
    if (rtc_known && clock->is_running && clock->set_s != 0) {
        measure(clock, rtc_s, time_s, error_s);
    }
    clock->set_s = time_s;
    clock->set_error_s = error_s;
    clock->is_running = true;
    anchor(clock, time_s, (int64_t)time_s - error_s, (int64_t)time_s + error_s);
    return offset_s;
}

uint32_t kb_clock_middle(struct kb_interval interval)
{
    return interval.earliest_s + (interval.latest_s - interval.earliest_s) / 2;
}
