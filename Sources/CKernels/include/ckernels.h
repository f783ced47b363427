#ifndef LIKENESS_CKERNELS_H
#define LIKENESS_CKERNELS_H

#include <stddef.h>
#include <stdint.h>

/*
 * NAME
 *   ckernels - distances between float32 vectors, sketches that bound them from below, and checksums
 *
 * SYNOPSIS
 *   const struct lk_kernels *k = lk_kernels_of_this_cpu();
 *   float distance = k->squared_l2(x, y, d);
 *
 * CONVENTIONS
 *   Shapes: n * d means n rows of d numbers, row-major. A stride is the step from one row to the next, counted in
 *   elements (not bytes) and at least the length of a row. Every count may be 0.
 *
 *   Alignment: that of the element type is enough. 64 bytes are faster where a row's length allows it.
 *
 *   Ownership: inputs are borrowed for the call and never written; outputs and scratch belong to the caller and must
 *   not overlap the inputs. Nothing is allocated.
 *
 *   Threads: nothing has state. Any thread may call anything at the same time as others, each with its own outputs.
 *
 *   Order: within one table the sum behind a number is always taken in the same order, whatever the function, the
 *   number of rows, a row's place among them or its alignment. So the distance of x and y is bit for bit the
 *   same from squared_l2, squared_l2_rows and squared_l2_gather, and d(x, y) = d(y, x); equal vectors of finite numbers
 *   are exactly 0 apart. Two tables (avx2 and avx512, say) may differ within the error bounds below.
 *
 *   NaN and infinity: a NaN in the input makes every number that depends on it NaN; infinity - infinity is NaN; a sum
 *   that is too large is +infinity. Nothing traps. lk_select takes NaN as "cannot be ruled out".
 *
 *   Rounding mode and denormals: to nearest, denormals on: what a process starts with.
 *
 * ROUNDING
 *   u = 2^-24, gamma(i) = i u / (1 - i u); see N. Higham, Accuracy and Stability of Numerical Algorithms (2nd ed.,
 *   2002), lemma 3.1 and section 4.2. Every sum of d float32 terms runs in at least 16 lanes, so a term takes part in
 *   at most ceil(d / 16) + 4 additions; with the subtraction (counted twice, for it is squared) and the product
 *   that is at most r(d) = ceil(d / 16) + 8 roundings. With D the value in real arithmetic:
 *
 *     squared_l2      |computed - D| <= gamma(r(d)) D + d 2^-148                    (terms >= 0: nothing cancels)
 *     inner_product   |computed - P| <= gamma(r(d)) sum |x_i y_i| + d 2^-148
 *
 *   The last term is underflow. For d = 2048, gamma(r(d)) = 8.2e-6 in the worst case; what is seen is below 1e-6.
 */

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__clang__)
#pragma clang assume_nonnull begin
#define LK_NONNULL _Nonnull
#define LK_NULLABLE _Nullable
#else
#define LK_NONNULL
#define LK_NULLABLE
#endif

/*
 * What is kept beside the int8 head of one sketch, 16 bytes.
 */
struct lk_code_terms {
    /* What a code of 1 stands for; 0 when all codes are 0. */
    float scale;
    /* |scale * codes|^2. */
    float norm;
    /* At least |head - scale * codes|; +infinity when the head is not finite. */
    float error;
    /* The tail of the sketch, as lk_sketch gives it. */
    float tail;
};

/*
 * The functions of one instruction set. Tables are constants that live as long as the process.
 */
struct lk_kernels {
    /* "portable", "avx2" or "avx512". */
    const char *name;

    /* The squared L2 distance of x and y, d numbers each. */
    float (*squared_l2)(const float *x, const float *y, size_t d);

    /* The inner product of x and y, d numbers each. */
    float (*inner_product)(const float *x, const float *y, size_t d);

    /* out[i] = the squared L2 distance of q (d) and row i of rows (n * d, `stride` floats apart). */
    void (*squared_l2_rows)(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out);

    /* out[i] = the inner product of q (d) and row i of rows (n * d, `stride` floats apart). */
    void (*inner_product_rows)(const float *q, const float *rows, size_t stride, size_t n, size_t d, float *out);

    /*
     * out[i] = the squared L2 distance of q (d) and the row of d numbers at rows[i], n of them anywhere in memory, in
     * several mappings if need be. The next row is fetched while one is computed: call it with many rows at once.
     */
    void (*squared_l2_gather)(
        const float *q, const float *LK_NONNULL const *LK_NONNULL rows, size_t n, size_t d, float *out);

    /*
     * out[i] = |heads_i - head|^2 + (tails[i] - tail)^2: the bound from the float32 sketches of n rows against the
     * query's. head (m); heads (n * m, `stride` floats apart); tails (n). See SKETCHES.
     * Rounding: |out[i] - exact| <= gamma(s(m)) exact + m 2^-148 with s(m) = ceil(m / 8) + 12: heads are short, and
     * summed in 8 lanes at least.
     */
    void (*sketch_bounds)(
        const float *head, float tail, const float *heads, size_t stride, const float *tails, size_t n, size_t m,
        float *out);

    /*
     * The same from heads in int8: never more than a rounding above what sketch_bounds would give for the float32
     * heads, out[i] <= exact (1 + 8u) + 2^-140, and less by about 2 |head - head_i| times the errors.
     * query_codes (m) and query_terms: from lk_quantize_query; codes (n * m, `stride` bytes apart) and terms (n): from
     * lk_quantize_head. m <= LK_MAX_CODES.
     */
    void (*code_bounds)(
        const int16_t *query_codes, const struct lk_code_terms *query_terms, const int8_t *codes, size_t stride,
        const struct lk_code_terms *terms, size_t n, size_t m, float *out);

    /*
     * Writes first + i for every i < n whose values[i] is not above `threshold`, in ascending order, and gives their
     * count. NaN is never "above". values (n); rows: room for n, even when few are selected; what lies behind the
     * count is undefined.
     */
    size_t (*select)(const float *values, size_t n, float threshold, uint32_t first, uint32_t *rows);

    /*
     * out[i * m + j] = the inner product of row j of basis (m * d, `stride` floats apart) and row i of z (n * d,
     * contiguous), summed in double precision: lk_sketch in two lines, for a caller who divides m among threads.
     */
    void (*project)(
        const float *basis, size_t stride, const double *z, size_t n, size_t m, size_t d, double *out);
};

enum {
    /* The longest head that is stored in int8: up to here the integer sums are exact in 32 bits. */
    LK_MAX_CODES = 8192
};

/* The fastest table that this CPU and its operating system run; at worst the portable one. Cost: some tests of bits. */
const struct lk_kernels *lk_kernels_of_this_cpu(void);

/* The table of that name ("portable", "avx2", "avx512"); null when there is none or this machine cannot run it. */
const struct lk_kernels *LK_NULLABLE lk_kernels_named(const char *name);

/*
 * SKETCHES
 *   Let mu be a center (d) and V a basis (m * d) whose rows are orthonormal: principal components of a sample, say. The
 *   sketch of x is its head h = V (x - mu), m numbers, and its tail t, the norm of what V leaves out:
 *   t^2 = |x - mu|^2 - |h|^2. x -> (h, t) never takes two points further apart, so
 *
 *     |x - q|^2 >= |h_x - h_q|^2 + (t_x - t_q)^2                                              (the bound)
 *
 *   for any V, wherever it comes from. A V that does not suit the rows makes the bound small, never wrong.
 *
 *   In floating point. Let defect >= ||V V^T - I||_2 (lk_orthonormality_defect), W the orthonormal factor of V's polar
 *   decomposition V = S W, and z = x - mu. Then ||S - I||_2 <= defect, and lk_sketch gives (h, t) with
 *
 *     |h - W z|      <= (defect + u) |z|                    V for W; the head rounded to float32
 *     |t - |R z||    <= (32 defect + u) |z|                 R projects on the complement of W. From t^2 = |z|^2 - |h|^2
 *                                                           when that exceeds |z|^2 / 1024, else from the vector
 *                                                           z - V^T h itself, where nothing cancels
 *
 *   plus double precision's share, below 2^-30 |z| for d <= 2^20. So the computed sketch is off by at most
 *
 *     slack(x) = (34 defect + 2^-22) |x - mu|                                                 (lk_sketch_slack)
 *
 *   and sqrt(bound) <= |x - q| + slack(x) + slack(q) holds for the computed sketches of any x, q, mu, V, even for a V
 *   whose rows are far from orthonormal (where it excludes nothing). lk_bound_threshold adds the
 *   roundings of bound and distance.
 */

/* A center and a basis; the memory is the caller's and stays as it is while this is used. */
struct lk_projection {
    /* V: m * d, `stride` floats apart. */
    const float *basis;
    size_t stride;
    /* mu: d. */
    const float *center;
    /* The length of a head, at most d. */
    size_t m;
    /* The dimension of the vectors. */
    size_t d;
};

/* The doubles of scratch that lk_sketch and lk_orthonormality_defect want: 4 (d + m). */
size_t lk_sketch_scratch(size_t m, size_t d);

/*
 * The sketches of n vectors: heads (n * m, `heads_stride` floats apart) and tails (n) from x (n * d, `x_stride`
 * floats apart). A vector's sketch does not depend on the others of the call; four at a time are fastest, for the basis
 * is read once for four. Equal vectors have equal sketches.
 *
 * Cost: 2 n m d operations in double precision; m d floats of basis are read for each four vectors.
 * scratch: lk_sketch_scratch(m, d) doubles.
 */
void lk_sketch(
    const struct lk_kernels *kernels, const struct lk_projection *projection, const float *x, size_t x_stride, size_t n,
    float *heads, size_t heads_stride, float *tails, double *scratch);

/*
 * How far the basis is from orthonormal rows: the Frobenius norm of V V^T - I, an upper bound of its spectral norm,
 * rounded up. About 1e-7 for rows orthonormalized in double precision and rounded to float32; NaN in the basis gives
 * +infinity. Cost: 2 m^2 d operations; once a basis. scratch: lk_sketch_scratch(m, d) doubles.
 */
double lk_orthonormality_defect(
    const struct lk_kernels *kernels, const struct lk_projection *projection, double *scratch);

/* slack(x) of SKETCHES, a distance (not squared), for every x with |x - mu| <= radius. */
double lk_sketch_slack(double defect, double radius);

/*
 * The threshold for bounds that rules out no row as near as `distance`: if a row's bound (sketch_bounds or code_bounds)
 * is above it, squared_l2 of that row and the query is above `distance`, as computed, rounding included.
 *
 * distance: squared, as squared_l2 gave it (the k-th nearest so far). slack: slack(x) + slack(q). m, d: of the
 * projection. +infinity for a distance or slack that is NaN or infinite. Always above `distance`, so that ties remain.
 *
 * Source: (sqrt(distance / (1 - gamma(r(d)))) + slack)^2 * (1 + gamma(s(m))), and underflow's share.
 */
float lk_bound_threshold(float distance, double slack, size_t m, size_t d);

/*
 * A head in int8: codes (m) = head / scale to the nearest, scale = the largest magnitude / 127, terms with the exact
 * norm of what was lost. m <= LK_MAX_CODES. A head with a few large numbers loses most: rotate the basis (multiply
 * it by an m * m orthonormal matrix: the bound stays what it is) so that they are spread evenly.
 * A head without a number of at least 1e-12 counts as lost whole. A head that is not finite gets an infinite error: it
 * is never ruled out.
 */
void lk_quantize_head(const float *head, float tail, size_t m, int8_t *codes, struct lk_code_terms *terms);

/*
 * The query's head in 16 bits, fine enough that its error hardly counts: codes within +-min(32767, (2^31 - 1) /
 * (128 m)), so that no sum of products leaves 32 bits. Otherwise as lk_quantize_head.
 */
void lk_quantize_query(const float *head, float tail, size_t m, int16_t *codes, struct lk_code_terms *terms);

/* Where the int8 head of a row's sketch lies, and what is kept beside it. */
struct lk_code_row {
    const int8_t *codes;
    const struct lk_code_terms *terms;
};

/* The bytes of scratch that lk_code_bounds_of wants: 8 m. */
size_t lk_code_bounds_scratch(size_t m);

/*
 * out[i] = the bound of rows[numbers[i]], as code_bounds gives it: n rows anywhere in memory. All are fetched at once, so
 * call it with many. scratch: lk_code_bounds_scratch(m) bytes.
 */
void lk_code_bounds_of(
    const struct lk_kernels *kernels, const int16_t *query_codes, const struct lk_code_terms *query_terms,
    const struct lk_code_row *rows, const int32_t *numbers, size_t n, size_t m, float *out, int8_t *scratch);

/*
 * CHECKSUMS
 *   The CRC-32C of n bytes that follow those whose CRC-32C is `crc`; 0 before the first. With the CPU's own instruction
 *   (SSE4.2) where there is one, some 10 GB/s, else by tables, about 2 GB/s.
 *
 *   Source: RFC 3720, appendix B.4 (polynomial 0x1EDC6F41, reflected, with both complements); eight bytes at a time as in
 *   Kounavis and Berry, "A Systematic Approach to Building High Performance Software-Based CRC Generators" (2005).
 */
uint32_t lk_crc32c(uint32_t crc, const void *bytes, size_t n);

/* The same by tables, whatever the CPU has. */
uint32_t lk_crc32c_portable(uint32_t crc, const void *bytes, size_t n);

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#ifdef __cplusplus
}
#endif

#include "ckernels_lists.h"

#endif
