/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/diagnose.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "elbow/corpus.h"
#include "elbow/evidence.h"
#include "elbow/lab.h"
#include "elbow/match.h"
#include "engine/run.h"

#define NEAR 0.05
#define FLAT 0.98
#define MOST 0.9
#define PUSH 1e-3
enum { PUSHED = 60, ALL_PAIRS = 200 /* components of which every pair is looked at */ };

struct list {
	struct em_finding *v;
	size_t count, room;
	bool failed;
};

static void add(struct list *l, enum em_trouble kind, size_t component, size_t other, double number, const char *text, ...)
    __attribute__((format(printf, 6, 7)));

static void add(struct list *l, enum em_trouble kind, size_t component, size_t other, double number, const char *text, ...)
{
	if (l->count == l->room) {
		size_t room = 2 * l->room + 16;
		struct em_finding *v = realloc(l->v, room * sizeof *v);
		if (!v) {
			l->failed = true;
			return;
		}
		l->v = v;
		l->room = room;
	}
	struct em_finding *f = l->v + l->count++;
	*f = (struct em_finding){kind, component, other, number, ""};
	va_list args;
	va_start(args, text);
	vsnprintf(f->text, sizeof f->text, text, args);
	va_end(args);
}

static void look_empty(struct list *l, const struct em_snapshot *s)
{
	const struct em_model *m = s->problem->model;
	for (size_t k = 0; s->mass && m->picture != EM_PICTURE_FACTORS && k < s->problem->layout.components; k++)
		if (s->mass[k] < 1)
			add(l, EM_TROUBLE_EMPTY, k, 0, s->mass[k], "%s %zu is empty: %s %ss are expected of it; take fewer components, or start from another seed",
			    m->component, k + 1, number_short(s->mass[k], 2).s, em_model_unit(m));
}

static void look_duplicates(struct list *l, const struct em_snapshot *s)
{
	const struct em_problem *p = s->problem;
	size_t k = p->layout.components;
	for (size_t i = 0; i < k && k <= ALL_PAIRS; i++)
		for (size_t j = i + 1; j < k; j++) {
			double d = em_component_distance(p, s->theta, i, p, s->theta, j);
			if (d < NEAR)
				add(l, EM_TROUBLE_DUPLICATE, i, j, d, "%ss %zu and %zu are alike (Hellinger's distance %s): take fewer, or start them apart (set seed)",
				    p->model->component, i + 1, j + 1, number_short(d, 2).s);
		}
}

static void look_uniform(struct list *l, const struct em_snapshot *s)
{
	static const char *const names[] = {"topics", "emissions"};
	const struct em_layout *t = &s->problem->layout;
	for (unsigned a = 0; a < t->theta_arrays; a++) {
		const struct em_array *x = t->theta + a;
		if (x->rank != 2 || x->dim[1] < 4 || (strcmp(x->name, names[0]) != 0 && strcmp(x->name, names[1]) != 0))
			continue;
		for (size_t k = 0; k < x->dim[0]; k++) {
			double h = 0;
			for (size_t v = 0; v < x->dim[1]; v++) {
				double p = s->theta[x->offset + k * x->stride[0] + v * x->stride[1]];
				h -= p > 0 ? p * log(p) : 0;
			}
			double part = h / log((double)x->dim[1]);
			if (part > FLAT)
				add(l, EM_TROUBLE_UNIFORM, k, 0, part, "%s %zu says nothing: its entropy is %.3f of the most there can be; it has not moved from its start, or "
				    "is one too many", s->problem->model->component, k + 1, part);
		}
	}
}

static void look_one(struct list *l, const struct em_snapshot *s)
{
	const struct em_problem *p = s->problem;
	size_t k_all = p->layout.components, n_all = p->layout.observations;
	double *room = p->model->shares && n_all > 2 && k_all > 1 ? calloc(3 * k_all, sizeof *room) : NULL, *sum = room + k_all, *top = room + 2 * k_all;
	size_t *who = calloc(k_all + 1, sizeof *who);
	for (size_t n = 0; room && who && n < n_all; n++) {
		double size = p->data->corpus ? (double)p->data->corpus->length[n] : 1;
		p->model->shares(p, s->q + n * p->layout.q_stride, n, room);
		for (size_t k = 0; k < k_all; k++) {
			double part = room[k] * size;
			sum[k] += part;
			if (part > top[k]) {
				top[k] = part;
				who[k] = n;
			}
		}
	}
	for (size_t k = 0; room && who && k < k_all; k++)
		if (sum[k] >= 1 && top[k] > MOST * sum[k])
			add(l, EM_TROUBLE_ONE, k, who[k], top[k] / sum[k], "%s %zu is %s %zu alone: %.0f %% of it; it says nothing of the others",
			    p->model->component, k + 1, p->model->observation, who[k] + 1, 100 * top[k] / sum[k]);
	free(room);
	free(who);
}

static void look_alpha(struct list *l, const struct em_snapshot *s)
{
	const struct em_layout *t = &s->problem->layout;
	for (unsigned a = 0; a < t->theta_arrays; a++)
		for (size_t k = 0; strcmp(t->theta[a].name, "alpha") == 0 && k < t->theta[a].dim[0]; k++) {
			double x = s->theta[t->theta[a].offset + k * t->theta[a].stride[0]];
			if (x < 1e-3 || x > 1e3)
				add(l, EM_TROUBLE_ALPHA, k, 0, x, "alpha[%zu] is %s: %s; alpha_update=fixed holds it", k + 1, number_short(x, 3).s,
				    x < 1 ? "no document is expected to have this topic" : "all documents share one mixture, and its maximum lies at infinity");
		}
}

static void look_rest(struct list *l, const struct em_snapshot *s)
{
	const struct em_problem *p = s->problem;
	char text[240];
	if (s->verdict.capped)
		add(l, EM_TROUBLE_CAPPED, 0, 0, (double)s->verdict.capped, "%s %s%s hit the limit of sweeps in the last E-step: raise e_sweeps, or loosen e_tolerance",
		    number_count(s->verdict.capped).s, p->model->observation, s->verdict.capped == 1 ? "" : "s");
	for (size_t k = 0; p->model->health && k < p->layout.components; k++)
		if (p->model->health(p, s->theta, k, text, sizeof text))
			add(l, EM_TROUBLE_HEALTH, k, 0, NAN, "%s %zu: %s", p->model->component, k + 1, text);
}

/* NAME_update=fixed */
static bool is_fixed(const struct em_problem *p, const char *array)
{
	char name[48];
	snprintf(name, sizeof name, "%s_update", array);
	return em_settings_row(p->settings, name) && strcmp(em_settings_text(p->settings, name), "fixed") == 0;
}

/* theta moved by a thousandth, the same for a seed: rows that sum to 1 and positive numbers by a factor, others by a part of their spread. */
static void push(const struct em_problem *p, uint64_t seed, double *theta)
{
	for (unsigned a = 0; a < p->layout.theta_arrays; a++) {
		const struct em_array *x = p->layout.theta + a;
		size_t d1 = x->rank > 1 ? x->dim[1] : 1;
		if (x->rank > 2 || is_fixed(p, x->name))
			continue;
		double spread = 0;
		for (size_t i = 0; i < x->dim[0]; i++)
			for (size_t j = 0; j < d1; j++)
				spread = fmax(spread, fabs(theta[x->offset + i * x->stride[0] + (x->rank > 1 ? j * x->stride[1] : 0)]));
		for (size_t i = 0; i < x->dim[0]; i++) {
			double sum = 0;
			for (size_t j = 0; j < d1; j++) {
				double *v = theta + x->offset + i * x->stride[0] + (x->rank > 1 ? j * x->stride[1] : 0);
				seed = seed * 6364136223846793005u + 1442695040888963407u;
				double u = (double)(seed >> 11) * 0x1p-53 * 2 - 1;
				*v = x->constraint == EM_FREE ? *v + PUSH * u * spread : x->constraint == EM_PROBABILITY ? *v + PUSH * u * *v * (1 - *v) : *v * (1 + PUSH * u);
				sum += *v;
			}
			for (size_t j = 0; j < d1 && x->rank == 2 && x->constraint == EM_SIMPLEX_ROWS; j++)
				theta[x->offset + i * x->stride[0] + j * x->stride[1]] /= sum;
		}
		double all = 0;
		for (size_t i = 0; i < x->dim[0] && x->rank == 1 && x->constraint == EM_SIMPLEX_ROWS; i++)
			all += theta[x->offset + i * x->stride[0]];
		for (size_t i = 0; i < x->dim[0] && x->rank == 1 && x->constraint == EM_SIMPLEX_ROWS; i++)
			theta[x->offset + i * x->stride[0]] /= all;
	}
	if (p->model->complete)
		p->model->complete(p, theta);
}

/* At rest, or before the first step: whether a push leads higher than the same iterations without. */
static enum em_status look_saddle(struct list *l, const struct em_run *r, const struct em_snapshot *s, const struct em_hooks *h, struct em_err *err)
{
	const struct em_problem *p = s->problem;
	bool rests = s->verdict.kind == EM_CONVERGED || s->verdict.kind == EM_STALLED || s->position == 0;
	double *theta = rests ? aligned_alloc(64, (p->layout.theta_size * sizeof *theta + 64) / 64 * 64) : NULL, end[2] = {NAN, NAN};
	enum em_status st = !rests || theta ? EM_OK : em_no_memory(err);
	for (int pushed = 0; pushed < 2 && rests && !st; pushed++) {
		struct em_run *other = NULL;
		memcpy(theta, s->theta, p->layout.theta_size * sizeof *theta);
		if (pushed)
			push(p, r->seed, theta);
		struct em_err own;
		st = em_run_new(r->problem->real, p->data, p->settings, NULL, &(struct em_given){.theta = theta}, h, &other, &own);
		for (int i = 0; i < PUSHED && !st; i++)
			st = em_run_step(other, EM_ITERATION, h, &own);
		if (other)
			end[pushed] = em_run_entry(other)->elbo;
		em_run_free(other);
		if (st == EM_CANCELLED || st == EM_MEMORY) {
			if (err)
				*err = own;
			break;
		}
		st = EM_OK;
	}
	free(theta);
	double gain = end[1] - end[0], room = em_settings_number(p->settings, "tolerance");
	if (!st && gain > room)
		add(l, EM_TROUBLE_SADDLE, 0, 0, gain, "this is a saddle: pushed by a thousandth, %d iterations lead %s nats higher; another seed or init starts apart", PUSHED,
		    number_short(gain, 3).s);
	return st;
}

/* A document whose gamma is even may sit where the sweep stops at once, and a push would free it. */
static enum em_status look_even(struct list *l, const struct em_snapshot *s, const struct em_hooks *h, struct em_err *err)
{
	enum { LOOKED_AT = 20 };
	const struct em_problem *p = s->problem;
	struct em_stop stop = {h ? h->cancelled : NULL, h ? h->self : NULL};
	enum em_status st = EM_OK;
	size_t k_all = p->layout.components, looked = 0;
	for (size_t n = 0; n < p->layout.observations && looked < LOOKED_AT && !st; n++) {
		const double *gamma = s->q + n * p->layout.q_stride;
		struct em_document d;
		struct em_lab *x = NULL;
		bool even = !p->model->exact && k_all > 1 && em_document_of(p, s->theta, n, &d) && d.pairs > 1;
		for (size_t k = 1; even && k < k_all; k++)
			even = fabs((gamma[k] - d.alpha[k]) - (gamma[0] - d.alpha[0])) <= 1e-9 * gamma[0];
		if (!even)
			continue;
		looked++;
		st = em_lab_new(&d, 0, s->seed, &stop, &x, err);
		for (size_t i = 0; !st && i < x->places; i++)
			if (x->place[i].usual && x->place[i].saddle)
				add(l, EM_TROUBLE_SADDLE, SIZE_MAX, n, x->place[0].elbo - x->place[i].elbo,
				    "%s %zu: its γ is even and the E-step cannot leave it, a saddle %s nats below its best (view Lab shows it); e_start=warm from other "
				    "topics, or another init", p->model->observation, n + 1, number_short(x->place[0].elbo - x->place[i].elbo, 3).s);
		em_lab_free(x);
	}
	return st;
}

enum em_status em_run_diagnose(struct em_run *r, const struct em_hooks *h, struct em_finding **out, size_t *count, struct em_err *err)
{
	const struct em_snapshot *s = NULL;
	struct list l = {0};
	enum em_status st = em_run_snapshot(r, &s, err);
	if (st)
		return st;
	look_empty(&l, s);
	look_duplicates(&l, s);
	look_uniform(&l, s);
	look_one(&l, s);
	st = look_saddle(&l, r, s, h, err);
	if (!st)
		st = look_even(&l, s, h, err);
	look_alpha(&l, s);
	look_rest(&l, s);
	em_snapshot_release(s);
	if (!st && l.failed)
		st = em_no_memory(err);
	if (st) {
		free(l.v);
		return st;
	}
	*out = l.v;
	*count = l.count;
	return EM_OK;
}
