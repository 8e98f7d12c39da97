/* Ed25519 verification for a core whose multiplier gives 32 bits.
 *
 * Field elements mod p = 2^255 - 19 have 20 limbs of 13 bits, little end first. A Cortex-M0+
 * multiplies 32 x 32 -> 32 bits in one cycle and has nothing wider, so limbs are chosen such that
 * a whole column of a product stays below 2^32 and no wider type is needed: 20 * 8192^2 < 2^31.
 *
 * Invariant: a `field` has limb 2 of at most 2^13 and all others below it, so it is below
 * 2^260 + 2^40; only `freeze` brings it below p.
 */
#include "kb_ed25519.h"

#include "kb_sha512.h"

#define LIMBS 20u
#define LIMB_BITS 13u
#define LIMB_MASK 0x1FFFu
#define FOLD 608u /* 2^260 = 2^5 * 2^255 = 2^5 * 19 (mod p) */

typedef struct {
    uint16_t limb[LIMBS];
} field;

/* Extended coordinates (section 5.1.4): x = X/Z, y = Y/Z, x * y = T/Z. */
typedef struct {
    field x, y, z, t;
} point;

/* Little-endian, as everything in RFC 8032; a test derives them from their definitions. */
static const uint8_t d_bytes[32] = { /* -121665/121666 */
    0xa3, 0x78, 0x59, 0x13, 0xca, 0x4d, 0xeb, 0x75, 0xab, 0xd8, 0x41, 0x41, 0x4d, 0x0a, 0x70, 0x00,
    0x98, 0xe8, 0x79, 0x77, 0x79, 0x40, 0xc7, 0x8c, 0x73, 0xfe, 0x6f, 0x2b, 0xee, 0x6c, 0x03, 0x52,
};
static const uint8_t root_of_minus_one[32] = { /* 2^((p-1)/4) */
    0xb0, 0xa0, 0x0e, 0x4a, 0x27, 0x1b, 0xee, 0xc4, 0x78, 0xe4, 0x2f, 0xad, 0x06, 0x18, 0x43, 0x2f,
    0xa7, 0xd7, 0xfb, 0x3d, 0x99, 0x00, 0x4d, 0x2b, 0x0b, 0xdf, 0xc1, 0x4f, 0x80, 0x24, 0x83, 0x2b,
};
static const uint8_t base_point[32] = { /* y = 4/5, x even */
    0x58, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
    0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66, 0x66,
};
/* L = 2^252 + 27742317777372353535851937790883648493, the order of the base point. */
static const uint32_t order[8] = {
    0x5cf5d3edu, 0x5812631au, 0xa2f79cd6u, 0x14def9deu, 0u, 0u, 0u, 0x10000000u,
};

/* --- the field ------------------------------------------------------------------------------ */

/* Brings limbs below 2^24 under the invariant. */
static void carry(field *out, const uint32_t wide[LIMBS])
{
    uint32_t rest = 0;
    for (unsigned i = 0; i < LIMBS; i++) {
        rest += wide[i];
        out->limb[i] = (uint16_t)(rest & LIMB_MASK);
        rest >>= LIMB_BITS;
    }
    /* What is left, below 2^11 + 1, counts 2^260. Folded in, it runs over limbs 0 and 1 and adds at
     * most 1 to limb 2, which is why the invariant says 2^13 and not 2^13 - 1. */
    rest = rest * FOLD + out->limb[0];
    out->limb[0] = (uint16_t)(rest & LIMB_MASK);
    rest = (rest >> LIMB_BITS) + out->limb[1];
    out->limb[1] = (uint16_t)(rest & LIMB_MASK);
    out->limb[2] = (uint16_t)(out->limb[2] + (rest >> LIMB_BITS));
}

static void set_small(field *out, unsigned number)
{
    for (unsigned i = 0; i < LIMBS; i++)
        out->limb[i] = 0;
    out->limb[0] = (uint16_t)number;
}

static void add(field *out, const field *a, const field *b)
{
    uint32_t wide[LIMBS];
    for (unsigned i = 0; i < LIMBS; i++)
        wide[i] = (uint32_t)a->limb[i] + b->limb[i];
    carry(out, wide);
}

/* 64 p, with every limb above what a field's limb can be, is added so that none goes below 0. */
static void subtract(field *out, const field *a, const field *b)
{
    uint32_t wide[LIMBS];
    for (unsigned i = 0; i < LIMBS; i++)
        wide[i] = (uint32_t)a->limb[i] + 2u * LIMB_MASK - b->limb[i];
    wide[0] -= 2u * (FOLD - 1u);
    carry(out, wide);
}

/* Reduces a product of 2 * LIMBS - 1 columns, each below 2^31. */
static void reduce(field *out, uint32_t column[2u * LIMBS])
{
    uint32_t rest = 0;
    for (unsigned i = 0; i < 2u * LIMBS - 1u; i++) {
        rest += column[i];
        column[i] = rest & LIMB_MASK;
        rest >>= LIMB_BITS;
    }
    column[2u * LIMBS - 1u] = rest; /* at most 2^13: the product is below 2^520 + 2^301 */
    for (unsigned i = 0; i < LIMBS; i++)
        column[i] += FOLD * column[i + LIMBS];
    carry(out, column);
}

/* Adds the product of five limbs and five limbs to nine columns. Spelt out, since with fixed places
 * a product costs four instructions and with counters ten; most of the time is spent here. */
static void add_block(uint32_t *column, const uint16_t *a, const uint16_t *b)
{
#define P(i, j) (uint32_t)a[i] * b[j]
    column[0] += P(0, 0);
    column[1] += P(0, 1) + P(1, 0);
    column[2] += P(0, 2) + P(1, 1) + P(2, 0);
    column[3] += P(0, 3) + P(1, 2) + P(2, 1) + P(3, 0);
    column[4] += P(0, 4) + P(1, 3) + P(2, 2) + P(3, 1) + P(4, 0);
    column[5] += P(1, 4) + P(2, 3) + P(3, 2) + P(4, 1);
    column[6] += P(2, 4) + P(3, 3) + P(4, 2);
    column[7] += P(3, 4) + P(4, 3);
    column[8] += P(4, 4);
#undef P
}

static void clear(uint32_t column[2u * LIMBS])
{
    for (unsigned i = 0; i < 2u * LIMBS; i++) { /* by words: memset goes by bytes here */
        column[i] = 0;
    }
}

static void multiply(field *out, const field *a, const field *b)
{
    uint32_t column[2u * LIMBS];
    clear(column);
    for (unsigned i = 0; i < LIMBS; i += 5u) {
        for (unsigned j = 0; j < LIMBS; j += 5u) {
            add_block(column + i + j, a->limb + i, b->limb + j);
        }
    }
    reduce(out, column);
}

/* Blocks off the diagonal come twice, so one factor is doubled: 2^14 still fits a limb. */
static void square(field *out, const field *a)
{
    uint32_t column[2u * LIMBS];
    uint16_t twice[LIMBS];
    clear(column);
    for (unsigned i = 0; i < LIMBS; i++) {
        twice[i] = (uint16_t)(2u * a->limb[i]);
    }
    for (unsigned i = 0; i < LIMBS; i += 5u) {
        add_block(column + 2u * i, a->limb + i, a->limb + i);
        for (unsigned j = i + 5u; j < LIMBS; j += 5u) {
            add_block(column + i + j, a->limb + i, twice + j);
        }
    }
    reduce(out, column);
}

static void square_times(field *out, const field *a, unsigned times)
{
    *out = *a;
    while (times-- > 0)
        square(out, out);
}

/* a^(2^252 - 3) = a^((p-5)/8), by the usual chain: exponents 2^n - 1 for n = 5, 10, 20, ... 250. */
static void power_p58(field *out, const field *a)
{
    static const uint8_t doublings[] = {5, 10, 20};
    field ones, longer, fifty;
    square_times(&ones, a, 1); /* 2 */
    multiply(&ones, &ones, a); /* 2^2 - 1 */
    square_times(&longer, &ones, 2);
    multiply(&ones, &longer, &ones); /* 2^4 - 1 */
    square(&ones, &ones);
    multiply(&ones, &ones, a); /* 2^5 - 1 */
    field ten = ones;
    for (unsigned i = 0; i < sizeof doublings; i++) {
        square_times(&longer, &ones, doublings[i]);
        multiply(&ones, &longer, &ones); /* 2^10 - 1, 2^20 - 1, 2^40 - 1 */
        if (i == 0)
            ten = ones;
    }
    square_times(&longer, &ones, 10);
    multiply(&fifty, &longer, &ten); /* 2^50 - 1 */
    square_times(&longer, &fifty, 50);
    multiply(&ones, &longer, &fifty); /* 2^100 - 1 */
    square_times(&longer, &ones, 100);
    multiply(&ones, &longer, &ones); /* 2^200 - 1 */
    square_times(&longer, &ones, 50);
    multiply(&ones, &longer, &fifty); /* 2^250 - 1 */
    square_times(&longer, &ones, 2);
    multiply(out, &longer, a); /* 2^252 - 4 + 1 */
}

/* 1/a = a^(p-2); p - 2 = 8 * (2^252 - 3) + 3. */
static void invert(field *out, const field *a)
{
    field cube, high;
    power_p58(&high, a);
    square(&cube, a);
    multiply(&cube, &cube, a);
    square_times(&high, &high, 3);
    multiply(out, &high, &cube);
}

/* --- bytes ---------------------------------------------------------------------------------- */

/* The lower 255 bits of 32 bytes. */
static void load(field *out, const uint8_t bytes[32])
{
    uint32_t pool = 0;
    unsigned bits = 0, next = 0;
    for (unsigned i = 0; i < LIMBS; i++) {
        while (bits < LIMB_BITS && next < 32u) {
            uint32_t byte = next == 31u ? bytes[31] & 0x7Fu : bytes[next];
            pool |= byte << bits;
            bits += 8u;
            next++;
        }
        out->limb[i] = (uint16_t)(pool & LIMB_MASK);
        pool >>= LIMB_BITS;
        bits = bits > LIMB_BITS ? bits - LIMB_BITS : 0u;
    }
}

/* a + rest, carried; not folded. */
static void add_small(field *out, const field *a, uint32_t rest)
{
    for (unsigned i = 0; i < LIMBS; i++) {
        rest += a->limb[i];
        out->limb[i] = (uint16_t)(rest & LIMB_MASK);
        rest >>= LIMB_BITS;
    }
}

/* The one representative below p. Below 2^255 the top limb holds 8 bits; what lies above is folded
 * as 19. Then the number is below 2 p, and p or more exactly where adding 19 reaches 2^255: what is
 * left above that is the number less p. */
static void freeze(field *a)
{
    field over;
    uint32_t above = (uint32_t)(a->limb[19] >> 8);
    a->limb[19] &= 0xFFu;
    add_small(a, a, 19u * above);
    add_small(&over, a, 19u);
    if (over.limb[19] & 0x100u) {
        over.limb[19] &= 0xFFu;
        *a = over;
    }
}

static void store(uint8_t bytes[32], const field *a)
{
    field frozen = *a;
    freeze(&frozen);
    uint32_t pool = 0;
    unsigned bits = 0, next = 0;
    for (unsigned i = 0; i < LIMBS; i++) {
        pool |= (uint32_t)frozen.limb[i] << bits;
        bits += LIMB_BITS;
        while (bits >= 8u && next < 32u) {
            bytes[next++] = (uint8_t)pool;
            pool >>= 8;
            bits -= 8u;
        }
    }
}

static bool is_zero(const field *a)
{
    field frozen = *a;
    freeze(&frozen);
    for (unsigned i = 0; i < LIMBS; i++)
        if (frozen.limb[i] != 0)
            return false;
    return true;
}

static bool equal(const field *a, const field *b)
{
    field difference;
    subtract(&difference, a, b);
    return is_zero(&difference);
}

static bool same_bytes(const uint8_t *a, const uint8_t *b, unsigned length)
{
    for (unsigned i = 0; i < length; i++)
        if (a[i] != b[i])
            return false;
    return true;
}

/* --- the curve: -x^2 + y^2 = 1 + d x^2 y^2 -------------------------------------------------- */

static void negate(point *p)
{
    field zero;
    set_small(&zero, 0);
    subtract(&p->x, &zero, &p->x);
    subtract(&p->t, &zero, &p->t);
}

/* From E, F, G, H of section 5.1.4. */
static void assemble(point *out, const field *e, const field *f, const field *g, const field *h)
{
    multiply(&out->x, e, f);
    multiply(&out->y, g, h);
    multiply(&out->t, e, h);
    multiply(&out->z, f, g);
}

static void add_points(point *out, const point *p, const point *q, const field *twice_d)
{
    field a, b, c, d, e;
    subtract(&a, &p->y, &p->x);
    subtract(&e, &q->y, &q->x);
    multiply(&a, &a, &e);
    add(&b, &p->y, &p->x);
    add(&e, &q->y, &q->x);
    multiply(&b, &b, &e);
    multiply(&c, &p->t, &q->t);
    multiply(&c, &c, twice_d);
    multiply(&d, &p->z, &q->z);
    add(&d, &d, &d);
    subtract(&e, &b, &a);
    add(&b, &b, &a); /* H */
    subtract(&a, &d, &c); /* F */
    add(&d, &d, &c); /* G */
    assemble(out, &e, &a, &d, &b);
}

static void double_point(point *out, const point *p)
{
    field a, b, c, e;
    square(&a, &p->x);
    square(&b, &p->y);
    square(&c, &p->z);
    add(&c, &c, &c);
    add(&e, &p->x, &p->y);
    square(&e, &e);
    field g, h;
    add(&h, &a, &b);
    subtract(&e, &h, &e);
    subtract(&g, &a, &b);
    add(&c, &c, &g); /* F */
    assemble(out, &e, &c, &g, &h);
}

/* Section 5.1.3. False where y is not below p, where no x fits, and for x = 0 with its sign set. */
static bool decompress(point *out, const uint8_t bytes[32])
{
    uint8_t again[32];
    unsigned sign = bytes[31] >> 7;
    load(&out->y, bytes);
    store(again, &out->y);
    again[31] = (uint8_t)(again[31] | (sign << 7));
    if (!same_bytes(again, bytes, 32))
        return false;

    field one, u, v, w;
    set_small(&one, 1);
    square(&w, &out->y);
    subtract(&u, &w, &one); /* u = y^2 - 1 */
    load(&v, d_bytes);
    multiply(&v, &v, &w);
    add(&v, &v, &one); /* v = d y^2 + 1 */
    square(&w, &v);
    multiply(&w, &w, &v); /* v^3 */
    field power;
    square(&power, &w);
    multiply(&power, &power, &v); /* v^7 */
    multiply(&power, &power, &u);
    power_p58(&power, &power);
    multiply(&w, &w, &u);
    multiply(&out->x, &w, &power); /* x = u v^3 (u v^7)^((p-5)/8) */

    square(&w, &out->x);
    multiply(&w, &w, &v); /* v x^2 is u, -u, or there is no root */
    if (!equal(&w, &u)) {
        add(&w, &w, &u);
        if (!is_zero(&w))
            return false;
        load(&w, root_of_minus_one);
        multiply(&out->x, &out->x, &w);
    }
    if (is_zero(&out->x) && sign)
        return false;
    store(again, &out->x);
    if ((again[0] & 1u) != sign) {
        set_small(&w, 0);
        subtract(&out->x, &w, &out->x);
    }
    out->z = one;
    multiply(&out->t, &out->x, &out->y);
    return true;
}

static void compress(uint8_t bytes[32], const point *p)
{
    field inverse, x, y;
    uint8_t x_bytes[32];
    invert(&inverse, &p->z);
    multiply(&x, &p->x, &inverse);
    multiply(&y, &p->y, &inverse);
    store(bytes, &y);
    store(x_bytes, &x);
    bytes[31] = (uint8_t)(bytes[31] | ((x_bytes[0] & 1u) << 7));
}

/* Whether [8]P is the neutral element (0, 1). */
static bool has_small_order(const point *p)
{
    point multiple = *p;
    for (unsigned i = 0; i < 3u; i++)
        double_point(&multiple, &multiple);
    return is_zero(&multiple.x) && equal(&multiple.y, &multiple.z);
}

/* --- scalars: eight words, little end first ------------------------------------------------- */

static bool below_order(const uint32_t scalar[8])
{
    for (unsigned i = 8; i-- > 0;)
        if (scalar[i] != order[i])
            return scalar[i] < order[i];
    return false;
}

static uint32_t word_le(const uint8_t *bytes)
{
    return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

/* A number of 64 bytes mod L, bit by bit from the top: 512 steps of some ten instructions a word
 * are nothing beside the curve. */
static void reduce_scalar(uint32_t out[8], const uint8_t bytes[64])
{
    for (unsigned i = 0; i < 8u; i++)
        out[i] = 0;
    for (unsigned bit = 512; bit-- > 0;) {
        uint32_t in = ((uint32_t)bytes[bit / 8u] >> (bit % 8u)) & 1u;
        for (unsigned i = 0; i < 8u; i++) {
            uint32_t top = out[i] >> 31;
            out[i] = (out[i] << 1) | in;
            in = top; /* never leaves the last word: L is below 2^253 */
        }
        if (below_order(out))
            continue;
        uint32_t borrow = 0;
        for (unsigned i = 0; i < 8u; i++) {
            uint32_t less = order[i] + borrow; /* order has no word of all ones */
            borrow = out[i] < less;
            out[i] -= less;
        }
    }
}

static unsigned bit_of(const uint32_t scalar[8], unsigned bit)
{
    return (scalar[bit / 32u] >> (bit % 32u)) & 1u;
}

/* [s]B + [h]A for both at once: one doubling a bit, and B, A or their sum added. */
static void combine(point *out, const uint32_t s[8], const uint32_t h[8], const point *a)
{
    point b, both;
    field twice_d;
    load(&twice_d, d_bytes);
    add(&twice_d, &twice_d, &twice_d);
    (void)decompress(&b, base_point);
    add_points(&both, &b, a, &twice_d);
    set_small(&out->x, 0);
    set_small(&out->y, 1);
    set_small(&out->z, 1);
    set_small(&out->t, 0);
    for (unsigned bit = 253; bit-- > 0;) {
        double_point(out, out);
        unsigned which = bit_of(s, bit) | bit_of(h, bit) << 1;
        if (which != 0)
            add_points(out, out, which == 1u ? &b : which == 2u ? a : &both, &twice_d);
    }
}

static void challenge(uint32_t out[8], const uint8_t r[32], const uint8_t key[32],
                      const uint8_t *message, size_t length)
{
    kb_sha512 hash;
    uint8_t digest[KB_SHA512_BYTES];
    kb_sha512_start(&hash);
    kb_sha512_add(&hash, r, 32);
    kb_sha512_add(&hash, key, 32);
    kb_sha512_add(&hash, message, length);
    kb_sha512_end(&hash, digest);
    reduce_scalar(out, digest);
}

bool kb_ed25519_verify(const uint8_t key[KB_ED25519_KEY_BYTES], const uint8_t *message,
                       size_t length, const uint8_t signature[KB_ED25519_SIGNATURE_BYTES])
{
    uint32_t s[8], h[8];
    point a, sum;
    uint8_t r[32];
    for (unsigned i = 0; i < 8u; i++)
        s[i] = word_le(signature + 32u + 4u * i);
    if (!below_order(s) || !decompress(&a, key) || has_small_order(&a))
        return false;
    negate(&a);
    challenge(h, signature, key, message, length);
    combine(&sum, s, h, &a);
    compress(r, &sum);
    return same_bytes(r, signature, 32);
}
