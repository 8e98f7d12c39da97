#include "calendar.h"

#define DAY_S 86400u
#define FIRST_YEAR 25u /* of the century */
#define CENTURY 0x80u

static const uint8_t month_days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

/* Until 2099 every fourth year is a leap year. */
static uint32_t days_of(uint32_t year, uint32_t month)
{
    return month_days[month] + (month == 1u && year % 4u == 0 ? 1u : 0u);
}

static uint32_t year_days(uint32_t year)
{
    return year % 4u == 0 ? 366u : 365u;
}

static uint8_t to_bcd(uint32_t number)
{
    return (uint8_t)(number / 10u << 4 | number % 10u);
}

static bool from_bcd(uint8_t bcd, uint32_t least, uint32_t most, uint32_t *number)
{
    *number = (uint32_t)(bcd >> 4) * 10u + (bcd & 15u);
    return (bcd & 15u) < 10u && *number >= least && *number <= most;
}

void calendar_pack(uint8_t registers[CALENDAR_BYTES], uint32_t seconds)
{
    uint32_t day = seconds / DAY_S, of_day = seconds % DAY_S, year = FIRST_YEAR, month = 0;
    registers[3] = (uint8_t)((day + 2u) % 7u + 1u); /* 2025-01-01 was a Wednesday; 1 is Monday */
    while (day >= year_days(year)) {
        day -= year_days(year++);
    }
    while (day >= days_of(year, month)) {
        day -= days_of(year, month++);
    }
    registers[0] = to_bcd(of_day % 60u);
    registers[1] = to_bcd(of_day / 60u % 60u);
    registers[2] = to_bcd(of_day / 3600u); /* bit 6 clear: 24 hours */
    registers[4] = to_bcd(day + 1u);
    registers[5] = to_bcd(month + 1u);
    registers[6] = to_bcd(year);
}

bool calendar_read(const uint8_t registers[CALENDAR_BYTES], uint32_t *seconds)
{
    uint32_t second, minute, hour, date, month, year, day = 0;
    bool sound = from_bcd(registers[0], 0, 59, &second) && from_bcd(registers[1], 0, 59, &minute) &&
                 from_bcd(registers[2], 0, 23, &hour) && from_bcd(registers[4], 1, 31, &date) &&
                 (registers[5] & CENTURY) == 0 && from_bcd(registers[5], 1, 12, &month) &&
                 from_bcd(registers[6], FIRST_YEAR, 99, &year);
    if (!sound || date > days_of(year, month - 1u)) {
        return false;
    }
    for (uint32_t each = FIRST_YEAR; each < year; each++) {
        day += year_days(each);
    }
    for (uint32_t each = 0; each + 1u < month; each++) {
        day += days_of(year, each);
    }
    *seconds = (day + date - 1u) * DAY_S + hour * 3600u + minute * 60u + second;
    return true;
}
