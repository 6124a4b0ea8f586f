/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document of LDA before a theta: log p(w|alpha,beta) and its posterior, exactly, and what they cost. */
#ifndef ELBOW_DOCUMENT_H
#define ELBOW_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elbow/status.h"

/* A document before a theta; everything borrowed. beta of term v are topics doubles at beta + v*stride. */
struct em_document {
	size_t topics, stride, pairs;
	const double *alpha, *beta;
	const uint32_t *term, *count;
};

/* A caller's wish to stop; NULL for none. Asked every few microseconds. */
struct em_stop {
	bool (*cancelled)(void *);
	void *self;
};

/* log p(w|alpha,beta), nats, by the method below that is predicted to be cheapest; -INFINITY where a word is impossible.
 * EM_USAGE where none applies; EM_MEMORY, EM_CANCELLED. */
enum em_status em_document_log_p(const struct em_document *d, const struct em_stop *stop, double *out, struct em_err *err);
/* Which: "urn sum", "quadrature", "sum by topics", "none". *seconds (NULL is allowed): its predicted cost, a fixed formula;
 * HUGE_VAL for none. */
const char *em_document_method(size_t topics, size_t tokens, size_t pairs, const uint32_t *count, double *seconds);

/* The urn sum, p(w) = sum over topic counts m of coef_m[prod_n sum_k beta_{k,w_n} x_k] DM(m): log p(w|alpha,beta) of one
 * sequence of counts. The beta of a word are K doubles at beta + term[w]*stride. Work: N C(N+K-1,K-1) with N the number of tokens; memory 2 C(N+K-1,K-1) doubles and index tables. */
enum em_status em_urn_log_evidence(size_t k, const double *alpha, const double *beta, size_t stride, size_t pairs,
                                   const unsigned *term, const unsigned *count, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err);
/* Its predicted seconds: C(N+K-1,K-1) times 0.2e-9 N, and 2e-9 K for the tables; and 4e-9 N where N > 600, since doubles may not be
 * wide enough. HUGE_VAL beyond 64 topics or 5e6 states. */
double em_urn_cost(size_t k, size_t tokens);

/* The same by Gauss's quadrature over the simplex, m = min(floor(N/2) + 1, ceil(3.5 sqrt N) + 4) nodes for each topic but
 * one: the first is exact but for rounding, the second errs by less than 2.2e-11 nats on all that was tried. *error, unless
 * NULL: the difference to 1.25 m nodes (0 where m is exact) and a bound of the rounding; takes a second pass. 2 to 8 topics. */
enum em_status em_quadrature_log_evidence(const struct em_document *d, double *out, double *error,
                                          const struct em_stop *stop, struct em_err *err);
/* Its predicted seconds, without the error: 20e-9 (K-1) m^2 for the nodes and m^(K-1) (5e-9 + 0.4e-9 U) for U
 * distinct terms; HUGE_VAL beyond 8 topics or 1e9 nodes. */
double em_quadrature_cost(size_t k, size_t tokens, size_t distinct);

/* The same by which words each topic takes, topic by topic: linear in K, for many topics that meet few distinct words.
 * Any number of topics; up to 24 distinct words with prod (c+1) <= 4e6. */
enum em_status em_partitions_log_evidence(const struct em_document *d, double *out, const struct em_stop *stop,
                                          struct em_err *err);
/* Its predicted seconds: (K-2) (0.6e-9 prod (c+1)(c+2)/2 + 6e-9 prod (c+1)); HUGE_VAL beyond its limits. */
double em_partitions_cost(size_t k, size_t pairs, const unsigned *count);

/* The exact posterior of one document. theta_k given w is a mixture of Beta densities over the counts n_k, so all of it is
 * exact, but for rounding (or, by quadrature, some 1e-10). */
struct em_posterior {
	const char *method;   /* as em_evidence_method() names them */
	size_t topics, pairs;
	double log_p;
	double *mean;         /* [topics] E[theta_k | w] */
	double *log_mean;     /* [topics] E[log theta_k | w] */
	double *counts_log;   /* [topics] E[n_k log theta_k | w], n_k the tokens of the topic; their sum is E[log p(z|theta) | w] */
	double *low, *high;   /* [topics] the 5 % and 95 % quantiles of theta_k given w; NAN from em_expectations_new */
	double *z;            /* [pairs][topics] p(z = k | w) of each distinct word, in the document's order: E[theta_k beta_kw / s_w] */
};

/* Owned by the caller: em_posterior_free. Every alpha > 0. EM_USAGE where em_posterior_cost is HUGE_VAL or a word is
 * impossible in all topics; EM_MEMORY, EM_CANCELLED. The methods: quadrature (2 to 4 topics), the urn sum (up to 64; p(z|w)
 * by quadrature or a sum for each distinct word), the sum by topics (any number of topics, few distinct words). */
enum em_status em_posterior_new(const struct em_document *d, const struct em_stop *stop, struct em_posterior **out,
                                struct em_err *err);
/* Without the quantiles, which are dear beside the rest: what exact EM wants. */
enum em_status em_expectations_new(const struct em_document *d, const struct em_stop *stop, struct em_posterior **out,
                                   struct em_err *err);
double em_expectations_cost(size_t topics, size_t pairs, const unsigned *count);
void em_posterior_free(struct em_posterior *p); /* NULL is allowed */
/* Predicted seconds by the cheapest method. */
double em_posterior_cost(size_t topics, size_t pairs, const unsigned *count);

#endif
