#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#include "tables.h"

#define AVX2 __attribute__((target("avx2,fma")))
#define AVX2_INLINE AVX2 static inline __attribute__((always_inline))

/* The rows whose lanes are summed together, in a transposition: three instructions a row instead of eight. */
enum { GROUP = 8 };

/* Element i is summed in lane i mod 32: the four accumulators of a row. */
struct sums {
    __m256 lanes[4];
};

AVX2_INLINE struct sums no_sums(void) {
    const __m256 zero = _mm256_setzero_ps();
    return (struct sums){{zero, zero, zero, zero}};
}

AVX2_INLINE float total(struct sums s) {
    const __m256 eight =
        _mm256_add_ps(_mm256_add_ps(s.lanes[0], s.lanes[1]), _mm256_add_ps(s.lanes[2], s.lanes[3]));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

/* All bits of the first `count` of eight lanes. */
AVX2_INLINE __m256i first_lanes(size_t count) {
    const __m256i numbers = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(count < 8 ? (int)count : 8), numbers);
}

AVX2_INLINE __m256 add_square(__m256 sum, __m256 x, __m256 y) {
    const __m256 difference = _mm256_sub_ps(x, y);
    return _mm256_fmadd_ps(difference, difference, sum);
}

/* The squared distance of x and y, while the same positions of `next`, if any, are fetched. */
AVX2_INLINE float squared_l2_fetching(const float *x, const float *y, size_t d, const float *next) {
    struct sums s = no_sums();
    size_t i = 0;
    for (; i + 32 <= d; i += 32) {
        if (next) {
            _mm_prefetch((const char *)(next + i), _MM_HINT_T0);
            _mm_prefetch((const char *)(next + i + 16), _MM_HINT_T0);
        }
        for (int a = 0; a < 4; a++)
            s.lanes[a] = add_square(s.lanes[a], _mm256_loadu_ps(x + i + 8 * a), _mm256_loadu_ps(y + i + 8 * a));
    }
    for (int a = 0; i < d; i += 8, a++) {
        const __m256i mask = first_lanes(d - i);
        s.lanes[a] = add_square(s.lanes[a], _mm256_maskload_ps(x + i, mask), _mm256_maskload_ps(y + i, mask));
    }
    return total(s);
}

AVX2 static float squared_l2(const float *x, const float *y, size_t d) {
    return squared_l2_fetching(x, y, d, NULL);
}

AVX2_INLINE float product(const float *x, const float *y, size_t d) {
    struct sums s = no_sums();
    size_t i = 0;
    for (; i + 32 <= d; i += 32)
        for (int a = 0; a < 4; a++)
            s.lanes[a] =
                _mm256_fmadd_ps(_mm256_loadu_ps(x + i + 8 * a), _mm256_loadu_ps(y + i + 8 * a), s.lanes[a]);
    for (int a = 0; i < d; i += 8, a++) {
        const __m256i mask = first_lanes(d - i);
        s.lanes[a] = _mm256_fmadd_ps(_mm256_maskload_ps(x + i, mask), _mm256_maskload_ps(y + i, mask), s.lanes[a]);
    }
    return total(s);
}

AVX2 static float inner_product(const float *x, const float *y, size_t d) { return product(x, y, d); }

AVX2 static void squared_l2_rows(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = squared_l2_fetching(q, rows + i * stride, d, NULL);
}

AVX2 static void inner_product_rows(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = product(q, rows + i * stride, d);
}

AVX2 static void squared_l2_gather(const float *q, const float *const *rows, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = squared_l2_fetching(q, rows[i], d, rows[i + 1 < n ? i + 1 : i]);
}

/* Lane i of the result: the sum of the 8 lanes of rows[i], in the same order for each i. */
AVX2_INLINE __m256 totals(const __m256 rows[GROUP]) {
    __m256 pairs[4], fours[2];
    for (int i = 0; i < 4; i++)
        pairs[i] = _mm256_add_ps(
            _mm256_unpacklo_ps(rows[2 * i], rows[2 * i + 1]), _mm256_unpackhi_ps(rows[2 * i], rows[2 * i + 1]));
    for (int i = 0; i < 2; i++) {
        const __m256d a = _mm256_castps_pd(pairs[2 * i]), b = _mm256_castps_pd(pairs[2 * i + 1]);
        fours[i] =
            _mm256_add_ps(_mm256_castpd_ps(_mm256_unpacklo_pd(a, b)), _mm256_castpd_ps(_mm256_unpackhi_pd(a, b)));
    }
    return _mm256_add_ps(
        _mm256_permute2f128_ps(fours[0], fours[1], 0x20), _mm256_permute2f128_ps(fours[0], fours[1], 0x31));
}

/* The same of integers, where order does not matter. */
AVX2_INLINE __m256i integer_totals(const __m256i rows[GROUP]) {
    __m256i pairs[4], fours[2];
    for (int i = 0; i < 4; i++)
        pairs[i] = _mm256_add_epi32(
            _mm256_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]), _mm256_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]));
    for (int i = 0; i < 2; i++)
        fours[i] = _mm256_add_epi32(
            _mm256_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
            _mm256_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    return _mm256_add_epi32(
        _mm256_permute2x128_si256(fours[0], fours[1], 0x20), _mm256_permute2x128_si256(fours[0], fours[1], 0x31));
}

AVX2 static void sketch_bounds(
    const float *head, float tail, const float *heads, size_t stride, const float *tails, size_t n, size_t m,
    float *out) {
    for (size_t i = 0; i < n; i += GROUP) {
        const size_t count = n - i < GROUP ? n - i : GROUP;
        const float *rows[GROUP];
        __m256 sums[GROUP];
        for (size_t r = 0; r < GROUP; r++) {
            rows[r] = heads + (i + (r < count ? r : 0)) * stride;
            sums[r] = _mm256_setzero_ps();
        }
        size_t j = 0;
        for (; j + 8 <= m; j += 8) {
            const __m256 q = _mm256_loadu_ps(head + j);
            for (size_t r = 0; r < GROUP; r++) sums[r] = add_square(sums[r], q, _mm256_loadu_ps(rows[r] + j));
        }
        if (j < m) {
            const __m256i mask = first_lanes(m - j);
            const __m256 q = _mm256_maskload_ps(head + j, mask);
            for (size_t r = 0; r < GROUP; r++)
                sums[r] = add_square(sums[r], q, _mm256_maskload_ps(rows[r] + j, mask));
        }
        const __m256i stored = first_lanes(count);
        const __m256 difference = _mm256_sub_ps(_mm256_maskload_ps(tails + i, stored), _mm256_set1_ps(tail));
        _mm256_maskstore_ps(out + i, stored, _mm256_fmadd_ps(difference, difference, totals(sums)));
    }
}

/* The bounds of GROUP rows from their inner products with the query and their terms. */
AVX2_INLINE __m256 bounds_of_codes(__m256i dots, const struct lk_code_terms terms[GROUP], struct lk_code_terms q) {
    __m256 pairs[4];
    for (int i = 0; i < 4; i++)
        pairs[i] = _mm256_loadu2_m128(&terms[i + 4].scale, &terms[i].scale);
    const __m256 scale_norm_low = _mm256_unpacklo_ps(pairs[0], pairs[1]);
    const __m256 scale_norm_high = _mm256_unpacklo_ps(pairs[2], pairs[3]);
    const __m256 error_tail_low = _mm256_unpackhi_ps(pairs[0], pairs[1]);
    const __m256 error_tail_high = _mm256_unpackhi_ps(pairs[2], pairs[3]);
    const __m256 scales = _mm256_shuffle_ps(scale_norm_low, scale_norm_high, _MM_SHUFFLE(1, 0, 1, 0));
    const __m256 row_norms = _mm256_shuffle_ps(scale_norm_low, scale_norm_high, _MM_SHUFFLE(3, 2, 3, 2));
    const __m256 row_errors = _mm256_shuffle_ps(error_tail_low, error_tail_high, _MM_SHUFFLE(1, 0, 1, 0));
    const __m256 tails = _mm256_shuffle_ps(error_tail_low, error_tail_high, _MM_SHUFFLE(3, 2, 3, 2));

    const __m256 zero = _mm256_setzero_ps();
    const __m256 norms = _mm256_add_ps(row_norms, _mm256_set1_ps(q.norm));
    const __m256 scale = _mm256_mul_ps(_mm256_set1_ps(2 * q.scale), scales);
    const __m256 exact = _mm256_fnmadd_ps(scale, _mm256_cvtepi32_ps(dots), norms);
    const __m256 squared = _mm256_fnmadd_ps(_mm256_set1_ps(LK_CODE_ROUNDING), norms, exact);
    const __m256 errors = _mm256_add_ps(row_errors, _mm256_set1_ps(q.error));
    const __m256 distance = _mm256_sub_ps(_mm256_sqrt_ps(_mm256_max_ps(squared, zero)), errors);
    const __m256 head = _mm256_max_ps(distance, zero);
    const __m256 difference = _mm256_sub_ps(tails, _mm256_set1_ps(q.tail));
    return _mm256_fmadd_ps(difference, difference, _mm256_mul_ps(head, head));
}

/* Adds 16 products of codes, in pairs, to eight sums: at most 2 * 127 * 32767 a step. */
AVX2_INLINE __m256i add_code_products(__m256i sum, __m128i codes, __m256i query) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepi8_epi16(codes), query));
}

AVX2 static void code_bounds(
    const int16_t *query_codes, const struct lk_code_terms *query_terms, const int8_t *codes, size_t stride,
    const struct lk_code_terms *terms, size_t n, size_t m, float *out) {
    const struct lk_code_terms query = *query_terms;
    const size_t whole = m - m % 16;
    /* AVX2 cannot load some of 16 codes: the rest of query and row go through memory that ends in zeros. */
    int16_t query_rest[16] = {0};
    if (whole < m) memcpy(query_rest, query_codes + whole, (m - whole) * sizeof *query_codes);
    const __m256i last = _mm256_loadu_si256((const __m256i *)query_rest);
    for (size_t i = 0; i < n; i += GROUP) {
        const size_t count = n - i < GROUP ? n - i : GROUP;
        const int8_t *rows[GROUP];
        __m256i sums[GROUP];
        for (size_t r = 0; r < GROUP; r++) {
            rows[r] = codes + (i + (r < count ? r : 0)) * stride;
            sums[r] = _mm256_setzero_si256();
        }
        for (size_t j = 0; j < whole; j += 16) {
            const __m256i q = _mm256_loadu_si256((const __m256i *)(query_codes + j));
            for (size_t r = 0; r < GROUP; r++)
                sums[r] = add_code_products(sums[r], _mm_loadu_si128((const __m128i *)(rows[r] + j)), q);
        }
        for (size_t r = 0; r < GROUP && whole < m; r++) {
            int8_t rest[16] = {0};
            memcpy(rest, rows[r] + whole, m - whole);
            sums[r] = add_code_products(sums[r], _mm_loadu_si128((const __m128i *)rest), last);
        }
        const __m256i dots = integer_totals(sums);
        if (count == GROUP) {
            _mm256_storeu_ps(out + i, bounds_of_codes(dots, terms + i, query));
        } else {
            struct lk_code_terms group[GROUP] = {0};
            memcpy(group, terms + i, count * sizeof *terms);
            _mm256_maskstore_ps(out + i, first_lanes(count), bounds_of_codes(dots, group, query));
        }
    }
}

AVX2 static size_t select_rows(const float *values, size_t n, float threshold, uint32_t first, uint32_t *rows) {
    const __m256 limit = _mm256_set1_ps(threshold);
    size_t count = 0, i = 0;
    for (; i + 8 <= n; i += 8) {
        /* Few are selected as a rule, so the loop over the bits hardly ever runs. */
        unsigned chosen =
            (unsigned)_mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(values + i), limit, _CMP_NGT_UQ));
        for (; chosen; chosen &= chosen - 1)
            rows[count++] = first + (uint32_t)i + (uint32_t)__builtin_ctz(chosen);
    }
    for (; i < n; i++)
        if (!(values[i] > threshold)) rows[count++] = first + (uint32_t)i;
    return count;
}

/* out[i * m + j] for j < r rows of basis and i < c rows of z; r <= 4, c <= 2 and both known where this is inlined. */
AVX2_INLINE void project_tile(
    const float *basis, size_t stride, const double *z, size_t r, size_t c, size_t m, size_t d, double *out) {
    __m256d sums[4][2];
    for (size_t j = 0; j < r; j++)
        for (size_t i = 0; i < c; i++) sums[j][i] = _mm256_setzero_pd();
    size_t p = 0;
    for (; p + 4 <= d; p += 4) {
        for (size_t j = 0; j < r; j++) {
            const __m256d row = _mm256_cvtps_pd(_mm_loadu_ps(basis + j * stride + p));
            for (size_t i = 0; i < c; i++)
                sums[j][i] = _mm256_fmadd_pd(row, _mm256_loadu_pd(z + i * d + p), sums[j][i]);
        }
    }
    for (size_t j = 0; j < r; j++) {
        for (size_t i = 0; i < c; i++) {
            const __m128d two =
                _mm_add_pd(_mm256_castpd256_pd128(sums[j][i]), _mm256_extractf128_pd(sums[j][i], 1));
            double sum = _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
            for (size_t rest = p; rest < d; rest++) sum += (double)basis[j * stride + rest] * z[i * d + rest];
            out[i * m + j] = sum;
        }
    }
}

AVX2 static void project(
    const float *basis, size_t stride, const double *z, size_t n, size_t m, size_t d, double *out) {
    size_t i = 0;
    for (; i + 2 <= n; i += 2) {
        size_t j = 0;
        for (; j + 4 <= m; j += 4) project_tile(basis + j * stride, stride, z + i * d, 4, 2, m, d, out + i * m + j);
        for (; j < m; j++) project_tile(basis + j * stride, stride, z + i * d, 1, 2, m, d, out + i * m + j);
    }
    for (; i < n; i++) {
        size_t j = 0;
        for (; j + 4 <= m; j += 4) project_tile(basis + j * stride, stride, z + i * d, 4, 1, m, d, out + i * m + j);
        for (; j < m; j++) project_tile(basis + j * stride, stride, z + i * d, 1, 1, m, d, out + i * m + j);
    }
}

const struct lk_kernels lk_avx2_kernels = {
    .name = "avx2",
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

#endif
