/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a word belongs where it does: phi of a word as beta times exp E[log theta], number by number; and the shares of a
 * document with their intervals. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "base/text.h"
#include "plot/bars.h"
#include "view/arrays.h"
#include "view/pane.h"
#include "view/ranks.h"
#include "view/reader.h"
#include "view/topics.h"

/* ---- phi ---- */

void mind_close(struct mind *m)
{
	free(m->gamma);
	free(m->parts);
	free(m->beta);
	m->gamma = m->parts = m->beta = NULL;
}

/* The pair of the document that has a term; SIZE_MAX: none. */
static size_t pair_of(const struct mind *m, size_t term)
{
	const struct em_corpus *c = m->s->problem->data->corpus;
	for (size_t i = c->row[m->n]; i < c->row[m->n + 1]; i++)
		if (c->term[i] == term)
			return i - c->row[m->n];
	return SIZE_MAX;
}

double mind_beta(const struct mind *m, size_t k, size_t term)
{
	const struct em_array *a = m->topics;
	size_t pair = m->beta ? pair_of(m, term) : SIZE_MAX;
	return pair == SIZE_MAX ? m->theta[a->offset + k * a->stride[0] + term * a->stride[1]] : m->beta[pair * m->components + k];
}

/* exp(psi(lambda_kw) - psi(sum_v lambda_kv)) of the document's words. */
static bool open_hidden(struct mind *m, const struct em_array *lambda)
{
	const struct em_corpus *c = m->s->problem->data->corpus;
	size_t from = c->row[m->n], pairs = c->row[m->n + 1] - from;
	if (!(m->beta = malloc((pairs * m->components + 1) * sizeof *m->beta)))
		return false;
	for (size_t k = 0; k < m->components; k++) {
		double all = 0;
		for (size_t v = 0; v < lambda->dim[1]; v++)
			all += array_at(m->theta, lambda, k, v);
		all = special_digamma(all);
		for (size_t i = 0; i < pairs; i++)
			m->beta[i * m->components + k] = exp(special_digamma(array_at(m->theta, lambda, k, c->term[from + i])) - all);
	}
	return true;
}

static bool open_parts(struct mind *m)
{
	const struct em_problem *p = m->s->problem;
	size_t pairs = p->data->corpus->row[m->n + 1] - p->data->corpus->row[m->n];
	m->parts = malloc((pairs * m->components + 1) * sizeof *m->parts);
	return m->parts && !p->model->parts(p, m->theta, m->s->q + m->n * p->layout.q_stride, m->n, 0, pairs, m->parts, NULL);
}

/* Shares that are parameters, or those of the one topic that the document has. */
static void open_shares(struct mind *m, const struct em_array *mixtures)
{
	m->sum = 1;
	if (m->kind == MIND_WHOLE || m->kind == MIND_PARTS)
		shares_of(m->s, m->s->q, m->n, m->gamma);
	for (size_t i = 0; i < m->components; i++) {
		if (m->kind == MIND_SHARES)
			m->gamma[i] = array_at(m->theta, mixtures, m->n, i);
		m->e[i] = m->gamma[i];
		m->log_e[i] = log(m->gamma[i]);
	}
}

bool mind_open(struct mind *m, const struct em_snapshot *s, size_t n)
{
	const struct em_array *gamma = array_q(s->problem, "gamma", 2), *topics = array_weights(s->problem);
	const struct em_array *mixtures = array_theta(s->problem, "mixtures", 2);
	size_t k = s->problem->layout.components;
	*m = (struct mind){.s = s, .n = n, .components = k, .topics = topics,
	                   .kind = gamma ? MIND_DIRICHLET : mixtures ? MIND_SHARES : array_q(s->problem, "log_shares", 2) ? MIND_PARTS : MIND_WHOLE};
	m->missing = !topics ? "this model has no topics" : NULL;
	if (m->missing || k == 0)
		return true;
	if (!(m->gamma = malloc(4 * k * sizeof *m->gamma)))
		return false;
	m->log_e = m->gamma + k;
	m->e = m->gamma + 2 * k;
	m->phi = m->gamma + 3 * k;
	m->theta = em_snapshot_made(s, n);
	m->moved = m->theta != s->theta && memcmp(m->theta, s->theta, s->problem->layout.theta_size * sizeof *m->theta) != 0;
	if (m->kind != MIND_DIRICHLET) {
		open_shares(m, mixtures);
		return m->kind != MIND_PARTS || open_parts(m);
	}
	const struct em_array *lambda = array_theta(s->problem, "lambda", 2);
	if (lambda && !open_hidden(m, lambda))
		return false;
	for (size_t i = 0; i < k; i++)
		m->sum += m->gamma[i] = array_at(s->q, gamma, n, i);
	double psi_sum = special_digamma(m->sum), top = -INFINITY;
	for (size_t i = 0; i < k; i++)
		top = fmax(top, m->log_e[i] = special_digamma(m->gamma[i]) - psi_sum);
	for (size_t i = 0; i < k; i++)
		m->e[i] = fmax(exp(m->log_e[i] - top), 1e-200); /* as in the E-step */
	return true;
}

size_t mind_phi(struct mind *m, size_t term)
{
	size_t best = 0;
	double sum = 0;
	if (term >= m->topics->dim[1])
		return 0;
	size_t pair = m->kind == MIND_PARTS ? pair_of(m, term) : SIZE_MAX;
	for (size_t k = 0; k < m->components; k++) {
		sum += m->phi[k] = pair != SIZE_MAX ? m->parts[pair * m->components + k]
		                   : m->kind == MIND_WHOLE ? m->e[k] : m->e[k] * mind_beta(m, k, term);
		if (m->phi[k] > m->phi[best])
			best = k;
	}
	for (size_t k = 0; k < m->components; k++)
		m->phi[k] = sum > 0 ? m->phi[k] / sum : 0;
	return best;
}

/* ---- the panel of shares ---- */

/* A line from lo to hi with its mean in it, on a scale from 0 to 1. */
static void draw_interval(struct canvas *c, struct rect r, enum color color, double lo, double hi, double mean)
{
	if (r.w < 3)
		return;
	int from = (int)(lo * r.w), to = (int)(hi * r.w), at = (int)(mean * r.w);
	from = from >= r.w ? r.w - 1 : from;
	to = to >= r.w ? r.w - 1 : to;
	at = at >= r.w ? r.w - 1 : at;
	for (int i = 0; i < r.w; i++)
		canvas_set(c, r.x + i, r.y, style_of(COLOR_DIM), 0xb7);
	for (int i = from; i <= to; i++)
		canvas_set(c, r.x + i, r.y, style_of(color), i == from && from < to ? 0x251c : i == to && from < to ? 0x2524 : 0x2500);
	canvas_set(c, r.x + at, r.y, style_with(color, ATTR_BOLD), 0x25cf);
}

/* Components by falling gamma when they do not all fit, else by number. */
static void choose(const struct mind *m, const double *by, size_t rows, size_t *out)
{
	size_t n = 0;
	for (size_t k = 0; k < m->components; k++) {
		if (m->components <= rows) {
			out[n++] = k;
			continue;
		}
		if (n == rows && by[k] <= by[out[n - 1]])
			continue;
		size_t at = n < rows ? n++ : rows - 1;
		for (; at > 0 && by[out[at - 1]] < by[k]; at--)
			out[at] = out[at - 1];
		out[at] = k;
	}
}

enum { ROWS = 64 };

/* The columns of the panel; numbers is 0 where there is no room for the interval in figures. */
struct panel {
	int badge, gamma, mean, numbers, bar;
	size_t rows;   /* components that are shown */
	bool words;    /* each has another line with its first words */
	bool truth;    /* and one with the exact posterior */
	int lines;     /* of one component */
};

static struct panel panel_of(struct rect r, size_t components, bool truth)
{
	size_t most = r.h > 1 ? (size_t)(r.h - 1) : 0;
	struct panel w = {.badge = components > 99 ? 6 : components > 9 ? 5 : 4, .gamma = 8, .mean = 6,
	                  .numbers = r.w >= 44 ? 14 : 0, .rows = components};
	w.bar = r.w - w.badge - w.gamma - w.mean - w.numbers - 1;
	w.truth = truth && 2 * components <= most;
	w.words = (w.truth ? 3 : 2) * components <= most;
	w.lines = 1 + w.truth + w.words;
	if (w.rows > most)
		w.rows = most > 1 ? most - 1 : most; /* the last row says how many there are besides */
	if (w.rows > ROWS)
		w.rows = ROWS;
	return w;
}

static void panel_head(struct canvas *c, struct rect r, const struct panel *w, const struct mind *m)
{
	struct style dim = style_of(COLOR_DIM);
	int x = r.x + w->badge;
	bool dirichlet = m->kind == MIND_DIRICHLET;
	canvas_put_right(c, x, r.y, w->gamma - 1, dim, dirichlet ? "γ" : "");
	x += w->gamma;
	const char *mean = m->kind == MIND_SHARES ? "θ" : m->kind == MIND_WHOLE ? "q" : canvas_width(c, "E[θ]") < w->mean ? "E[θ]" : "mean";
	canvas_put_right(c, x, r.y, w->mean - 1, dim, mean);
	x += w->mean;
	if (w->numbers && dirichlet)
		canvas_put_right(c, x, r.y, w->numbers - 1, dim, "90% within");
	x += w->numbers + 1;
	if (w->bar < 5)
		return;
	canvas_put(c, x, r.y, dim, "0");
	if (!w->numbers && w->bar >= 12 && dirichlet)
		canvas_put_center(c, x, r.y, w->bar, dim, "90%");
	canvas_put_right(c, x, r.y, w->bar, dim, "1");
}

/* As many first words of a component as fit. */
static void first_words(struct ui *ui, struct canvas *c, int x, int y, int width, const struct em_snapshot *s, size_t k)
{
	const struct rank_top *top = width > 2 ? ranks_top(ui, s, k) : NULL;
	int used = 0;
	for (size_t i = 0; top && i < top->n; i++) {
		const char *label = item_label(s->problem, top->rank[i].id);
		int wide = canvas_width(c, label);
		if (used + wide > width)
			break;
		canvas_put(c, x + used, y, style_of(COLOR_DIM), label);
		used += wide + 1;
	}
}

static void panel_row(struct canvas *c, struct rect r, const struct panel *w, const struct mind *m, struct page *p, size_t k)
{
	double mean = m->gamma[k] / m->sum;
	bool dirichlet = m->kind == MIND_DIRICHLET;
	struct page_interval v = {0};
	if (dirichlet)
		v = page_interval_of(p, k, m->components, m->gamma[k], m->sum);
	else
		v.lo = v.hi = mean;
	char range[64];
	int x = r.x + w->badge;
	topic_badge(c, r.x, r.y, k);
	if (dirichlet)
		canvas_put_right(c, x, r.y, w->gamma - 1, style_of(COLOR_DEFAULT),
	                 number_fixed(m->gamma[k], m->gamma[k] < 1000 ? 2 : 0).s);
	x += w->gamma;
	canvas_put_right(c, x, r.y, w->mean - 1, style_with(COLOR_DEFAULT, ATTR_BOLD), number_fixed(mean, 3).s);
	x += w->mean;
	snprintf(range, sizeof range, "%.3f–%.3f", v.lo, v.hi);
	if (w->numbers && dirichlet)
		canvas_put_right(c, x, r.y, w->numbers - 1, style_of(COLOR_DEFAULT), range);
	draw_interval(c, (struct rect){x + w->numbers + 1, r.y, w->bar, 1}, color_series((unsigned)k), v.lo, v.hi, mean);
}

/* The same of the exact posterior. */
static void truth_row(struct canvas *c, struct rect r, const struct panel *w, const struct em_posterior *p, size_t k)
{
	char range[64];
	struct style style = style_of(COLOR_EVIDENCE);
	int x = r.x + w->badge;
	canvas_put_right(c, x, r.y, w->gamma - 1, style, "exact");
	x += w->gamma;
	canvas_put_right(c, x, r.y, w->mean - 1, style, number_fixed(p->mean[k], 3).s);
	x += w->mean;
	snprintf(range, sizeof range, "%.3f–%.3f", p->low[k], p->high[k]);
	if (w->numbers)
		canvas_put_right(c, x, r.y, w->numbers - 1, style, range);
	draw_interval(c, (struct rect){x + w->numbers + 1, r.y, w->bar, 1}, COLOR_EVIDENCE, p->low[k], p->high[k], p->mean[k]);
}

void reader_panel(struct ui *ui, struct canvas *c, struct rect r, const struct mind *m, struct page *p)
{
	size_t list[ROWS];
	struct panel w = panel_of(r, m->components, m->truth != NULL);
	if (w.rows == 0 || r.w < w.badge + w.gamma + w.mean)
		return;
	choose(m, m->gamma, w.rows, list);
	panel_head(c, r, &w, m);
	for (size_t i = 0; i < w.rows; i++) {
		int y = r.y + 1 + (int)i * w.lines;
		panel_row(c, (struct rect){r.x, y, r.w, 1}, &w, m, p, list[i]);
		if (w.truth)
			truth_row(c, (struct rect){r.x, y + 1, r.w, 1}, &w, m->truth->posterior, list[i]);
		if (w.words)
			first_words(ui, c, r.x + w.badge, y + w.lines - 1, r.w - w.badge, m->s, list[i]);
	}
	if (m->components > w.rows && (int)w.rows + 1 < r.h)
		canvas_printf(c, r.x, r.y + 1 + (int)w.rows, style_of(COLOR_DIM), "and %zu smaller", m->components - w.rows);
}

/* ---- the arithmetic of a word ---- */

int reader_why_rows(size_t components)
{
	return (int)(components < ROWS ? components : ROWS) + 3;
}

/* exp(x) in a few digits, also where it is below what a double holds. */
static struct number power(double x)
{
	struct number out;
	if (x > -690)
		return number_short(exp(x), 3);
	double ten = x / log(10), whole = floor(ten);
	if (!isfinite(x))
		return (struct number){"0"};
	snprintf(out.s, sizeof out.s, "%.1fe%.0f", pow(10, ten - whole), whole);
	return out;
}

struct why {
	int name, beta, gamma, e, product, phi, truth, bar;
};

static struct why why_columns(int w, bool truth)
{
	struct why k = {.name = 6, .beta = 10, .gamma = 0, .e = 12, .product = 12, .phi = 8, .bar = 0};
	if (w < k.name + k.beta + k.e + k.product + k.phi) /* narrow: the result goes last */
		k.product = 0;
	if (w < k.name + k.beta + k.e + k.phi)
		k.beta = k.e = 0;
	int room = w - k.name - k.beta - k.e - k.product - k.phi;
	if (truth && room >= 8) {
		k.truth = 8;
		room -= 8;
	}
	if (room >= 9) {
		k.gamma = 9;
		room -= 9;
	}
	if (room >= 6) {
		k.bar = room < 26 ? room : w > 140 ? 48 : 26;
		room -= k.bar;
	}
	if (room >= 8)
		k.name += room < 40 ? room : 40;
	return k;
}

static void why_head(struct canvas *c, struct rect r, const struct why *k, enum mind_kind kind)
{
	struct style dim = style_of(COLOR_DIM);
	int x = r.x + k->name;
	canvas_put_clipped(c, r.x, r.y, k->name, dim, "topic");
	canvas_put_right(c, x, r.y, k->beta, dim, "β");
	x += k->beta;
	canvas_put_right(c, x, r.y, k->gamma, dim, kind == MIND_DIRICHLET ? "γ" : "");
	x += k->gamma;
	canvas_put_right(c, x, r.y, k->e, dim, kind == MIND_DIRICHLET ? "× e" : kind == MIND_PARTS ? "× E[θ|rest]" : "× θ");
	canvas_put_right(c, x + k->e, r.y, k->product, dim, kind == MIND_DIRICHLET ? "= β × e" : "= β × θ");
	canvas_put_right(c, x + k->e + k->product, r.y, k->phi, dim, "φ");
	canvas_put_right(c, x + k->e + k->product + k->phi, r.y, k->truth, style_of(COLOR_EVIDENCE), k->truth ? "exact" : "");
}

/* What beta is multiplied by. Of an exact posterior E[theta_k | the other words], which is what p(z = k | w) / beta_k comes to when
 * scaled so that it sums to 1. */
static double why_log_e(const struct mind *m, size_t k, size_t term)
{
	double sum = 0;
	if (m->kind != MIND_PARTS)
		return m->log_e[k];
	for (size_t i = 0; i < m->components; i++)
		sum += mind_beta(m, i, term) > 0 ? m->phi[i] / mind_beta(m, i, term) : 0;
	double beta = mind_beta(m, k, term);
	return beta > 0 ? log(m->phi[k] / beta / sum) : -INFINITY;
}

static void why_row(struct ui *ui, struct canvas *c, struct rect r, const struct why *w, const struct mind *m, size_t k,
                    size_t term, bool first)
{
	double beta = mind_beta(m, k, term), log_e = why_log_e(m, k, term), log_product = log_e + log(beta);
	struct style style = style_with(COLOR_DEFAULT, first ? ATTR_BOLD : 0);
	int x = r.x + w->name;
	int badge = topic_badge(c, r.x, r.y, k) + 1;
	first_words(ui, c, r.x + badge, r.y, w->name - badge - 1, m->s, k);
	canvas_put_right(c, x, r.y, w->beta, style, beta > 0 ? number_short(beta, 3).s : "0");
	x += w->beta;
	if (w->gamma && m->kind == MIND_DIRICHLET)
		canvas_put_right(c, x, r.y, w->gamma, style_of(COLOR_DIM), number_fixed(m->gamma[k], 2).s);
	x += w->gamma;
	canvas_put_right(c, x, r.y, w->e, style, power(log_e).s);
	canvas_put_right(c, x + w->e, r.y, w->product, style, power(log_product).s);
	x += w->e + w->product;
	canvas_put_right(c, x, r.y, w->phi, style, number_fixed(m->phi[k], 3).s);
	const double *z = w->truth ? truth_of(m, term) : NULL;
	if (z)
		canvas_put_right(c, x + w->phi, r.y, w->truth, style_of(COLOR_EVIDENCE), number_fixed(z[k], 3).s);
	if (w->bar > 2)
		bar_horizontal(c, (struct rect){x + w->phi + w->truth + 1, r.y, w->bar - 1, 1}, color_series((unsigned)k), m->phi[k], 1);
}

/* The last row: what phi is divided by, and which topics these are. */
static void why_sum(struct canvas *c, struct rect r, const struct why *w, const struct mind *m, size_t term, size_t left)
{
	double sum = 0;
	char note[96] = "";
	for (size_t k = 0; k < m->components; k++)
		sum += exp(why_log_e(m, k, term)) * mind_beta(m, k, term);
	int x = r.x + w->name + w->beta + w->gamma, room = w->name + w->beta + w->gamma + w->e - 1;
	const struct em_snapshot *s = m->s;
	if (m->moved && s->position > 0)
		snprintf(note, sizeof note, "β before %s, as q saw it", pane_step(&s->ledger[s->position]).s);
	else if (left > 0)
		snprintf(note, sizeof note, "and %zu smaller", left);
	canvas_put_clipped(c, r.x, r.y, room - 4, style_of(m->moved ? COLOR_WARN : COLOR_DIM), note);
	canvas_put_right(c, x, r.y, w->e, style_of(COLOR_DIM), "sum");
	canvas_put_right(c, x + w->e, r.y, w->product, style_of(COLOR_DEFAULT), number_short(sum, 3).s);
	canvas_put_right(c, x + w->e + w->product, r.y, w->phi, style_of(COLOR_DEFAULT), "1");
}

/* "── why harbour ×3 · word 5 of 31 ─────── φ = β × e / sum,  e = exp(ψ(γ) − ψ(Σγ)) ──" */
static void why_title(struct canvas *c, struct rect r, const struct picture *pic, const struct page_word *w,
                      size_t place, size_t of, enum mind_kind kind)
{
	static const char *const formulas[] = {" φ = β × e / sum,  e = exp(ψ(γ) − ψ(Σγ)) ", " φ = β × θ / sum ",
	                                       " one topic for the whole document ", " p(z|w) ∝ β × E[θ | the other words] "};
	struct buf b = {0};
	const char *label = item_label(pic->run->problem, w->term);
	const char *formula = formulas[kind];
	canvas_hline(c, r.x, r.y, r.w, style_of(COLOR_DIM));
	buf_puts(&b, " why ");
	text_clip(&b, label, 24, c->glyphs == GLYPHS_ASCII);
	if (w->count > 1)
		buf_printf(&b, " ×%u", w->count);
	buf_printf(&b, " · %s of %s ", number_count(place + 1).s, number_count(of).s);
	int used = 2;
	if (b.s && !b.failed)
		used += canvas_put_clipped(c, r.x + 2, r.y, r.w - 4, style_with(COLOR_TITLE, ATTR_BOLD), b.s);
	buf_free(&b);
	int wide = canvas_width(c, formula);
	if (used + wide + 4 <= r.w)
		canvas_put(c, r.x + r.w - wide - 2, r.y, style_of(COLOR_ACCENT), formula);
}

void reader_why(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, struct mind *m,
                const struct page_word *w, size_t place, size_t of)
{
	size_t list[ROWS], rows = r.h > 3 ? (size_t)(r.h - 3) : 0;
	struct why k = why_columns(r.w, m->truth != NULL);
	if (r.h < 1)
		return;
	why_title(c, r, pic, w, place, of, m->kind);
	if (m->missing || r.h < 3 || r.w < 14 || w->term >= m->topics->dim[1])
		return;
	if (m->kind == MIND_WHOLE) {
		reader_card(m->s, c, (struct rect){r.x, r.y + 1, r.w, r.h - 1}, m->n);
		return;
	}
	rows = rows > ROWS ? ROWS : rows < 1 ? 1 : rows;
	size_t best = mind_phi(m, w->term);
	choose(m, m->phi, rows, list);
	why_head(c, (struct rect){r.x, r.y + 1, r.w, 1}, &k, m->kind);
	for (size_t i = 0; i < rows && i < m->components; i++)
		why_row(ui, c, (struct rect){r.x, r.y + 2 + (int)i, r.w, 1}, &k, m, list[i], w->term, list[i] == best);
	if (r.h > 3)
		why_sum(c, (struct rect){r.x, r.y + r.h - 1, r.w, 1}, &k, m, w->term,
		        m->components > rows ? m->components - rows : 0);
}
