/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables out of a snapshot. Formats: docs/formats.md. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "data/csv.h"
#include "elbow/corpus.h"
#include "elbow/store.h"

static void number(struct buf *b, double x)
{
	if (isfinite(x))
		buf_printf(b, "%.17g", x);
	else if (!isnan(x)) /* unknown is empty, infinite is said */
		buf_puts(b, x > 0 ? "inf" : "-inf");
}

static const char *kind_name(enum em_evidence_kind k, bool doubtful)
{
	return k == EM_EVIDENCE_EXACT ? "exact" : k != EM_EVIDENCE_ESTIMATE ? "none" : doubtful ? "doubtful" : "estimate";
}

static enum em_status finish(struct buf *b, const char *path, bool replace, struct em_err *err)
{
	enum em_status st = b->failed ? em_no_memory(err) : file_write_whole(path, replace, b->s, b->len, err);
	buf_free(b);
	return st;
}

enum em_status em_export_trace(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err)
{
	const struct em_model *m = s->problem->model;
	struct buf b = {0};
	buf_puts(&b, "step,iteration,phase,elbo,energy,entropy,log_evidence,log_evidence_kind,log_evidence_se,kl,seconds");
	for (size_t i = 0; i < s->problem->layout.terms; i++)
		buf_printf(&b, ",%s", m->terms[i].name);
	buf_putc(&b, '\n');
	for (size_t n = 0; n <= s->position; n++) {
		const struct em_entry *e = s->ledger + n;
		buf_printf(&b, "%zu,%zu,%s", e->step, e->iteration, em_entry_name(e));
		const double before[] = {e->elbo, e->energy, e->entropy, e->log_evidence};
		for (size_t i = 0; i < sizeof before / sizeof before[0]; i++) {
			buf_putc(&b, ',');
			number(&b, before[i]);
		}
		buf_printf(&b, ",%s,", kind_name(e->evidence, e->doubtful > 0));
		number(&b, e->log_evidence_se);
		buf_putc(&b, ',');
		number(&b, e->kl);
		buf_printf(&b, ",%.6f", e->seconds);
		for (size_t i = 0; i < s->problem->layout.terms; i++) {
			buf_putc(&b, ',');
			number(&b, e->terms[i]);
		}
		buf_putc(&b, '\n');
	}
	return finish(&b, path, replace, err);
}

enum em_status em_export_topics(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err)
{
	const struct em_problem *p = s->problem;
	bool words = p->model->picture == EM_PICTURE_TERMS;
	size_t terms = 1;
	for (unsigned i = 0; i < p->layout.theta_arrays; i++)
		for (unsigned d = 0; d < p->layout.theta[i].rank; d++)
			terms = p->layout.theta[i].dim[d] > terms ? p->layout.theta[i].dim[d] : terms;
	struct em_item *items = calloc(terms + 1, sizeof *items);
	struct buf b = {0};
	if (!items)
		return em_no_memory(err);
	buf_printf(&b, "%s,rank,%s\n", p->model->component, words ? "term,probability" : "item,value");
	for (size_t k = 0; k < p->layout.components; k++) {
		size_t n = p->model->describe(p, s->theta, k, items, terms);
		for (size_t i = 0; i < n; i++) {
			buf_printf(&b, "%zu,%zu,", k + 1, i + 1);
			csv_field(&b, items[i].label);
			buf_printf(&b, ",%.17g\n", items[i].weight);
		}
	}
	free(items);
	return finish(&b, path, replace, err);
}

/* The expected shares of the components (LDA: the posterior means), or what q has of them (the scores of factors). */
static void shares(struct buf *b, const struct em_snapshot *s, size_t n, double *room)
{
	const struct em_problem *p = s->problem;
	const double *q = s->q + n * p->layout.q_stride;
	if (p->model->shares)
		p->model->shares(p, q, n, room);
	for (size_t k = 0; k < p->layout.components; k++) {
		buf_putc(b, ',');
		number(b, p->model->shares ? room[k] : q[p->layout.q[0].offset + k * p->layout.q[0].stride[1]]);
	}
}

enum em_status em_export_documents(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err)
{
	const struct em_problem *p = s->problem;
	const struct em_data *d = p->data;
	struct buf b = {0};
	double *room = calloc(p->layout.components + 1, sizeof *room);
	char label[1024];
	if (!room)
		return em_no_memory(err);
	buf_printf(&b, "%s,name%s,elbo,log_evidence,log_evidence_kind,log_evidence_se,kl", p->model->observation,
	           d->corpus ? ",tokens" : d->sequences ? ",symbols" : "");
	for (size_t k = 0; k < p->layout.components; k++)
		buf_printf(&b, ",%s_%zu", d->corpus ? "theta" : p->model->shares ? "share" : "score", k + 1);
	buf_putc(&b, '\n');
	for (size_t n = 0; n < d->observations; n++) {
		const struct em_obs *o = s->obs + n;
		bool known = !isnan(o->log_evidence), guess = !known && !isnan(o->guess.log_p);
		double length = em_data_length(d, n);
		em_data_label(d, n, label, sizeof label);
		buf_printf(&b, "%zu,", n + 1);
		csv_field(&b, d->corpus ? d->corpus->name[n] : label);
		if (!isnan(length))
			buf_printf(&b, ",%.0f", length);
		buf_putc(&b, ',');
		number(&b, o->elbo);
		buf_putc(&b, ',');
		number(&b, guess ? o->guess.log_p : o->log_evidence);
		buf_printf(&b, ",%s,", kind_name(known ? EM_EVIDENCE_EXACT : guess ? EM_EVIDENCE_ESTIMATE : EM_EVIDENCE_NONE, o->guess.doubtful));
		number(&b, known ? 0 : guess ? o->guess.se : NAN);
		buf_putc(&b, ',');
		number(&b, guess ? o->guess.log_p - o->elbo : o->kl);
		shares(&b, s, n, room);
		buf_putc(&b, '\n');
	}
	free(room);
	return finish(&b, path, replace, err);
}
