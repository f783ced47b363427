#include <math.h>

#include "tables.h"

/* Fused or not must not depend on where a function was inlined. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#endif

/* As many lanes as four SSE or NEON registers hold: compilers keep them there. */
enum { LANES = 16 };

static float sum_of_lanes(const float lanes[LANES]) {
    float sums[LANES];
    for (int i = 0; i < LANES; i++) sums[i] = lanes[i];
    for (int half = LANES / 2; half > 0; half /= 2)
        for (int i = 0; i < half; i++) sums[i] += sums[i + half];
    return sums[0];
}

static float squared_l2(const float *x, const float *y, size_t d) {
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= d; i += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            const float difference = x[i + lane] - y[i + lane];
            lanes[lane] += difference * difference;
        }
    }
    for (int lane = 0; i < d; i++, lane++) {
        const float difference = x[i] - y[i];
        lanes[lane] += difference * difference;
    }
    return sum_of_lanes(lanes);
}

static float inner_product(const float *x, const float *y, size_t d) {
    float lanes[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= d; i += LANES)
        for (int lane = 0; lane < LANES; lane++) lanes[lane] += x[i + lane] * y[i + lane];
    for (int lane = 0; i < d; i++, lane++) lanes[lane] += x[i] * y[i];
    return sum_of_lanes(lanes);
}

static void squared_l2_rows(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = squared_l2(q, rows + i * stride, d);
}

static void inner_product_rows(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = inner_product(q, rows + i * stride, d);
}

static void squared_l2_gather(const float *q, const float *const *rows, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = squared_l2(q, rows[i], d);
}

static void sketch_bounds(
    const float *head, float tail, const float *heads, size_t stride, const float *tails, size_t n, size_t m,
    float *out) {
    for (size_t i = 0; i < n; i++) {
        float difference = tails[i] - tail;
        out[i] = squared_l2(head, heads + i * stride, m) + difference * difference;
    }
}

static int32_t dot_of_codes(const int16_t *query, const int8_t *codes, size_t m) {
    int32_t sum = 0;
    for (size_t j = 0; j < m; j++) sum += (int32_t)query[j] * codes[j];
    return sum;
}

static void code_bounds(
    const int16_t *query_codes, const struct lk_code_terms *query_terms, const int8_t *codes, size_t stride,
    const struct lk_code_terms *terms, size_t n, size_t m, float *out) {
    const struct lk_code_terms q = *query_terms;
    for (size_t i = 0; i < n; i++) {
        const struct lk_code_terms x = terms[i];
        float dot = (float)dot_of_codes(query_codes, codes + i * stride, m);
        float norms = x.norm + q.norm;
        float squared = norms - 2 * q.scale * x.scale * dot - LK_CODE_ROUNDING * norms;
        float distance = sqrtf(squared > 0 ? squared : 0) - (x.error + q.error);
        float head = distance > 0 ? distance : 0;
        float difference = x.tail - q.tail;
        out[i] = head * head + difference * difference;
    }
}

static size_t select_rows(const float *values, size_t n, float threshold, uint32_t first, uint32_t *rows) {
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        rows[count] = first + (uint32_t)i;
        count += !(values[i] > threshold);
    }
    return count;
}

static double product_of_widened(const float *row, const double *z, size_t d) {
    double lanes[4] = {0};
    size_t i = 0;
    for (; i + 4 <= d; i += 4)
        for (int lane = 0; lane < 4; lane++) lanes[lane] += (double)row[i + lane] * z[i + lane];
    for (int lane = 0; i < d; i++, lane++) lanes[lane] += (double)row[i] * z[i];
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

static void project(const float *basis, size_t stride, const double *z, size_t n, size_t m, size_t d, double *out) {
    for (size_t j = 0; j < m; j++)
        for (size_t i = 0; i < n; i++) out[i * m + j] = product_of_widened(basis + j * stride, z + i * d, d);
}

const struct lk_kernels lk_portable_kernels = {
    .name = "portable",
    .squared_l2 = squared_l2,
    .inner_product = inner_product,
    .squared_l2_rows = squared_l2_rows,
    .inner_product_rows = inner_product_rows,
    .squared_l2_gather = squared_l2_gather,
    .sketch_bounds = sketch_bounds,
    .code_bounds = code_bounds,
    .select = select_rows,
    .project = project,
};
