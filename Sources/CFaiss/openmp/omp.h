/*
 * What faiss/impl/HNSW.h needs of OpenMP's header, which clang as Swift brings it lacks: locks, as GCC's libgomp has had
 * them on 64-bit Linux since its first version with futexes. libfaiss was compiled with that header, and its symbols
 * carry the name of the type.
 */
#ifndef LIKENESS_CFAISS_OMP_H
#define LIKENESS_CFAISS_OMP_H

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    unsigned char _x[4] __attribute__((__aligned__(4)));
} omp_lock_t;

void omp_init_lock(omp_lock_t *);
void omp_destroy_lock(omp_lock_t *);

#ifdef __cplusplus
}
#endif

#endif
