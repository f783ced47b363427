#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"

/* Rows that the components are computed from; orthogonal iterations. */
enum { SAMPLE = 2000, ITERATIONS = 12 };

/* Gram-Schmidt, twice over each row, so that what is left is double precision's rounding. */
static void orthonormalize(double *v, size_t m, size_t d) {
    for (size_t j = 0; j < m; j++) {
        double *row = v + j * d;
        for (int pass = 0; pass < 2; pass++) {
            for (size_t i = 0; i < j; i++) {
                const double *other = v + i * d;
                double lanes[4] = {0};
                for (size_t c = 0; c < d; c++) lanes[c & 3] += row[c] * other[c];
                const double product = lanes[0] + lanes[1] + lanes[2] + lanes[3];
                for (size_t c = 0; c < d; c++) row[c] -= product * other[c];
            }
        }
        double sum = 0;
        for (size_t c = 0; c < d; c++) sum += row[c] * row[c];
        for (size_t c = 0; c < d; c++) row[c] /= sqrt(sum);
    }
}

static void narrow(const double *from, size_t n, float *to) {
    for (size_t i = 0; i < n; i++) to[i] = (float)from[i];
}

void principal_components(const struct data_set *data, size_t m, float *center, float *basis) {
    const struct lk_kernels *k = lk_kernels_of_this_cpu();
    const size_t d = data->d, n = data->row_count < SAMPLE ? data->row_count : SAMPLE;
    double *mean = allocate(d * 8), *centered = allocate(n * d * 8), *v = allocate(m * d * 8);
    double *products = allocate(n * m * 8), *across = allocate(n * m * 8);
    float *columns = allocate(n * d * 4);
    memset(mean, 0, d * 8);
    for (size_t i = 0; i < n; i++) {
        const float *row = data->rows + i * (data->row_count / n) * d;
        for (size_t c = 0; c < d; c++) mean[c] += row[c] / (double)n;
    }
    narrow(mean, d, center);
    for (size_t i = 0; i < n; i++) {
        const float *row = data->rows + i * (data->row_count / n) * d;
        for (size_t c = 0; c < d; c++) {
            centered[i * d + c] = (double)row[c] - center[c];
            columns[c * n + i] = (float)centered[i * d + c];
        }
    }
    uint64_t state = 1;
    for (size_t i = 0; i < m * d; i++) v[i] = next_normal(&state);
    for (int iteration = 0; iteration < ITERATIONS; iteration++) {
        orthonormalize(v, m, d);
        narrow(v, m * d, basis);
        k->project(basis, d, centered, n, m, d, products);
        for (size_t i = 0; i < n; i++)
            for (size_t j = 0; j < m; j++) across[j * n + i] = products[i * m + j];
        k->project(columns, n, across, m, d, n, v);
    }
    orthonormalize(v, m, d);
    narrow(v, m * d, basis);
    free(mean), free(centered), free(v), free(products), free(across), free(columns);
}

void rotated(const float *basis, size_t m, size_t d, uint64_t seed, float *result) {
    double *rotation = allocate(m * m * 8), *v = allocate(m * d * 8);
    float *columns = allocate(d * m * 4);
    for (size_t i = 0; i < m * m; i++) rotation[i] = next_normal(&seed);
    orthonormalize(rotation, m, m);
    for (size_t j = 0; j < m; j++)
        for (size_t c = 0; c < d; c++) columns[c * m + j] = basis[j * d + c];
    lk_kernels_of_this_cpu()->project(columns, m, rotation, m, d, m, v);
    narrow(v, m * d, result);
    free(rotation), free(v), free(columns);
}
