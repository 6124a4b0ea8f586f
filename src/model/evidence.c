/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Exact evidence of a model that has no closed form of its own, document by document, where theta is alpha and topics. */
#include <math.h>
#include <string.h>

#include "elbow/corpus.h"
#include "elbow/evidence.h"

bool em_document_of(const struct em_problem *p, const double *theta, size_t n, struct em_document *out)
{
	const struct em_array *alpha = NULL, *topics = NULL;
	for (unsigned i = 0; i < p->layout.theta_arrays; i++) {
		const struct em_array *a = p->layout.theta + i;
		alpha = strcmp(a->name, "alpha") ? alpha : a;
		topics = strcmp(a->name, "topics") ? topics : a;
	}
	/* with a prior on the topics documents depend on one another */
	if (!alpha || !topics || p->layout.theta_arrays > 2 || p->data->kind != EM_DATA_CORPUS)
		return false;
	const struct em_corpus *c = p->data->corpus;
	*out = (struct em_document){p->layout.components,      topics->stride[1],      c->row[n + 1] - c->row[n],
	                            theta + alpha->offset,     theta + topics->offset, c->term + c->row[n],
	                            c->count + c->row[n]};
	return true;
}

static bool has(const struct em_layout *l, const char *name)
{
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return true;
	return false;
}

/* theta itself plays no part: the cost is the same before and after a step. */
static const char *choice(const struct em_problem *p, size_t n, double *seconds)
{
	*seconds = HUGE_VAL;
	if (p->data->kind != EM_DATA_CORPUS || !has(&p->layout, "alpha") || !has(&p->layout, "topics") || has(&p->layout, "lambda"))
		return "none";
	const struct em_corpus *c = p->data->corpus;
	return em_document_method(p->layout.components, c->length[n], c->row[n + 1] - c->row[n], c->count + c->row[n], seconds);
}

static double cost(const struct em_problem *p, size_t n)
{
	double seconds;
	choice(p, n, &seconds);
	return seconds;
}

const char *em_evidence_method(const struct em_problem *p, size_t n)
{
	double seconds;
	return choice(p, n, &seconds);
}

static enum em_status log_evidence(const struct em_problem *p, const double *theta, size_t n, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	struct em_stop stop = {cancelled, self};
	struct em_document d;
	if (!em_document_of(p, theta, n, &d))
		return em_fail(err, EM_USAGE, "document %zu has no exact log p under this model", n + 1);
	return em_document_log_p(&d, &stop, out, err);
}

enum em_status em_estimate_document(const struct em_problem *p, const double *theta, const double *gamma, size_t n,
                                    uint64_t seed, size_t samples, const struct em_stop *stop, struct em_estimate *out,
                                    struct em_err *err)
{
	struct em_document d;
	if (!em_document_of(p, theta, n, &d))
		return em_fail(err, EM_USAGE, "log p is estimated for lda only; model %s has it exactly", p->model->name);
	return em_estimate(&d, gamma, seed, n, samples, stop, out, err);
}

/* q of LDA begins with gamma. */
static enum em_status estimate(const struct em_problem *p, const double *theta, const double *q, size_t n, uint64_t seed,
                               size_t samples, struct em_guess *out, bool (*cancelled)(void *), void *self, struct em_err *err)
{
	struct em_stop stop = {cancelled, self};
	struct em_estimate e;
	enum em_status st = em_estimate_document(p, theta, q, n, seed, samples, &stop, &e, err);
	if (!st)
		*out = (struct em_guess){e.log_p, e.se, em_estimate_doubtful(&e), e.samples};
	return st;
}

static enum em_status difference(const struct em_problem *p, const double *before, const double *after, const double *q, size_t n,
                                 uint64_t seed, size_t samples, double *out, double *se, bool *few, bool (*cancelled)(void *),
                                 void *self, struct em_err *err)
{
	struct em_stop stop = {cancelled, self};
	struct em_document a, b;
	struct em_difference x;
	if (!em_document_of(p, before, n, &a) || !em_document_of(p, after, n, &b))
		return em_fail(err, EM_USAGE, "log p is estimated for lda only; model %s has it exactly", p->model->name);
	enum em_status st = em_estimate_difference(&a, &b, q, seed, n, samples, &stop, &x, err);
	if (!st) {
		*out = x.difference;
		*se = x.se;
		*few = x.few;
	}
	return st;
}

const struct em_evidence em_evidence_exact = {"exact", cost, log_evidence, estimate, difference};
