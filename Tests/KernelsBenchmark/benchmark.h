#ifndef LIKENESS_KERNELS_BENCHMARK_H
#define LIKENESS_KERNELS_BENCHMARK_H

#include <stddef.h>
#include <stdint.h>

#include "ckernels.h"

/* Rows and queries of one data set, row-major float32; allocated for the life of the process. */
struct data_set {
    const char *name;
    float *rows;
    float *queries;
    size_t row_count;
    size_t query_count;
    size_t d;
};

/* Ends the process with one line when memory is short; 64-byte aligned. */
void *allocate(size_t bytes);

/* Seconds on a clock that only goes forward. */
double now(void);

/* The middle of n numbers, which it sorts. */
double median(double *values, size_t n);

/* splitmix64 and a normal deviate from it: the same numbers on every machine. */
uint64_t next_random(uint64_t *state);
double next_normal(uint64_t *state);

/* float16 rows from a file, every 30th of them a query; no rows when the file cannot be read. */
struct data_set diverse_rows(const char *path, size_t d);

/* Families of near-copies: each an L2-normalized center and members around it in a few hundred directions. */
struct data_set families_of_copies(size_t families, size_t members, size_t d, uint64_t seed);

/* m principal components (m * d) of a sample of the rows and their mean (d), by orthogonal iteration. */
void principal_components(const struct data_set *data, size_t m, float *center, float *basis);

/* The first m rows of basis, multiplied by a random orthonormal m * m matrix. */
void rotated(const float *basis, size_t m, size_t d, uint64_t seed, float *result);

/* One answer: a row and its distance. */
struct neighbor {
    float distance;
    uint32_t row;
};

enum { K = 10 };

/* The k best so far, worst first out; ties go to the lower row. */
struct nearest {
    struct neighbor best[K];
    size_t count;
};

void offer(struct nearest *nearest, struct neighbor candidate);
/* The distance that a row must not exceed; +infinity until there are K. */
float worst(const struct nearest *nearest);

/* What a search is made of. */
struct search_times {
    double sketch, scan, exact, total;
    size_t survivors;
};

/* Sketches of a data set's rows, in float32 and in int8. */
struct sketches {
    struct lk_projection projection;
    double slack;
    float *heads, *tails;
    int8_t *codes;
    struct lk_code_terms *terms;
    double *scratch;
};

struct sketches sketch_all(
    const struct lk_kernels *k, const struct data_set *data, const float *center, const float *basis, size_t m);
void free_sketches(struct sketches *sketches);

struct nearest scan(const struct lk_kernels *k, const struct data_set *data, const float *q, float *distances);
struct nearest search_by_sketch(
    const struct lk_kernels *k, const struct data_set *data, const struct sketches *s, int as_codes, const float *q,
    struct search_times *times);

#endif
