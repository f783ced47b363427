#include "Failure.h"

#include <cmath>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

/* BLAS and LAPACK as faiss itself calls them: Fortran's, whose matrices lie column by column. */
extern "C" {
void sgemm_(
    const char *transa, const char *transb, const int *m, const int *n, const int *k, const float *alpha,
    const float *a, const int *lda, const float *b, const int *ldb, const float *beta, float *c, const int *ldc);
void dgemm_(
    const char *transa, const char *transb, const int *m, const int *n, const int *k, const double *alpha,
    const double *a, const int *lda, const double *b, const int *ldb, const double *beta, double *c, const int *ldc);
void sgeqrf_(
    const int *m, const int *n, float *a, const int *lda, float *tau, float *work, const int *lwork, int *info);
void sorgqr_(
    const int *m, const int *n, const int *k, float *a, const int *lda, const float *tau, float *work, const int *lwork,
    int *info);
void dgeqrf_(
    const int *m, const int *n, double *a, const int *lda, double *tau, double *work, const int *lwork, int *info);
void dorgqr_(
    const int *m, const int *n, const int *k, double *a, const int *lda, const double *tau, double *work,
    const int *lwork, int *info);
void ssyevd_(
    const char *jobz, const char *uplo, const int *n, float *a, const int *lda, float *w, float *work, const int *lwork,
    int *iwork, const int *liwork, int *info);
void openblas_set_num_threads(int threads);
}

namespace {

void check(int info, const char *step) {
    if (info != 0) throw std::runtime_error(std::string(step) + " ended with " + std::to_string(info));
}

template <typename Number>
void require_finite(const std::vector<Number> &numbers) {
    for (const Number number : numbers)
        if (!std::isfinite(number)) throw std::runtime_error("the components of these rows are not finite");
}

/* What LAPACK's functions say to the question how much room they want. */
template <typename Number>
int answered(Number size) {
    return std::max(1, static_cast<int>(size));
}

/* Makes the columns of a d * m matrix orthonormal, those of one without full rank too: by Householder's reflections. */
void orthonormalize(std::vector<float> &columns, int d, int m) {
    std::vector<float> tau(m), work(1);
    int info = 0, query = -1;
    sgeqrf_(&d, &m, columns.data(), &d, tau.data(), work.data(), &query, &info);
    work.resize(answered(work[0]));
    int room = static_cast<int>(work.size());
    sgeqrf_(&d, &m, columns.data(), &d, tau.data(), work.data(), &room, &info);
    check(info, "sgeqrf");
    sorgqr_(&d, &m, &m, columns.data(), &d, tau.data(), work.data(), &query, &info);
    work.resize(answered(work[0]));
    room = static_cast<int>(work.size());
    sorgqr_(&d, &m, &m, columns.data(), &d, tau.data(), work.data(), &room, &info);
    check(info, "sorgqr");
}

void orthonormalize(std::vector<double> &columns, int d, int m) {
    std::vector<double> tau(m), work(1);
    int info = 0, query = -1;
    dgeqrf_(&d, &m, columns.data(), &d, tau.data(), work.data(), &query, &info);
    work.resize(answered(work[0]));
    int room = static_cast<int>(work.size());
    dgeqrf_(&d, &m, columns.data(), &d, tau.data(), work.data(), &room, &info);
    check(info, "dgeqrf");
    dorgqr_(&d, &m, &m, columns.data(), &d, tau.data(), work.data(), &query, &info);
    work.resize(answered(work[0]));
    room = static_cast<int>(work.size());
    dorgqr_(&d, &m, &m, columns.data(), &d, tau.data(), work.data(), &room, &info);
    check(info, "dorgqr");
}

}  // namespace

/* The directions are the columns of a d * m matrix, that is the rows of an m * d one as C has it. */
struct cfaiss_components {
    cfaiss_components(size_t dimension, size_t count)
        : d(static_cast<int>(dimension)),
          m(static_cast<int>(count)),
          directions(dimension * count),
          products(dimension * count) {
        std::mt19937 random(1);
        std::normal_distribution<float> normal;
        for (float &number : directions) number = normal(random);
        orthonormalize(directions, d, m);
    }

    void add(const float *rows, int n) {
        const float one = 1, zero = 0;
        heads.resize(static_cast<size_t>(m) * n);
        sgemm_("T", "N", &m, &n, &d, &one, directions.data(), &d, rows, &d, &zero, heads.data(), &m);
        sgemm_("N", "T", &d, &m, &n, &one, rows, &d, heads.data(), &m, &one, products.data(), &d);
    }

    void iterate() {
        require_finite(products);
        directions.swap(products);
        orthonormalize(directions, d, m);
        std::fill(products.begin(), products.end(), 0.0F);
    }

    /* The rows' spread within the span of the directions is an m * m matrix; its eigenvectors turn the directions. */
    void finish(double *basis) {
        require_finite(products);
        const float one = 1, zero = 0;
        std::vector<float> spread(static_cast<size_t>(m) * m), energies(m), work(1);
        sgemm_("T", "N", &m, &m, &d, &one, directions.data(), &d, products.data(), &d, &zero, spread.data(), &m);
        std::vector<int> integers(1);
        int info = 0, query = -1;
        ssyevd_(
            "V", "U", &m, spread.data(), &m, energies.data(), work.data(), &query, integers.data(), &query, &info);
        work.resize(answered(work[0]));
        integers.resize(answered(integers[0]));
        const int room = static_cast<int>(work.size()), integer_room = static_cast<int>(integers.size());
        ssyevd_(
            "V", "U", &m, spread.data(), &m, energies.data(), work.data(), &room, integers.data(), &integer_room,
            &info);
        check(info, "ssyevd");
        /* Energies ascend; the components are wanted the other way round. */
        std::vector<double> turn(static_cast<size_t>(m) * m);
        for (int j = 0; j < m; j++)
            std::copy_n(
                spread.begin() + static_cast<size_t>(m - 1 - j) * m, m, turn.begin() + static_cast<size_t>(j) * m);
        const std::vector<double> wide(directions.begin(), directions.end());
        std::vector<double> turned(wide.size());
        const double wide_one = 1, wide_zero = 0;
        dgemm_(
            "N", "N", &d, &m, &m, &wide_one, wide.data(), &d, turn.data(), &m, &wide_zero, turned.data(), &d);
        orthonormalize(turned, d, m);
        std::copy(turned.begin(), turned.end(), basis);
    }

    const int d, m;
    std::vector<float> directions, products, heads;
};

extern "C" cfaiss_status cfaiss_components_new(
    size_t dimension, size_t count, cfaiss_components **components, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] {
        openblas_set_num_threads(1);
        *components = new cfaiss_components(dimension, count);
    });
}

extern "C" cfaiss_status cfaiss_components_add(
    cfaiss_components *components, const float *rows, size_t count, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] { components->add(rows, static_cast<int>(count)); });
}

extern "C" cfaiss_status cfaiss_components_iterate(
    cfaiss_components *components, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] { components->iterate(); });
}

extern "C" cfaiss_status cfaiss_components_finish(
    cfaiss_components *components, double *basis, char *message, size_t message_capacity) {
    return likeness::guarded(message, message_capacity, [&] { components->finish(basis); });
}

extern "C" void cfaiss_components_free(cfaiss_components *components) { delete components; }
