/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact posterior beside q: how much surer mean field is of itself, what its KL is made of, and both as densities over the shares
 * of two or three topics. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "plot/fig.h"
#include "view/arrays.h"
#include "view/pane.h"
#include "view/reader.h"
#include "view/topics.h"

const double *truth_of(const struct mind *m, size_t term)
{
	const struct em_corpus *c = m->s->problem->data->corpus;
	for (size_t i = c->row[m->n]; m->truth && i < c->row[m->n + 1]; i++)
		if (c->term[i] == term)
			return m->truth->posterior->z + (i - c->row[m->n]) * m->components;
	return NULL;
}

/* ---- in words ---- */

static void say_widths(const struct mind *m, struct page *p, char *out, size_t size, bool brief)
{
	const struct em_posterior *x = m->truth->posterior;
	size_t k = 0;
	for (size_t i = 1; i < m->components; i++)
		if (x->mean[i] > x->mean[k])
			k = i;
	struct page_interval v = page_interval_of(p, k, m->components, m->gamma[k], m->sum);
	double q = (v.hi - v.lo) / 2, exact = (x->high[k] - x->low[k]) / 2, times = exact / q;
	char how[64];
	if (m->components < 2) {
		snprintf(out, size, "one topic: q is the posterior");
		return;
	}
	if (!(q > 0) || !isfinite(times))
		snprintf(how, sizeof how, ": q has no width");
	else if (times >= 1.05 || times <= 0.95)
		snprintf(how, sizeof how, brief ? ": %s× too %s" : ": q is %s times too %s", number_short(times > 1 ? times : 1 / times, 2).s,
		         times > 1 ? "narrow" : "wide");
	else
		snprintf(how, sizeof how, "%s", brief ? "" : ": q is as wide as it should be");
	snprintf(out, size, brief ? "%zu: q %.2f±%.2f, exact %.2f±%.2f%s" : "topic %zu: q %.2f ± %.2f, exact %.2f ± %.2f%s", k + 1, m->gamma[k] / m->sum, q, x->mean[k], exact, how);
}

static void say_split(const struct em_split *x, double elbo, double log_p, char *out, size_t size, bool brief)
{
	double se = 2 * x->level_se, kl = log_p - elbo;
	int d = kl >= 10 ? 1 : kl >= 0.1 ? 2 : 4;
	if (isnan(kl))
		snprintf(out, size, "price of independence %s ± %s", number_fixed(x->price, 2).s, number_short(se, 1).s);
	else if (brief)
		snprintf(out, size, "KL %s = %s θ + %s price", number_fixed(kl, d).s, number_fixed(x->theta, d).s, number_fixed(x->price, d).s);
	else
		snprintf(out, size, "KL %s = %s of θ + %s, the price of independence (± %s)", number_fixed(kl, d).s, number_fixed(x->theta, d).s,
		         number_fixed(x->price, d).s, number_short(se, 1).s);
}

void reader_truth_line(struct canvas *c, struct rect r, const struct picture *pic, const struct mind *m, struct page *p)
{
	const struct study *x = pic->study;
	char left[160] = "", right[160] = "", text[330];
	if (r.h < 1 || !x || x->n != m->n || m->kind != MIND_DIRICHLET)
		return;
	for (int brief = 0; brief < 2; brief++) {
		if (m->truth)
			say_widths(m, p, left, sizeof left, brief);
		else if (isinf(x->cost))
			snprintf(left, sizeof left, "exact posterior: out of reach here");
		else
			snprintf(left, sizeof left, "exact posterior: about %s s; `study` makes it", number_short(x->cost, 2).s);
		say_split(&x->split, m->s->obs[m->n].elbo, m->truth ? m->truth->posterior->log_p : m->s->obs[m->n].log_evidence, right,
		          sizeof right, brief);
		snprintf(text, sizeof text, "%s · %s", left, right);
		if (canvas_width(c, text) <= r.w)
			break;
	}
	canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_EVIDENCE), text);
}

/* ---- densities ---- */

/* log of Dir(theta|gamma) and of p(w|theta) Dir(theta|alpha), each up to a constant, at theta inside the simplex. */
struct densities {
	const struct mind *m;
	struct em_document d;
};

static double log_q(const struct densities *x, const double *theta)
{
	double sum = 0;
	for (size_t k = 0; k < x->m->components; k++)
		sum += (x->m->gamma[k] - 1) * log(theta[k]);
	return sum;
}

static double log_exact(const struct densities *x, const double *theta)
{
	double sum = 0;
	for (size_t k = 0; k < x->m->components; k++)
		sum += (x->d.alpha[k] - 1) * log(theta[k]);
	for (size_t w = 0; w < x->d.pairs; w++) {
		const double *row = x->d.beta + x->d.term[w] * x->d.stride;
		double s = 0;
		for (size_t k = 0; k < x->m->components; k++)
			s += theta[k] * row[k];
		sum += x->d.count[w] * log(s);
	}
	return sum;
}

/* Two topics: both densities over the share of the first. */
static void draw_curves(const struct densities *x, struct canvas *c, struct rect r)
{
	enum { POINTS = 240 };
	double at[POINTS], q[POINTS], exact[POINTS];
	double top_q = -INFINITY, top = -INFINITY, sum_q = 0, sum = 0;
	for (int i = 0; i < POINTS; i++) {
		double theta[2];
		at[i] = (i + 0.5) / POINTS;
		theta[0] = at[i];
		theta[1] = 1 - at[i];
		top_q = fmax(top_q, q[i] = log_q(x, theta));
		top = fmax(top, exact[i] = log_exact(x, theta));
	}
	for (int i = 0; i < POINTS; i++) {
		sum_q += q[i] = exp(q[i] - top_q);
		sum += exact[i] = exp(exact[i] - top);
	}
	for (int i = 0; i < POINTS; i++) {
		q[i] *= POINTS / sum_q;
		exact[i] *= POINTS / sum;
	}
	struct fig_series series[] = {{.label = "exact", .x = at, .y = exact, .n = POINTS, .mark = MARK_NONE, .color = COLOR_EVIDENCE},
	                              {.label = "q(θ)", .x = at, .y = q, .n = POINTS, .mark = MARK_NONE, .color = COLOR_ELBO}};
	struct fig f = {.x_title = "θ of topic 1", .y_title = "density", .x = {0, 1}, .series = series, .series_n = 2, .legend = true};
	fig_canvas(&f, c, r);
}

/* Three topics: the triangle, cell by cell. */
struct spot {
	double exact, q;       /* probability of the cell, about */
	double in_exact, in_q; /* of all that is as likely or likelier */
	bool inside;
};

struct triangle {
	struct rect r; /* the cells; corner 1 at the left below, 2 at the right below, 3 on top */
	struct spot *cell;
};

static bool barycentric(const struct rect *r, double x, double y, double theta[3])
{
	double up = 1 - (y + 0.5) / r->h, across = (x + 0.5) / r->w;
	theta[2] = up;
	theta[1] = across - up / 2;
	theta[0] = 1 - theta[1] - theta[2];
	return theta[0] > 0 && theta[1] > 0 && theta[2] > 0;
}

struct ranked {
	double mass;
	size_t at;
};

static int likelier(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	return x->mass < y->mass ? 1 : x->mass > y->mass ? -1 : x->at < y->at ? -1 : x->at > y->at;
}

/* Turns logs into masses, and for each cell the mass of all that are at least as likely. */
static void heap_up(struct spot *cell, size_t n, struct ranked *by, bool q)
{
	double top = -INFINITY, sum = 0, above = 0;
	size_t count = 0;
	for (size_t i = 0; i < n; i++)
		if (cell[i].inside)
			top = fmax(top, q ? cell[i].q : cell[i].exact);
	for (size_t i = 0; i < n; i++)
		if (cell[i].inside) {
			by[count] = (struct ranked){exp((q ? cell[i].q : cell[i].exact) - top), i};
			sum += by[count++].mass;
		}
	qsort(by, count, sizeof *by, likelier);
	for (size_t i = 0; i < count; i++) {
		above += by[i].mass / sum;
		*(q ? &cell[by[i].at].in_q : &cell[by[i].at].in_exact) = above;
	}
}

static bool triangle_fill(struct triangle *t, const struct densities *x)
{
	size_t n = (size_t)t->r.w * (size_t)t->r.h;
	struct ranked *by = malloc((n + 1) * sizeof *by);
	t->cell = calloc(n + 1, sizeof *t->cell);
	if (!by || !t->cell) {
		free(by);
		return false;
	}
	for (int row = 0; row < t->r.h; row++)
		for (int col = 0; col < t->r.w; col++) {
			struct spot *at = t->cell + row * t->r.w + col;
			double theta[3];
			at->inside = barycentric(&t->r, col, row, theta);
			if (at->inside) {
				at->exact = log_exact(x, theta);
				at->q = log_q(x, theta);
			}
		}
	heap_up(t->cell, n, by, false);
	heap_up(t->cell, n, by, true);
	free(by);
	return true;
}

/* Inside the region of q that holds `part`, with a neighbour outside. */
static bool on_contour(const struct triangle *t, int col, int row, double part)
{
	static const int step[4][2] = {{1, 0}, {-1, 0}, {0, 1}, {0, -1}};
	if (t->cell[row * t->r.w + col].in_q > part)
		return false;
	for (int i = 0; i < 4; i++) {
		int x = col + step[i][0], y = row + step[i][1];
		bool there = x >= 0 && x < t->r.w && y >= 0 && y < t->r.h && t->cell[y * t->r.w + x].inside;
		if (!there || t->cell[y * t->r.w + x].in_q > part)
			return true;
	}
	return false;
}

static void triangle_draw(const struct triangle *t, struct canvas *c)
{
	static const uint32_t shade[] = {0x2593, 0x2592, 0x2591}; /* ▓ ▒ ░ */
	static const double part[] = {0.5, 0.9, 0.99};
	for (int row = 0; row < t->r.h; row++)
		for (int col = 0; col < t->r.w; col++) {
			const struct spot *at = t->cell + row * t->r.w + col;
			int level = 0;
			if (!at->inside)
				continue;
			while (level < 3 && at->in_exact > part[level])
				level++;
			if (level < 3)
				canvas_set(c, t->r.x + col, t->r.y + row, style_of(COLOR_EVIDENCE), shade[level]);
			else
				canvas_set(c, t->r.x + col, t->r.y + row, style_of(COLOR_DIM), 0xb7);
			if (on_contour(t, col, row, 0.9) || on_contour(t, col, row, 0.5))
				canvas_set(c, t->r.x + col, t->r.y + row, style_with(COLOR_ELBO, ATTR_BOLD), 0x25cf);
		}
}

static void draw_triangle(const struct densities *x, struct canvas *c, struct rect r)
{
	struct rect foot = rect_cut_bottom(&r, 1), corners = rect_cut_bottom(&r, 1), head = rect_cut_top(&r, 1);
	int h = r.h, w = h * 2 + h / 3; /* cells are twice as high as wide */
	if (w > r.w) {
		w = r.w;
		h = w * 3 / 7;
	}
	struct triangle t = {.r = {r.x + (r.w - w) / 2, r.y + r.h - h, w, h}};
	if (w < 7 || h < 3 || !triangle_fill(&t, x)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "too small for the triangle");
		free(t.cell);
		return;
	}
	triangle_draw(&t, c);
	free(t.cell);
	canvas_put_center(c, t.r.x, h < r.h ? t.r.y - 1 : head.y, t.r.w, style_of(color_series(2)), "topic 3");
	canvas_put(c, t.r.x, corners.y, style_of(color_series(0)), "topic 1");
	canvas_put_right(c, t.r.x, corners.y, t.r.w, style_of(color_series(1)), "topic 2");
	canvas_put_clipped(c, foot.x, foot.y, foot.w, style_of(COLOR_DIM), "▓▒░ 50, 90, 99 % of p(θ|w); ● edge of 50, 90 % of q");
}

void reader_truth_picture(const struct picture *pic, struct canvas *c, struct rect r, const struct mind *m)
{
	struct densities x = {.m = m};
	if (r.w < 12 || r.h < 5 || m->kind != MIND_DIRICHLET || !study_of(pic->run, m->n, &x.d))
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM),
		                   r.w < 12 || r.h < 5 ? "too small" : "nothing to compare: q is the posterior, or has none of its own here");
	else if (m->components == 2)
		draw_curves(&x, c, r);
	else if (m->components == 3)
		draw_triangle(&x, c, r);
	else
		pane_text(c, r, style_of(COLOR_DIM), "The picture is of two topics (both densities over the share of one) or of three (the triangle of "
		                                      "their shares). For more, the intervals beside tell it topic by topic.");
}
