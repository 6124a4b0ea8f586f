/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/landscape.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/evidence.h"
#include "engine/pass.h"
#include "engine/run.h"

enum { POINTS_MOST = 97, POINTS_LEAST = 9, NARROW = 24, MAP_COLUMNS = 49, MAP_ROWS = 33, MAP_LEAST = 5 };
#define REACH 0.5       /* a move is followed on by this part of it, both ways */
#define WORK 4e7        /* parts of observations times components that a landscape may cost, or logs of numbers in theta */
#define PATIENCE 3     /* times that for the coarsest map */
#define ALONE 20000   /* as much of that is sooner done by one thread than shared out */
#define EVIDENCE_MOST 1 /* predicted seconds for log p by the evidence method, over a whole line or map */

/* What it takes to value a theta with the q that stands. */
struct survey {
	struct em_run *run;
	const struct em_problem *p;
	const struct state *s;
	const struct em_hooks *hooks;
	bool by_method; /* log p of a model that is not exact, by the method of the run */
	double *theta, *derived, *log_p;
	struct em_bound *bounds;
	double *room; /* theta at the end of the move */
	int threads;
};

static double *doubles(size_t n)
{
	double *v = aligned_alloc(64, (n * sizeof *v + 127) / 64 * 64);
	if (v)
		memset(v, 0, (n * sizeof *v + 127) / 64 * 64);
	return v;
}

static void survey_close(struct survey *v)
{
	free(v->theta);
	free(v->derived);
	free(v->log_p);
	free(v->bounds);
	free(v->room);
}

/* Tokens, symbols or rows. */
static double parts_of(const struct em_data *d)
{
	if (d->corpus)
		return (double)d->corpus->row[d->corpus->docs];
	return d->sequences ? (double)d->sequences->total : (double)d->observations;
}

static double work_of(const struct em_problem *p)
{
	return (parts_of(p->data) + 1) * (double)p->layout.components;
}

/* Without a pass over the data the bound comes from the statistics, at the price of a log for each number in theta. */
static bool needs_pass(const struct survey *v)
{
	return v->p->model->exact || !v->s->stats;
}

/* Points that the work allows. */
static double affordable(const struct survey *v)
{
	return WORK / (needs_pass(v) ? work_of(v->p) : (double)v->p->layout.theta_size + 1);
}

static size_t points_of(const struct survey *v, size_t most, size_t least)
{
	double n = affordable(v);
	return n >= (double)most ? most : n <= (double)least ? least : (size_t)n / 2 * 2 + 1;
}

static double method_cost(const struct em_run *r)
{
	const struct em_problem *p = &r->problem->p;
	double sum = 0;
	for (size_t n = 0; r->evidence && n < p->layout.observations; n++)
		sum += r->evidence->cost(p, n);
	return r->evidence ? sum : HUGE_VAL;
}

static enum em_status survey_open(struct em_run *r, const struct em_hooks *h, struct survey *v, struct em_err *err)
{
	const struct em_layout *l = &r->problem->p.layout;
	*v = (struct survey){.run = r, .p = &r->problem->p, .s = r->now, .hooks = h, .threads = work_of(&r->problem->p) < ALONE ? 1 : 0};
	v->theta = doubles(l->theta_size);
	v->room = doubles(l->theta_size);
	v->derived = doubles(l->derived_size);
	v->log_p = doubles(l->observations);
	v->bounds = calloc(l->observations + 1, sizeof *v->bounds);
	if (v->theta && v->room && v->derived && v->log_p && v->bounds)
		return EM_OK;
	survey_close(v);
	return em_no_memory(err);
}

/* Inside an E phase the observations that were swept have q of this theta, the others of that before. */
static bool swept(const struct survey *v, size_t n)
{
	return v->s->inside && !v->s->next_m && state_progress(v->s->progress)[n].sweeps > 0;
}

/* Bounds of every observation under v->theta, by stretches of observations whose q was made with the same theta. */
static enum em_status bounds_of(struct survey *v, double *log_p, double *bound, struct em_err *err)
{
	size_t all = v->p->layout.observations;
	double lost = 0, lost_p = 0;
	*log_p = *bound = 0;
	for (size_t from = 0, to; from < all; from = to) {
		bool mine = swept(v, from);
		for (to = from + 1; to < all && swept(v, to) == mine;)
			to++;
		const double *made = mine ? v->s->theta->v : v->s->made->v;
		v->p->model->derive(v->p, v->theta, made, v->derived);
		struct em_theta t = {v->theta, made, v->derived, false};
		struct pass x = {.p = v->p, .t = &t, .what = "landscape", .from = from, .to = to, .q = v->s->q->v, .bounds = v->bounds,
		                 .threads = v->threads};
		enum em_status st = pass_run(&x, v->hooks, err);
		if (st)
			return st;
	}
	for (size_t n = 0; n < all; n++) { /* Neumaier: as in the ledger */
		double x = v->bounds[n].elbo, sum = *bound + x;
		lost += fabs(*bound) >= fabs(x) ? (*bound - sum) + x : (x - sum) + *bound;
		*bound = sum;
		x = v->bounds[n].log_p;
		sum = *log_p + x;
		lost_p += fabs(*log_p) >= fabs(x) ? (*log_p - sum) + x : (x - sum) + *log_p;
		*log_p = sum;
	}
	if (isfinite(*bound))
		*bound += lost;
	if (isfinite(*log_p))
		*log_p += lost_p;
	return EM_OK;
}

/* log p and the bound at v->theta; NAN where it may not be, or log p is unknown. */
static enum em_status value(struct survey *v, double *log_p, double *bound, struct em_err *err)
{
	const struct em_model *m = v->p->model;
	enum em_status st = EM_OK;
	*log_p = *bound = NAN;
	if (!line_valid(v->p, v->theta))
		return EM_OK;
	if (needs_pass(v)) {
		st = bounds_of(v, log_p, bound, err);
		if (!m->exact)
			*log_p = NAN;
	} else { /* energy from the statistics and the entropy that q has: no pass over the data */
		double terms[EM_TERMS] = {0};
		const struct em_entry *e = &v->run->records[v->run->position].entry;
		m->energy(v->p, v->theta, v->s->stats->v, terms);
		double here[EM_TERMS] = {0};
		*bound = 0;
		if (m->global) /* in the ledger's entropies: those of its own theta */
			m->global(v->p, v->s->theta->v, here);
		for (size_t i = 0; i < v->p->layout.terms; i++)
			*bound += m->terms[i].entropy ? e->terms[i] - here[i] : terms[i];
	}
	double own[EM_TERMS] = {0};
	*bound += m->global ? m->global(v->p, v->theta, own) : 0;
	if (!st && v->by_method) {
		st = pass_evidence(v->p, v->theta, v->run->evidence, v->log_p, v->hooks, err);
		*log_p = 0;
		for (size_t n = 0; n < v->p->layout.observations; n++)
			*log_p += v->log_p[n];
	}
	if (!isfinite(*log_p))
		*log_p = NAN;
	if (!isfinite(*bound))
		*bound = NAN;
	return st;
}

static enum em_status value_at(struct survey *v, const double *theta, double x, struct em_landscape_point *out, struct em_err *err)
{
	memcpy(v->theta, theta, v->p->layout.theta_size * sizeof *theta);
	*out = (struct em_landscape_point){x, NAN, NAN};
	return value(v, &out->log_p, &out->bound, err);
}

/* ---- the ends of a move ---- */

static const struct state *state_of(const struct em_run *r, size_t i)
{
	return r->records[i].state;
}

/* The theta before and after the last M-step, as far as history has them; false when there is none. */
static bool last_move(const struct em_run *r, const double **a, const double **b)
{
	for (size_t i = r->position; i > 0; i--)
		if (r->records[i].entry.phase == EM_M && state_of(r, i)) {
			size_t from = i - 1;
			while (from > 0 && r->records[from].entry.phase == EM_M_PART)
				from--;
			if (!state_of(r, from))
				return false;
			*a = state_of(r, from)->theta->v;
			*b = state_of(r, i)->theta->v;
			return true;
		}
	return false;
}

static bool had_e(const struct em_run *r)
{
	for (size_t i = 0; i <= r->position; i++)
		if (r->records[i].entry.phase == EM_E)
			return true;
	return false;
}

/* a: where q was made (or, before any E-step, theta); b: where the M-step goes from there. */
static enum em_status ends_of_move(struct survey *v, const double **a, const double **b, struct em_landscape *l)
{
	struct em_err own = {0};
	const struct state *s = v->s;
	size_t size = v->p->layout.theta_size * sizeof(double);
	if (!s->stats) {
		if (!last_move(v->run, a, b))
			em_fail(&own, EM_USAGE, "The line needs an M-step or the end of this E-step; n finishes it, . looks along a parameter.");
		memcpy(l->why, own.msg, sizeof l->why);
		return EM_OK;
	}
	*a = had_e(v->run) ? s->made->v : s->theta->v;
	*b = v->room;
	memcpy(v->room, *a, size); /* as the M-step began, or begins: the same bits */
	for (unsigned i = 0; v->p->model->block(v->p, i); i++)
		if (v->p->model->m_step(v->p, s->stats->v, i, v->room, &own)) {
			snprintf(l->why, sizeof l->why, "The M-step has no result: %s. There is no line; . looks along a parameter.", own.msg);
			return own.code == EM_MEMORY ? EM_MEMORY : EM_OK;
		}
	return EM_OK;
}

/* Where theta now lies between a and b; NAN off the line. */
static double foot(const struct em_problem *p, const double *a, const double *b, const double *x)
{
	double up = 0, down = 0, off = 0, size = 0;
	for (size_t i = 0; i < p->layout.theta_size; i++) {
		up += (x[i] - a[i]) * (b[i] - a[i]);
		down += (b[i] - a[i]) * (b[i] - a[i]);
		size += x[i] * x[i];
	}
	double t = down > 0 ? up / down : 0;
	for (size_t i = 0; i < p->layout.theta_size; i++)
		off += pow(x[i] - a[i] - t * (b[i] - a[i]), 2);
	if (off > 1e-16 * size + 1e-10 * down)
		return NAN;
	return fabs(t) < 1e-6 ? 0 : fabs(t - 1) < 1e-6 ? 1 : t;
}

static bool same_theta(const struct em_problem *p, const double *a, const double *b)
{
	double most = 0, size = 0;
	for (size_t i = 0; i < p->layout.theta_size; i++) {
		most = fmax(most, fabs(a[i] - b[i]));
		size = fmax(size, fabs(a[i]));
	}
	return most <= 1e-12 * size;
}

/* ---- lines ---- */

static enum em_status room_for_line(const struct survey *v, struct em_landscape *l, struct em_err *err)
{
	size_t n = points_of(v, POINTS_MOST, POINTS_LEAST);
	l->x = calloc(n, sizeof *l->x);
	l->log_p = calloc(n, sizeof *l->log_p);
	l->bound = calloc(n, sizeof *l->bound);
	l->points = n;
	return l->x && l->log_p && l->bound ? EM_OK : em_no_memory(err);
}

/* The highest of the points. */
static struct em_landscape_point highest(const struct em_landscape *l, const double *y)
{
	struct em_landscape_point best = {NAN, NAN, NAN};
	double top = NAN;
	for (size_t i = 0; i < l->points; i++)
		if (!isnan(y[i]) && !(y[i] <= top)) {
			top = y[i];
			best = (struct em_landscape_point){l->x[i], l->log_p[i], l->bound[i]};
		}
	return best;
}

static bool stopped(const struct survey *v, size_t i, size_t of)
{
	const struct em_hooks *h = v->hooks;
	if (h && h->progress)
		h->progress(h->self, "landscape", i, of);
	return h && h->cancelled && h->cancelled(h->self);
}

static enum em_status cancelled(struct em_err *err)
{
	return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
}

static enum em_status along_move(struct survey *v, struct em_landscape *l, struct em_err *err)
{
	const double *a = NULL, *b = NULL, reach = REACH / fmax(l->ask.zoom, 1e-3);
	enum em_status st = ends_of_move(v, &a, &b, l);
	if (st)
		return em_no_memory(err);
	if (!l->why[0] && same_theta(v->p, a, b))
		snprintf(l->why, sizeof l->why, "%s move θ: there is no line; . looks along a parameter.",
		         v->s->stats ? "The M-step does not" : "The last M-step did not");
	if (l->why[0])
		return EM_OK;
	if ((st = room_for_line(v, l, err)))
		return st;
	for (size_t i = 0; i < l->points; i++) {
		l->x[i] = -reach + (1 + 2 * reach) * (double)i / (double)(l->points - 1);
		line_mix(v->p, a, b, l->x[i], reach, v->theta);
		if (stopped(v, i, l->points))
			return cancelled(err);
		if ((st = value(v, l->log_p + i, l->bound + i, err)))
			return st;
	}
	l->best = highest(l, l->bound);
	if ((st = value_at(v, v->s->theta->v, foot(v->p, a, b, v->s->theta->v), &l->now, err)))
		return st;
	l->made.at = NAN;
	if (had_e(v->run) && (st = value_at(v, a, 0, &l->made, err)))
		return st;
	return v->s->stats ? value_at(v, b, 1, &l->best, err) : EM_OK;
}

/* Values of a parameter at the entries so far whose states are at hand; returns how many. */
static size_t trail(const struct em_run *r, size_t offset, double *out, size_t *entry)
{
	size_t n = 0;
	for (size_t i = 0; i <= r->position; i++)
		if (state_of(r, i) && (i == 0 || r->records[i].entry.phase == EM_M || i == r->position)) {
			if (entry)
				entry[n] = i;
			out[n++] = state_of(r, i)->theta->v[offset];
		}
	return n;
}

static enum em_status no_such(const struct em_problem *p, const struct em_coordinate *c, struct em_err *err)
{
	struct em_coordinate first;
	if (!em_landscape_coordinate(p, 0, &first))
		return em_fail(err, EM_USAGE, "there is no parameter to look along");
	return em_fail(err, EM_USAGE, "there is no %s[%zu] here with those indices; θ of %s has for example %s %zu", c->array, c->at[0] + 1,
	               p->model->name, first.array, first.at[0] + 1);
}

/* From the highest point to the maximum beside it, by the golden section. A place that is not better is not taken: where the curve
 * is flat to the last digit the maximum is where it was found, theta now before all. */
static enum em_status narrow(struct survey *v, const struct em_landscape *l, bool log_p, struct em_landscape_point *best,
                             struct em_err *err)
{
	const double golden = (sqrt(5) - 1) / 2, *theta = v->s->theta->v, apart = l->x[1] - l->x[0];
	double lo = fmax(best->at - apart, l->x[0]), hi = fmin(best->at + apart, l->x[l->points - 1]);
	size_t offset;
	line_place(v->p, &l->ask.x, &offset);
	for (int i = 0; i < NARROW && !isnan(best->at); i++) {
		/* first of all theta now, then ever nearer to the best */
		bool first = i == 0 && theta[offset] > lo && theta[offset] < hi;
		struct em_landscape_point p = {NAN, NAN, NAN};
		p.at = first ? theta[offset] : hi - best->at > best->at - lo ? hi - golden * (hi - best->at) : lo + golden * (best->at - lo);
		line_put(v->p, theta, &l->ask.x, p.at, v->theta);
		enum em_status st = stopped(v, l->points, l->points) ? cancelled(err) : value(v, &p.log_p, &p.bound, err);
		if (st)
			return st;
		bool better = log_p ? p.log_p > best->log_p : p.bound > best->bound;
		struct em_landscape_point worse = better ? *best : p;
		if (better)
			*best = p;
		if (worse.at < best->at)
			lo = worse.at;
		else
			hi = worse.at;
	}
	return EM_OK;
}

static enum em_status along_one(struct survey *v, struct em_landscape *l, struct em_err *err)
{
	size_t offset;
	double lo, hi;
	const double *theta = v->s->theta->v;
	if (!line_place(v->p, &l->ask.x, &offset))
		return no_such(v->p, &l->ask.x, err);
	enum em_status st = room_for_line(v, l, err);
	l->path_x = calloc(v->run->position + 1, sizeof *l->path_x);
	if (st || !l->path_x)
		return em_no_memory(err);
	l->path = trail(v->run, offset, l->path_x, NULL);
	line_range(v->p, theta, &l->ask.x, l->path_x, l->path, l->ask.zoom, &lo, &hi);
	for (size_t i = 0; i < l->points; i++) {
		l->x[i] = lo + (hi - lo) * (double)i / (double)(l->points - 1);
		line_put(v->p, theta, &l->ask.x, l->x[i], v->theta);
		if (stopped(v, i, l->points))
			return cancelled(err);
		if ((st = value(v, l->log_p + i, l->bound + i, err)))
			return st;
	}
	l->best = highest(l, l->bound);
	l->peak = highest(l, l->log_p);
	if (l->points == POINTS_MOST && ((st = narrow(v, l, false, &l->best, err)) || (st = narrow(v, l, true, &l->peak, err))))
		return st;
	l->made = (struct em_landscape_point){NAN, NAN, NAN};
	if (had_e(v->run)) { /* the line goes through where q was made only if nothing else has moved since */
		line_put(v->p, theta, &l->ask.x, v->s->made->v[offset], v->theta);
		if (same_theta(v->p, v->theta, v->s->made->v) && (st = value_at(v, v->s->made->v, v->s->made->v[offset], &l->made, err)))
			return st;
	}
	return value_at(v, theta, theta[offset], &l->now, err);
}

/* ---- maps ---- */

static enum em_status fill_map(struct survey *v, struct em_landscape *l, struct em_err *err)
{
	bool unknown = !v->p->model->exact && !v->by_method;
	double *half = doubles(v->p->layout.theta_size), log_p, bound;
	enum em_status st = half ? EM_OK : em_no_memory(err);
	l->map_is_bound = unknown;
	for (size_t j = 0; !st && j < l->rows; j++) {
		line_put(v->p, v->s->theta->v, &l->ask.y, l->map_y[j], half);
		for (size_t i = 0; !st && i < l->columns; i++) {
			line_put(v->p, half, &l->ask.x, l->map_x[i], v->theta);
			st = stopped(v, j * l->columns + i, l->rows * l->columns) ? cancelled(err) : value(v, &log_p, &bound, err);
			l->map[j * l->columns + i] = unknown ? bound : log_p;
		}
	}
	free(half);
	return st;
}

static enum em_status over_two(struct survey *v, struct em_landscape *l, struct em_err *err)
{
	size_t ox, oy, entries = v->run->position + 1;
	double lo, hi;
	const double *theta = v->s->theta->v;
	if (!line_place(v->p, &l->ask.x, &ox))
		return no_such(v->p, &l->ask.x, err);
	if (!line_place(v->p, &l->ask.y, &oy))
		return no_such(v->p, &l->ask.y, err);
	if (ox == oy)
		return em_fail(err, EM_USAGE, "a map needs two different parameters");
	if (affordable(v) * PATIENCE < MAP_LEAST * MAP_LEAST) {
		snprintf(l->why, sizeof l->why, "A map would take too long on this much data%s.", v->p->model->exact ?
		         "; v and . look along lines" : " inside an E-step; n finishes it, and then the statistics are enough");
		return EM_OK;
	}
	size_t cells = points_of(v, MAP_COLUMNS * MAP_ROWS, MAP_LEAST * MAP_LEAST);
	double part = sqrt((double)cells / (MAP_COLUMNS * MAP_ROWS));
	l->columns = (size_t)fmax(MAP_LEAST, MAP_COLUMNS * part);
	l->rows = (size_t)fmax(MAP_LEAST, MAP_ROWS * part);
	l->map_x = calloc(l->columns, sizeof *l->map_x);
	l->map_y = calloc(l->rows, sizeof *l->map_y);
	l->map = calloc(l->columns * l->rows, sizeof *l->map);
	l->path_x = calloc(entries, sizeof *l->path_x);
	l->path_y = calloc(entries, sizeof *l->path_y);
	if (!l->map_x || !l->map_y || !l->map || !l->path_x || !l->path_y)
		return em_no_memory(err);
	l->path = trail(v->run, ox, l->path_x, NULL);
	trail(v->run, oy, l->path_y, NULL);
	line_range(v->p, theta, &l->ask.x, l->path_x, l->path, l->ask.zoom, &lo, &hi);
	for (size_t i = 0; i < l->columns; i++)
		l->map_x[i] = lo + (hi - lo) * (double)i / (double)(l->columns - 1);
	line_range(v->p, theta, &l->ask.y, l->path_y, l->path, l->ask.zoom, &lo, &hi);
	for (size_t j = 0; j < l->rows; j++)
		l->map_y[j] = lo + (hi - lo) * (double)j / (double)(l->rows - 1);
	enum em_status st = fill_map(v, l, err);
	return st ? st : value_at(v, theta, theta[ox], &l->now, err);
}

/* ---- in all ---- */

/* log p at theta now and where q was made, where only the ledger knows it. */
static void from_ledger(const struct em_run *r, struct em_landscape *l)
{
	if (isnan(l->now.log_p))
		l->now.log_p = l->entry.log_evidence;
	for (size_t i = r->position + 1; i-- > 0 && isnan(l->made.log_p) && !isnan(l->made.at) && !l->inside;)
		if (r->records[i].entry.phase == EM_E) {
			l->made.log_p = r->records[i].entry.log_evidence;
			return;
		}
}

enum em_status em_run_landscape(struct em_run *r, const struct em_landscape_ask *ask, const struct em_hooks *h,
                                struct em_landscape **out, struct em_err *err)
{
	struct survey v;
	struct em_landscape *l = calloc(1, sizeof *l);
	if (!l)
		return em_no_memory(err);
	enum em_status st = survey_open(r, h, &v, err);
	if (st) {
		free(l);
		return st;
	}
	l->ask = *ask;
	l->step = r->position;
	l->entry = r->records[r->position].entry;
	l->next_m = v.s->next_m;
	l->inside = v.s->inside;
	for (size_t i = 0; i <= r->position; i++)
		l->moves += r->records[i].entry.phase == EM_M;
	l->now.at = l->made.at = l->best.at = l->peak.at = NAN;
	double values = ask->kind == EM_OVER_TWO ? MAP_COLUMNS * MAP_ROWS : POINTS_MOST;
	v.by_method = !v.p->model->exact && method_cost(r) * values <= EVIDENCE_MOST;
	st = ask->kind == EM_ALONG_MOVE ? along_move(&v, l, err) : ask->kind == EM_ALONG_ONE ? along_one(&v, l, err) : over_two(&v, l, err);
	survey_close(&v);
	from_ledger(r, l);
	if (st) {
		em_landscape_free(l);
		return st;
	}
	*out = l;
	return EM_OK;
}

void em_landscape_free(struct em_landscape *l)
{
	if (!l)
		return;
	free(l->x);
	free(l->log_p);
	free(l->bound);
	free(l->map_x);
	free(l->map_y);
	free(l->map);
	free(l->path_x);
	free(l->path_y);
	free(l);
}
