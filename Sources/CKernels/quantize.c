#include <math.h>

#include "ckernels.h"

/*
 * With smaller numbers the product of two scales would lose digits to underflow; a head that small counts as zero,
 * with its norm as the error.
 */
static const float SMALLEST = 1e-12f;

/* The nearest integer, ties to even, of numbers below 2^51: adding this leaves no bits for a fraction. */
static const double ROUNDER = 0x1.8p52;

static float largest_magnitude(const float *head, size_t m) {
    float largest = 0;
    for (size_t j = 0; j < m; j++) {
        const float magnitude = fabsf(head[j]);
        if (!(magnitude <= largest)) largest = magnitude;
        if (isnan(magnitude)) return magnitude;
    }
    return largest;
}

/* An upper bound in float32 of a value in double. */
static float rounded_up(double value) { return nextafterf((float)(value * (1 + 0x1p-20)), INFINITY); }

static struct lk_code_terms terms_of(double scale, double squared_codes, double squared_loss, float tail) {
    return (struct lk_code_terms){
        .scale = (float)scale,
        .norm = (float)(scale * scale * squared_codes),
        .error = squared_loss > 0 ? rounded_up(sqrt(squared_loss)) : 0,
        .tail = tail,
    };
}

/* Codes within +-limit; `put` is where the width of a code is known. */
static inline struct lk_code_terms quantize(
    const float *head, float tail, size_t m, int limit, void (*put)(void *codes, size_t j, int code), void *codes) {
    const float largest = largest_magnitude(head, m);
    const int usable = largest >= SMALLEST && isfinite(largest);
    const float scale = usable ? largest / (float)limit : 0;
    double squared_codes = 0, squared_loss = 0;
    for (size_t j = 0; j < m; j++) {
        double code = usable ? (double)head[j] / scale + ROUNDER - ROUNDER : 0;
        if (code > limit) code = limit;
        if (code < -limit) code = -limit;
        put(codes, j, (int)code);
        const double loss = head[j] - code * scale;
        squared_codes += code * code;
        squared_loss += loss * loss;
    }
    struct lk_code_terms terms = terms_of(scale, squared_codes, squared_loss, tail);
    if (!isfinite(largest) || !isfinite(terms.norm)) terms = (struct lk_code_terms){0, 0, INFINITY, tail};
    return terms;
}

static void put_8(void *codes, size_t j, int code) { ((int8_t *)codes)[j] = (int8_t)code; }

static void put_16(void *codes, size_t j, int code) { ((int16_t *)codes)[j] = (int16_t)code; }

void lk_quantize_head(const float *head, float tail, size_t m, int8_t *codes, struct lk_code_terms *terms) {
    *terms = quantize(head, tail, m, 127, put_8, codes);
}

void lk_quantize_query(const float *head, float tail, size_t m, int16_t *codes, struct lk_code_terms *terms) {
    const size_t fine = m > 0 ? INT32_MAX / (128 * m) : 32767;
    *terms = quantize(head, tail, m, fine < 32767 ? (int)fine : 32767, put_16, codes);
}
