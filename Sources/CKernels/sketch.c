#include <float.h>
#include <math.h>

#include "ckernels.h"

/* The rows that lk_sketch centers and projects together. */
enum { BATCH = 4 };

size_t lk_sketch_scratch(size_t m, size_t d) { return BATCH * (d + m); }

static double squared_norm(const double *v, size_t n) {
    double lanes[4] = {0};
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int lane = 0; lane < 4; lane++) lanes[lane] += v[i + lane] * v[i + lane];
    for (int lane = 0; i < n; i++, lane++) lanes[lane] += v[i] * v[i];
    return (lanes[0] + lanes[2]) + (lanes[1] + lanes[3]);
}

/* |z - V^T h|, computed in place of z: the tail of a vector that the basis holds almost whole. */
static double norm_of_rest(const struct lk_projection *p, const double *head, double *z) {
    for (size_t j = 0; j < p->m; j++) {
        const float *row = p->basis + j * p->stride;
        for (size_t i = 0; i < p->d; i++) z[i] -= head[j] * row[i];
    }
    return sqrt(squared_norm(z, p->d));
}

static double tail_norm(const struct lk_projection *p, const double *head, double *z) {
    const double whole = squared_norm(z, p->d);
    const double rest = whole - squared_norm(head, p->m);
    if (rest > whole * 0x1p-10) return sqrt(rest);
    return whole == 0 ? 0 : norm_of_rest(p, head, z);
}

void lk_sketch(
    const struct lk_kernels *kernels, const struct lk_projection *projection, const float *x, size_t x_stride, size_t n,
    float *heads, size_t heads_stride, float *tails, double *scratch) {
    const size_t m = projection->m, d = projection->d;
    double *z = scratch, *projected = scratch + BATCH * d;
    for (size_t first = 0; first < n; first += BATCH) {
        const size_t count = n - first < BATCH ? n - first : BATCH;
        for (size_t i = 0; i < count; i++) {
            const float *row = x + (first + i) * x_stride;
            for (size_t c = 0; c < d; c++) z[i * d + c] = (double)row[c] - projection->center[c];
        }
        kernels->project(projection->basis, projection->stride, z, count, m, d, projected);
        for (size_t i = 0; i < count; i++) {
            float *head = heads + (first + i) * heads_stride;
            for (size_t j = 0; j < m; j++) head[j] = (float)projected[i * m + j];
            tails[first + i] = (float)tail_norm(projection, projected + i * m, z + i * d);
        }
    }
}

double lk_orthonormality_defect(
    const struct lk_kernels *kernels, const struct lk_projection *projection, double *scratch) {
    const size_t m = projection->m, d = projection->d;
    double *z = scratch, *products = scratch + BATCH * d;
    double sum = 0;
    for (size_t first = 0; first < m; first += BATCH) {
        const size_t count = m - first < BATCH ? m - first : BATCH;
        for (size_t i = 0; i < count; i++)
            for (size_t c = 0; c < d; c++) z[i * d + c] = projection->basis[(first + i) * projection->stride + c];
        kernels->project(projection->basis, projection->stride, z, count, m, d, products);
        for (size_t i = 0; i < count; i++) products[i * m + first + i] -= 1;
        sum += squared_norm(products, count * m);
    }
    /* Double precision's share: the entries and their sum are right to far better than a part in a million. */
    const double defect = sqrt(sum) * (1 + 0x1p-20) + (double)m * 0x1p-40;
    return isnan(defect) ? INFINITY : defect;
}

double lk_sketch_slack(double defect, double radius) { return (34 * defect + 0x1p-22) * radius; }

/* gamma(roundings) of Higham's lemma 3.1, for float32. */
static double gamma_of(double roundings) {
    const double nu = roundings * 0x1p-24;
    return nu < 1 ? nu / (1 - nu) : INFINITY;
}

float lk_bound_threshold(float distance, double slack, size_t m, size_t d) {
    const double distance_gamma = gamma_of(ceil((double)d / 16) + 8);
    const double bound_gamma = gamma_of(ceil((double)m / 8) + 12);
    /* Not "<": a NaN must give infinity too. */
    if (!(distance_gamma < 1 && bound_gamma < 1 && distance < INFINITY && slack < INFINITY)) return INFINITY;
    const double squared = ((double)distance + (double)d * 0x1p-148) / (1 - distance_gamma);
    const double reach = sqrt(squared) + slack;
    const double threshold = reach * reach * (1 + bound_gamma) * (1 + 0x1p-40) + 0x1p-140 + (double)m * 0x1p-148;
    if (!(threshold < FLT_MAX)) return INFINITY;
    return nextafterf((float)threshold, INFINITY);
}
