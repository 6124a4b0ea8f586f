/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/study.h"

#include <math.h>
#include <stdlib.h>

#include "elbow/corpus.h"
#include "elbow/evidence.h"

bool study_of(const struct em_snapshot *s, size_t n, struct em_document *out)
{
	const struct em_layout *l = &s->problem->layout;
	return !s->problem->model->exact && n < l->observations && em_document_of(s->problem, s->theta, n, out) &&
	       s->problem->data->corpus->length[n] > 0;
}

enum em_status study_new(const struct em_snapshot *s, size_t n, size_t version, bool forced, bool lab, const struct em_hooks *h,
                         struct study **out, struct em_err *err)
{
	struct em_stop stop = {h ? h->cancelled : NULL, h ? h->self : NULL};
	struct em_document d;
	bool lda = n < s->problem->layout.observations && !s->problem->model->exact && em_document_of(s->problem, s->theta, n, &d);
	if (lda && !study_of(s, n, &d))
		return em_fail(err, EM_USAGE, "study: document %zu is empty: its posterior is the prior, and so is its q", n + 1);
	if (!lda)
		return em_fail(err, EM_USAGE, "study: it is for a document of lda by mean field; there the posterior is not q");
	struct study *x = calloc(1, sizeof *x);
	if (!x)
		return em_no_memory(err);
	atomic_init(&x->refs, 1);
	x->n = n;
	x->version = version;
	x->cost = em_posterior_cost(d.topics, d.pairs, d.count);
	enum em_status st = EM_OK;
	if (isinf(x->cost) && forced)
		st = em_fail(err, EM_USAGE, "study: %s %zu is out of reach of an exact posterior", s->problem->model->observation, n + 1);
	if (!st && x->cost <= (forced ? 1e9 : STUDY_LIMIT))
		st = em_posterior_new(&d, &stop, &x->posterior, err);
	if (!st) /* q begins with gamma */
		st = em_split_kl(&d, s->q + n * s->problem->layout.q_stride, x->posterior ? x->posterior->log_p : s->obs[n].log_evidence,
		                 s->obs[n].elbo, s->seed, n, STUDY_DRAWS, &stop, &x->split, err);
	if (!st && lab)
		st = em_lab_new(&d, STUDY_LIMIT, s->seed, &stop, &x->lab, err);
	if (st) {
		study_release(x);
		return st;
	}
	*out = x;
	return EM_OK;
}

struct study *study_retain(struct study *x)
{
	if (x)
		atomic_fetch_add(&x->refs, 1);
	return x;
}

void study_release(struct study *x)
{
	if (!x || atomic_fetch_sub(&x->refs, 1) != 1)
		return;
	em_posterior_free(x->posterior);
	em_lab_free(x->lab);
	free(x);
}
