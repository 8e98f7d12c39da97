/* Runs parts of the core on an emulated Cortex-M0 and says how many instructions they take.
 *
 * Started by QEMU with `-icount shift=0`: one instruction is one nanosecond of its time, so SysTick
 * at 16 MHz counts one for 62.5 instructions. Requests come from a file and answers go to the console
 * by semihosting (Arm: Semihosting for AArch32 and AArch64), as in `measure.py`:
 *
 *   request: kind 1 | length 2 | payload      answer: a line "<result> @<ticks of SysTick>"
 *   'k' profile 1 | secret 32 | lock 16       key of the sealed codes       "key"
 *   'o' earliest 4 | latest 4 | newest 1 | digits      "none" or "<verdict> <shape> <slot> <gen> <var>"
 *   'h' message                               HMAC under that key, its digest
 *   'e' key 32 | signature 64 | message       "1" or "0"
 *   'c' rounds 4                              a loop of two instructions a round    "loop"
 *   's' message                               SHA-256 of it, its digest
 */
#include "kb_code.h"
#include "kb_ed25519.h"
#include "kb_mem.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define SYSTICK_MASK 0xFFFFFFu

#define SYS_OPEN 0x01u
#define SYS_WRITE0 0x04u
#define SYS_READ 0x06u
#define SYS_EXIT 0x18u
#define EXITED_WELL 0x20026u
#define EXITED_BADLY 0x20023u

extern uint32_t stack_top, data_start, data_end, data_source, bss_start, bss_end;

void reset(void);
int main(void);

static uint8_t payload[2048];
static struct kb_hmac_key key;
static const struct kb_profile *profile;
static char line[160];
static size_t used;

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm("r0") = operation;
    register const void *r1 __asm("r1") = argument;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void __attribute__((noreturn)) leave(uint32_t reason)
{
    for (;;) {
        (void)semihost(SYS_EXIT, (const void *)(uintptr_t)reason);
    }
}

static void fault(void) { leave(EXITED_BADLY); }

struct vectors {
    uint32_t *stack_top;
    void (*handlers[15])(void);
};
static const struct vectors __attribute__((used, section(".vectors"))) vectors = {
    &stack_top, {reset, fault, fault}};

static void say_char(char c)
{
    if (used < sizeof line - 1u) {
        line[used++] = c;
    }
}

static void say(const char *text)
{
    while (*text != 0) {
        say_char(*text++);
    }
}

static void say_number(uint32_t number)
{
    char digits[10];
    unsigned count = 0;
    do {
        digits[count++] = (char)('0' + number % 10u);
        number /= 10u;
    } while (number > 0);
    while (count > 0) {
        say_char(digits[--count]);
    }
}

static void say_hex(const uint8_t *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < length; i++) {
        say_char(hex[bytes[i] >> 4]);
        say_char(hex[bytes[i] & 15]);
    }
}

static void finish(uint32_t ticks)
{
    say(" @");
    say_number(ticks);
    say_char('\n');
    line[used] = 0;
    (void)semihost(SYS_WRITE0, line);
    used = 0;
}

static uint32_t start(void)
{
    SYSTICK_VALUE = 0;
    return SYSTICK_VALUE;
}

static uint32_t since(uint32_t before)
{
    return (before - SYSTICK_VALUE) & SYSTICK_MASK;
}

static void take_key(void)
{
    profile = kb_profile_numbered(payload[0]);
    if (profile == NULL) {
        leave(EXITED_BADLY);
    }
    uint32_t before = start();
    kb_code_key(&key, payload + 1, payload + 33);
    uint32_t ticks = since(before);
    say("key");
    finish(ticks);
}

static void open_code(size_t length)
{
    struct kb_interval clock = {kb_get32(payload), kb_get32(payload + 4)};
    struct kb_sealed_code code;
    enum kb_verdict verdict = KB_NOT_A_CODE;
    uint32_t before = start();
    bool is_code = kb_code_open(profile, &key, (const char *)payload + 9, length - 9u, &code);
    if (is_code) {
        verdict = kb_code_judge(profile, &code, clock, payload[8]);
    }
    uint32_t ticks = since(before);
    if (is_code) {
        uint32_t fields[] = {verdict, code.shape, code.slot, code.generation, code.variant};
        for (unsigned i = 0; i < sizeof fields / sizeof *fields; i++) {
            say(i == 0 ? "" : " ");
            say_number(fields[i]);
        }
    } else {
        say("none");
    }
    finish(ticks);
}

static void hash(size_t length, bool keyed)
{
    uint8_t digest[KB_SHA256_SIZE];
    uint32_t before = start();
    if (keyed) {
        kb_hmac_of(&key, payload, length, digest);
    } else {
        kb_sha256(payload, length, digest);
    }
    uint32_t ticks = since(before);
    say_hex(digest, sizeof digest);
    finish(ticks);
}

static void verify(size_t length)
{
    uint32_t before = start();
    bool holds = kb_ed25519_verify(payload, payload + 96, length - 96u, payload + 32);
    uint32_t ticks = since(before);
    say(holds ? "1" : "0");
    finish(ticks);
}

static void calibrate(void)
{
    uint32_t rounds = kb_get32(payload);
    uint32_t before = start();
    __asm volatile("1: subs %0, #1\n\tbne 1b" : "+l"(rounds) : : "cc");
    uint32_t ticks = since(before);
    say("loop");
    finish(ticks);
}

static bool read_exactly(uint32_t file, uint8_t *into, size_t length)
{
    uint32_t block[3] = {file, (uint32_t)(uintptr_t)into, (uint32_t)length};
    return length == 0 || semihost(SYS_READ, block) == 0; /* gives how many are missing */
}

int main(void)
{
    static const char name[] = "requests";
    uint32_t open[3] = {(uint32_t)(uintptr_t)name, 1u /* rb */, sizeof name - 1u};
    uint32_t file = semihost(SYS_OPEN, open);
    uint8_t head[3];
    SYSTICK_RELOAD = SYSTICK_MASK;
    SYSTICK_CONTROL = 5u; /* on, by the processor's clock */
    while (read_exactly(file, head, sizeof head)) {
        size_t length = kb_get16(head + 1);
        if (length > sizeof payload || !read_exactly(file, payload, length)) {
            leave(EXITED_BADLY);
        }
        switch (head[0]) {
        case 'k': take_key(); break;
        case 'o': open_code(length); break;
        case 'h': hash(length, true); break;
        case 's': hash(length, false); break;
        case 'e': verify(length); break;
        case 'c': calibrate(); break;
        default: leave(EXITED_BADLY);
        }
    }
    leave(EXITED_WELL);
}

void reset(void)
{
    memcpy(&data_start, &data_source, (size_t)((uint8_t *)&data_end - (uint8_t *)&data_start));
    memset(&bss_start, 0, (size_t)((uint8_t *)&bss_end - (uint8_t *)&bss_start));
    (void)main();
}
