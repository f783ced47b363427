#if defined(__x86_64__)

#include <immintrin.h>

#include "tables.h"

#define AVX512 __attribute__((target("avx2,fma,avx512f,avx512bw,avx512dq,avx512vl")))
#define AVX512_INLINE AVX512 static inline __attribute__((always_inline))

/* The rows whose lanes are summed together, in a transposition: three instructions a row instead of eight. */
enum { GROUP = 8 };

/* Element i is summed in lane i mod 64: the four accumulators of a row. */
struct sums {
    __m512 lanes[4];
};

AVX512_INLINE struct sums no_sums(void) {
    const __m512 zero = _mm512_setzero_ps();
    return (struct sums){{zero, zero, zero, zero}};
}

/* Written out, because the order in which _mm512_reduce_add_ps adds is the compiler's to choose. */
AVX512_INLINE float total(struct sums s) {
    const __m512 pairs =
        _mm512_add_ps(_mm512_add_ps(s.lanes[0], s.lanes[1]), _mm512_add_ps(s.lanes[2], s.lanes[3]));
    const __m256 eight = _mm256_add_ps(_mm512_castps512_ps256(pairs), _mm512_extractf32x8_ps(pairs, 1));
    const __m128 four = _mm_add_ps(_mm256_castps256_ps128(eight), _mm256_extractf128_ps(eight, 1));
    const __m128 two = _mm_add_ps(four, _mm_movehl_ps(four, four));
    return _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)));
}

AVX512_INLINE __mmask16 first_lanes(size_t count) { return (__mmask16)((1u << count) - 1); }

AVX512_INLINE __m512 add_square(__m512 sum, __m512 x, __m512 y) {
    const __m512 difference = _mm512_sub_ps(x, y);
    return _mm512_fmadd_ps(difference, difference, sum);
}

/* The squared distance of x and y, while the same positions of `next`, if any, are fetched. */
AVX512_INLINE float squared_l2_fetching(const float *x, const float *y, size_t d, const float *next) {
    struct sums s = no_sums();
    size_t i = 0;
    for (; i + 64 <= d; i += 64) {
        for (int a = 0; a < 4; a++) {
            if (next) _mm_prefetch((const char *)(next + i + 16 * a), _MM_HINT_T0);
            s.lanes[a] = add_square(s.lanes[a], _mm512_loadu_ps(x + i + 16 * a), _mm512_loadu_ps(y + i + 16 * a));
        }
    }
    for (int a = 0; i < d; i += 16, a++) {
        const __mmask16 mask = d - i < 16 ? first_lanes(d - i) : 0xFFFF;
        s.lanes[a] =
            add_square(s.lanes[a], _mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, y + i));
    }
    return total(s);
}

AVX512 static float squared_l2(const float *x, const float *y, size_t d) {
    return squared_l2_fetching(x, y, d, NULL);
}

AVX512_INLINE float product(const float *x, const float *y, size_t d) {
    struct sums s = no_sums();
    size_t i = 0;
    for (; i + 64 <= d; i += 64)
        for (int a = 0; a < 4; a++)
            s.lanes[a] =
                _mm512_fmadd_ps(_mm512_loadu_ps(x + i + 16 * a), _mm512_loadu_ps(y + i + 16 * a), s.lanes[a]);
    for (int a = 0; i < d; i += 16, a++) {
        const __mmask16 mask = d - i < 16 ? first_lanes(d - i) : 0xFFFF;
        s.lanes[a] =
            _mm512_fmadd_ps(_mm512_maskz_loadu_ps(mask, x + i), _mm512_maskz_loadu_ps(mask, y + i), s.lanes[a]);
    }
    return total(s);
}

AVX512 static float inner_product(const float *x, const float *y, size_t d) { return product(x, y, d); }

AVX512 static void squared_l2_rows(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = squared_l2_fetching(q, rows + i * stride, d, NULL);
}

AVX512 static void inner_product_rows(
    const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = product(q, rows + i * stride, d);
}

AVX512 static void squared_l2_gather(const float *q, const float *const *rows, size_t n, size_t d, float *out) {
    for (size_t i = 0; i < n; i++) out[i] = squared_l2_fetching(q, rows[i], d, rows[i + 1 < n ? i + 1 : i]);
}

/* Lane i of the result: the sum of the 16 lanes of rows[i], in the same order for each i. */
AVX512_INLINE __m256 totals(const __m512 rows[GROUP]) {
    __m512 pairs[4], fours[2];
    for (int i = 0; i < 4; i++)
        pairs[i] = _mm512_add_ps(
            _mm512_unpacklo_ps(rows[2 * i], rows[2 * i + 1]), _mm512_unpackhi_ps(rows[2 * i], rows[2 * i + 1]));
    for (int i = 0; i < 2; i++) {
        const __m512d a = _mm512_castps_pd(pairs[2 * i]), b = _mm512_castps_pd(pairs[2 * i + 1]);
        fours[i] =
            _mm512_add_ps(_mm512_castpd_ps(_mm512_unpacklo_pd(a, b)), _mm512_castpd_ps(_mm512_unpackhi_pd(a, b)));
    }
    const __m512 halves = _mm512_add_ps(
        _mm512_shuffle_f32x4(fours[0], fours[1], _MM_SHUFFLE(1, 0, 1, 0)),
        _mm512_shuffle_f32x4(fours[0], fours[1], _MM_SHUFFLE(3, 2, 3, 2)));
    const __m512 sums = _mm512_add_ps(
        _mm512_shuffle_f32x4(halves, halves, _MM_SHUFFLE(2, 0, 2, 0)),
        _mm512_shuffle_f32x4(halves, halves, _MM_SHUFFLE(3, 1, 3, 1)));
    return _mm512_castps512_ps256(sums);
}

/* The same of integers, where order does not matter. */
AVX512_INLINE __m256i integer_totals(const __m512i rows[GROUP]) {
    __m512i pairs[4], fours[2];
    for (int i = 0; i < 4; i++)
        pairs[i] = _mm512_add_epi32(
            _mm512_unpacklo_epi32(rows[2 * i], rows[2 * i + 1]), _mm512_unpackhi_epi32(rows[2 * i], rows[2 * i + 1]));
    for (int i = 0; i < 2; i++)
        fours[i] = _mm512_add_epi32(
            _mm512_unpacklo_epi64(pairs[2 * i], pairs[2 * i + 1]),
            _mm512_unpackhi_epi64(pairs[2 * i], pairs[2 * i + 1]));
    const __m512i halves = _mm512_add_epi32(
        _mm512_shuffle_i32x4(fours[0], fours[1], _MM_SHUFFLE(1, 0, 1, 0)),
        _mm512_shuffle_i32x4(fours[0], fours[1], _MM_SHUFFLE(3, 2, 3, 2)));
    const __m512i sums = _mm512_add_epi32(
        _mm512_shuffle_i32x4(halves, halves, _MM_SHUFFLE(2, 0, 2, 0)),
        _mm512_shuffle_i32x4(halves, halves, _MM_SHUFFLE(3, 1, 3, 1)));
    return _mm512_castsi512_si256(sums);
}

AVX512 static void sketch_bounds(
    const float *head, float tail, const float *heads, size_t stride, const float *tails, size_t n, size_t m,
    float *out) {
    const __mmask16 rest = first_lanes(m % 16);
    for (size_t i = 0; i < n; i += GROUP) {
        const size_t count = n - i < GROUP ? n - i : GROUP;
        const float *rows[GROUP];
        __m512 sums[GROUP];
        for (size_t r = 0; r < GROUP; r++) {
            rows[r] = heads + (i + (r < count ? r : 0)) * stride;
            sums[r] = _mm512_setzero_ps();
        }
        size_t j = 0;
        for (; j + 16 <= m; j += 16) {
            const __m512 q = _mm512_loadu_ps(head + j);
            for (size_t r = 0; r < GROUP; r++) sums[r] = add_square(sums[r], q, _mm512_loadu_ps(rows[r] + j));
        }
        if (rest) {
            const __m512 q = _mm512_maskz_loadu_ps(rest, head + j);
            for (size_t r = 0; r < GROUP; r++)
                sums[r] = add_square(sums[r], q, _mm512_maskz_loadu_ps(rest, rows[r] + j));
        }
        const __mmask8 stored = (__mmask8)first_lanes(count);
        const __m256 difference = _mm256_sub_ps(_mm256_maskz_loadu_ps(stored, tails + i), _mm256_set1_ps(tail));
        _mm256_mask_storeu_ps(out + i, stored, _mm256_fmadd_ps(difference, difference, totals(sums)));
    }
}

/* The bounds of GROUP rows from their inner products with the query and their terms, four floats a row. */
AVX512_INLINE __m256 bounds_of_codes(__m256i dots, __m512 low_terms, __m512 high_terms, struct lk_code_terms q) {
    __m256 term[4];
    for (int t = 0; t < 4; t++) {
        const __m512i column = _mm512_castsi256_si512(
            _mm256_add_epi32(_mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28), _mm256_set1_epi32(t)));
        term[t] = _mm512_castps512_ps256(_mm512_permutex2var_ps(low_terms, column, high_terms));
    }
    const __m256 zero = _mm256_setzero_ps();
    const __m256 norms = _mm256_add_ps(term[1], _mm256_set1_ps(q.norm));
    const __m256 scale = _mm256_mul_ps(_mm256_set1_ps(2 * q.scale), term[0]);
    const __m256 exact = _mm256_fnmadd_ps(scale, _mm256_cvtepi32_ps(dots), norms);
    const __m256 squared = _mm256_fnmadd_ps(_mm256_set1_ps(LK_CODE_ROUNDING), norms, exact);
    const __m256 errors = _mm256_add_ps(term[2], _mm256_set1_ps(q.error));
    const __m256 distance = _mm256_sub_ps(_mm256_sqrt_ps(_mm256_max_ps(squared, zero)), errors);
    const __m256 head = _mm256_max_ps(distance, zero);
    const __m256 difference = _mm256_sub_ps(term[3], _mm256_set1_ps(q.tail));
    return _mm256_fmadd_ps(difference, difference, _mm256_mul_ps(head, head));
}

AVX512 static void code_bounds(
    const int16_t *query_codes, const struct lk_code_terms *query_terms, const int8_t *codes, size_t stride,
    const struct lk_code_terms *terms, size_t n, size_t m, float *out) {
    const __mmask32 rest = (__mmask32)((UINT64_C(1) << m % 32) - 1);
    const struct lk_code_terms query = *query_terms;
    for (size_t i = 0; i < n; i += GROUP) {
        const size_t count = n - i < GROUP ? n - i : GROUP;
        const int8_t *rows[GROUP];
        __m512i sums[GROUP];
        for (size_t r = 0; r < GROUP; r++) {
            rows[r] = codes + (i + (r < count ? r : 0)) * stride;
            sums[r] = _mm512_setzero_si512();
        }
        size_t j = 0;
        for (; j + 32 <= m; j += 32) {
            const __m512i q = _mm512_loadu_si512(query_codes + j);
            for (size_t r = 0; r < GROUP; r++) {
                const __m512i x = _mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(rows[r] + j)));
                sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(x, q));
            }
        }
        if (rest) {
            const __m512i q = _mm512_maskz_loadu_epi16(rest, query_codes + j);
            for (size_t r = 0; r < GROUP; r++) {
                const __m512i x = _mm512_cvtepi8_epi16(_mm256_maskz_loadu_epi8(rest, rows[r] + j));
                sums[r] = _mm512_add_epi32(sums[r], _mm512_madd_epi16(x, q));
            }
        }
        const uint32_t lanes = (uint32_t)((UINT64_C(1) << 4 * count) - 1);
        const float *group = (const float *)(terms + i);
        const __m512 low = _mm512_maskz_loadu_ps((__mmask16)lanes, group);
        const __m512 high = _mm512_maskz_loadu_ps((__mmask16)(lanes >> 16), group + 16);
        const __m256 bounds = bounds_of_codes(integer_totals(sums), low, high, query);
        _mm256_mask_storeu_ps(out + i, (__mmask8)first_lanes(count), bounds);
    }
}

AVX512 static size_t select_rows(const float *values, size_t n, float threshold, uint32_t first, uint32_t *rows) {
    const __m512 limit = _mm512_set1_ps(threshold);
    const __m512i step = _mm512_set1_epi32(16);
    __m512i numbers = _mm512_add_epi32(
        _mm512_set1_epi32((int)first), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
    size_t count = 0, i = 0;
    for (; i + 16 <= n; i += 16) {
        const __mmask16 chosen = _mm512_cmp_ps_mask(_mm512_loadu_ps(values + i), limit, _CMP_NGT_UQ);
        /* A whole register: count <= i, so it ends within the n that the caller has room for. */
        if (chosen) {
            _mm512_storeu_si512(rows + count, _mm512_maskz_compress_epi32(chosen, numbers));
            count += (size_t)__builtin_popcount(chosen);
        }
        numbers = _mm512_add_epi32(numbers, step);
    }
    for (; i < n; i++)
        if (!(values[i] > threshold)) rows[count++] = first + (uint32_t)i;
    return count;
}

AVX512_INLINE double total_of_doubles(__m512d sums) {
    const __m256d four = _mm256_add_pd(_mm512_castpd512_pd256(sums), _mm512_extractf64x4_pd(sums, 1));
    const __m128d two = _mm_add_pd(_mm256_castpd256_pd128(four), _mm256_extractf128_pd(four, 1));
    return _mm_cvtsd_f64(_mm_add_sd(two, _mm_unpackhi_pd(two, two)));
}

/* Adds the products of the eight (or, by `mask`, fewer) numbers at position p: r rows of basis by c rows of z. */
AVX512_INLINE void add_products(
    __m512d sums[8][4], const float *basis, size_t stride, const double *z, size_t r, size_t c, size_t d, size_t p,
    __mmask8 mask) {
    __m512d columns[4];
    for (size_t i = 0; i < c; i++) columns[i] = _mm512_maskz_loadu_pd(mask, z + i * d + p);
    for (size_t j = 0; j < r; j++) {
        const __m512d row = _mm512_cvtps_pd(_mm256_maskz_loadu_ps(mask, basis + j * stride + p));
        for (size_t i = 0; i < c; i++) sums[j][i] = _mm512_fmadd_pd(row, columns[i], sums[j][i]);
    }
}

/* out[i * m + j] for j < r rows of basis and i < c rows of z; r <= 8, c <= 4 and both known where this is inlined. */
AVX512_INLINE void project_tile(
    const float *basis, size_t stride, const double *z, size_t r, size_t c, size_t m, size_t d, double *out) {
    __m512d sums[8][4];
    for (size_t j = 0; j < r; j++)
        for (size_t i = 0; i < c; i++) sums[j][i] = _mm512_setzero_pd();
    size_t p = 0;
    for (; p + 8 <= d; p += 8) add_products(sums, basis, stride, z, r, c, d, p, 0xFF);
    if (p < d) add_products(sums, basis, stride, z, r, c, d, p, (__mmask8)first_lanes(d - p));
    for (size_t j = 0; j < r; j++)
        for (size_t i = 0; i < c; i++) out[i * m + j] = total_of_doubles(sums[j][i]);
}

AVX512 static void project(
    const float *basis, size_t stride, const double *z, size_t n, size_t m, size_t d, double *out) {
    size_t i = 0;
    for (; i + 4 <= n; i += 4) {
        const double *columns = z + i * d;
        double *rows = out + i * m;
        size_t j = 0;
        for (; j + 4 <= m; j += 4) project_tile(basis + j * stride, stride, columns, 4, 4, m, d, rows + j);
        for (; j < m; j++) project_tile(basis + j * stride, stride, columns, 1, 4, m, d, rows + j);
    }
    for (; i < n; i++) {
        size_t j = 0;
        for (; j + 8 <= m; j += 8) project_tile(basis + j * stride, stride, z + i * d, 8, 1, m, d, out + i * m + j);
        for (; j < m; j++) project_tile(basis + j * stride, stride, z + i * d, 1, 1, m, d, out + i * m + j);
    }
}

const struct lk_kernels lk_avx512_kernels = {
    .name = "avx512",
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
