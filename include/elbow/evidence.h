/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * log p(x|theta) of single observations: how it is had, what it costs, what it is. */
#ifndef ELBOW_EVIDENCE_H
#define ELBOW_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>

#include "elbow/estimate.h"
#include "elbow/model.h"

enum em_evidence_kind { EM_EVIDENCE_NONE, EM_EVIDENCE_EXACT, EM_EVIDENCE_ESTIMATE };

/* log p of one observation by an estimator, nats; show it with twice se. */
struct em_guess {
	double log_p; /* NAN: none */
	double se;    /* standard error */
	bool doubtful;/* the estimator's own signs say so: to be shown only with that word */
	size_t samples; /* draws it comes from */
};

/* A method, as the run sees it: the engine knows no method, the caller hands one in. */
struct em_evidence {
	const char *name; /* "exact" */
	/* Seconds for observation n by a fixed cost model (never measured); HUGE_VAL when the method does not apply. */
	double (*cost)(const struct em_problem *p, size_t n);
	/* log p(x_n|theta), nats. EM_MEMORY or EM_CANCELLED on failure. cancelled may be NULL. */
	enum em_status (*log_evidence)(const struct em_problem *p, const double *theta, size_t n, double *out,
	                               bool (*cancelled)(void *), void *self, struct em_err *err);
	/* For observations that are too dear: log p estimated from `samples` draws, the same for the same seed. q: the
	 * observation's row. May be NULL. */
	enum em_status (*estimate)(const struct em_problem *p, const double *theta, const double *q, size_t n, uint64_t seed,
	                           size_t samples, struct em_guess *out, bool (*cancelled)(void *), void *self,
	                           struct em_err *err);
	/* log p(x_n|after) - log p(x_n|before) from the same draws on both sides, and its standard error; *few where too few of them count.
	 * May be NULL. */
	enum em_status (*difference)(const struct em_problem *p, const double *before, const double *after, const double *q, size_t n,
	                             uint64_t seed, size_t samples, double *out, double *se, bool *few, bool (*cancelled)(void *),
	                             void *self, struct em_err *err);
};

/* Exact, for models whose q is a Dirichlet over components (exact models give log p with every bound): each document by the
 * method below that is predicted to be cheapest. */
extern const struct em_evidence em_evidence_exact;
/* Which: as em_document_method() names them. */
const char *em_evidence_method(const struct em_problem *p, size_t n);

/* Document n of an LDA problem; false where theta is not alpha and topics of a corpus. */
bool em_document_of(const struct em_problem *p, const double *theta, size_t n, struct em_document *out);

/* Document n of a problem. EM_USAGE where the model is not LDA. */
enum em_status em_estimate_document(const struct em_problem *p, const double *theta, const double *gamma, size_t n,
                                    uint64_t seed, size_t samples, const struct em_stop *stop, struct em_estimate *out,
                                    struct em_err *err);

#endif
