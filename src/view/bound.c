/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The decomposition log p(X|theta) = ELBO + KL: as numbers, as bars to scale over the last half-steps, and in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "plot/fig.h"
#include "view/pane.h"
#include "view/ui.h"

enum { BARS = 24, LABEL = 64 };

static const struct em_entry *entry(const struct em_snapshot *s)
{
	return &s->ledger[s->position];
}

static const struct em_entry *before(const struct em_snapshot *s)
{
	return s->position ? &s->ledger[s->position - 1] : NULL;
}

/* ---- the identity as a small table: values, and below them what the last step changed ---- */

enum { EVIDENCE, ELBO, KL, COLUMNS };

static const struct {
	const char *head;
	enum color color;
} columns[COLUMNS] = {{"log p(X|θ)", COLOR_EVIDENCE}, {"ELBO(q,θ)", COLOR_ELBO}, {"KL(q‖p)", COLOR_KL}};

struct table {
	char now[COLUMNS][LABEL], change[COLUMNS][LABEL];
	char label[LABEL], change_label[LABEL], note[LABEL];
	bool changed;
};

static void put(char out[LABEL], struct number n)
{
	snprintf(out, LABEL, "%s", n.s);
}

static void fill_table(struct table *t, const struct em_snapshot *s)
{
	const struct em_entry *now = entry(s), *old = before(s);
	int d = pane_decimals(now->kl);
	put(t->now[EVIDENCE], number_fixed(now->log_evidence, d));
	put(t->now[ELBO], number_fixed(now->elbo, d));
	put(t->now[KL], isnan(now->kl) ? (struct number){"unknown, ≥ 0"} : number_fixed(now->kl, d));
	snprintf(t->label, LABEL, "%s%.50s", now->phase == EM_INIT ? "at the " : "after ", pane_step(now).s);
	snprintf(t->note, LABEL, "nats%s%.40s", isnan(now->kl) ? "" : ", ", isnan(now->kl) ? "" : pane_known(now).s);
	t->changed = old != NULL;
	if (!old)
		return;
	bool e = now->phase == EM_E || now->phase == EM_E_PART;
	double dp = e ? 0 : now->log_evidence - old->log_evidence; /* an E-step leaves theta alone, known or not */
	put(t->change[EVIDENCE], pane_change(dp));
	put(t->change[ELBO], pane_change(now->gain));
	put(t->change[KL], pane_change(e ? -now->gain : now->kl - old->kl));
	snprintf(t->change_label, LABEL, "change");
}

static int widest(const struct canvas *c, const char *a, const char *b, const char *d)
{
	int wa = canvas_width(c, a), wb = canvas_width(c, b), wd = canvas_width(c, d);
	return wa > wb ? (wa > wd ? wa : wd) : wb > wd ? wb : wd;
}

/* Returns the rows used. */
static int draw_table(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	static const char *const between[COLUMNS] = {"", "=", "+"};
	struct table t = {0};
	fill_table(&t, s);
	int w[COLUMNS], sum = 0, label = widest(c, t.label, t.change_label, ""), gap = r.w >= 66 ? 3 : 1;
	for (int i = 0; i < COLUMNS; i++) {
		w[i] = widest(c, columns[i].head, t.now[i], t.change[i]);
		sum += w[i] + (i ? 2 * gap + 1 : 0);
	}
	if (label + gap + 1 + sum > r.w)
		label = -gap - 1;
	int x = r.x + label + gap + 1;
	if (label > 0) {
		canvas_put(c, r.x, r.y + 1, style_of(COLOR_DIM), t.label);
		canvas_put(c, r.x, r.y + 2, style_of(COLOR_DIM), t.change_label);
	}
	for (int i = 0; i < COLUMNS; i++) {
		struct style strong = style_with(columns[i].color, ATTR_BOLD), plain = style_of(columns[i].color);
		if (i > 0) {
			for (int y = 0; y < (t.changed ? 3 : 2); y++)
				canvas_put(c, x + gap, r.y + y, style_of(COLOR_DIM), between[i]);
			x += 2 * gap + 1;
		}
		canvas_put_right(c, x, r.y, w[i], plain, columns[i].head);
		canvas_put_right(c, x, r.y + 1, w[i], strong, t.now[i]);
		canvas_put_right(c, x, r.y + 2, w[i], plain, t.change[i]);
		x += w[i];
	}
	if (x + gap + canvas_width(c, t.note) <= r.x + r.w)
		canvas_put(c, x + gap, r.y + 1, style_of(COLOR_DIM), t.note);
	return t.changed ? 3 : 2;
}

/* ---- the bars ---- */

static void draw_bars(struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r)
{
	struct fig_bar bars[BARS];
	char label[BARS][LABEL];
	/* A bar wants its label "M 12" and a blank; a figure of two bars still says something. */
	int fit = (r.w - 10) / 7, most = fit < 2 ? 2 : fit > BARS ? BARS : fit;
	size_t n = s->position + 1 < (size_t)most ? s->position + 1 : (size_t)most, from = s->position + 1 - n;
	bool known = false;
	for (size_t i = 0; i < n; i++) {
		const struct em_entry *e = &s->ledger[from + i];
		bool part = e->phase == EM_E_PART || e->phase == EM_M_PART;
		if (e->phase == EM_INIT)
			snprintf(label[i], LABEL, "start");
		else
			snprintf(label[i], LABEL, part ? "%s" : "%s %zu", em_phase_name(e->phase), e->iteration);
		bars[i] = (struct fig_bar){.label = label[i],
		                           .elbo = e->elbo,
		                           .kl = e->kl,
		                           .known = e->evidence == EM_EVIDENCE_EXACT      ? FIG_EXACT
		                                    : e->evidence == EM_EVIDENCE_ESTIMATE ? FIG_ESTIMATE
		                                                                          : FIG_UNKNOWN,
		                           .error = e->log_evidence_se,
		                           .mark = from + i == s->position};
		known |= e->evidence != EM_EVIDENCE_NONE;
	}
	struct fig f = {.y_title = known ? "nats" : "ELBO, nats", .bars = bars, .bars_n = n, .legend = true};
	fig_canvas(&f, c, r);
	ui->plot = fig_plot_rect(&f, c, r);
	ui->plot_from = (double)from;
	ui->plot_to = (double)(from + n);
}

/* ---- in words ---- */

/* Equations stand apart by several blanks: each gets its own line. */
static int draw_equations(struct canvas *c, struct rect r, const char *text)
{
	int rows = 0;
	while (*text && rows < r.h) {
		const char *end = strstr(text, "   ");
		size_t n = end ? (size_t)(end - text) : strlen(text);
		char line[256];
		snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
		rows += pane_text(c, (struct rect){r.x, r.y + rows, r.w, r.h - rows}, style_of(COLOR_ACCENT), line);
		text += n;
		while (*text == ' ')
			text++;
	}
	return rows;
}

static void say_next(const struct em_snapshot *s, char *out, size_t size)
{
	const struct em_model *m = s->problem->model;
	const struct em_entry *now = entry(s);
	size_t iteration = s->inside || s->next_m ? now->iteration : now->iteration + 1;
	const char *block = s->next_m ? m->block(s->problem, (unsigned)s->next_unit) : NULL;
	char unit[96];
	if (s->next_m)
		snprintf(unit, sizeof unit, "the block %.60s", block ? block : "that is left");
	else
		snprintf(unit, sizeof unit, "%.40s %zu", m->observation, s->next_unit + 1);
	snprintf(out, size, "%s %c-step %zu.  %s  %s,  %s  only %s.", s->inside ? "Inside" : "Next:", s->next_m ? 'M' : 'E',
	         iteration, pane_key("bound", "next"), s->inside ? "the rest of it" : "all of it", pane_key("bound", "step"),
	         unit);
}

static enum color verdict_color(enum em_verdict_kind kind)
{
	return kind == EM_CONVERGED                          ? COLOR_GOOD
	       : kind == EM_DECREASED || kind == EM_BROKEN   ? COLOR_BAD
	       : kind == EM_STALLED || kind == EM_LIMIT      ? COLOR_WARN
	                                                     : COLOR_DIM;
}

/* The verdict and what comes next, at the foot; returns the rows used. */
static int draw_foot(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	char next[256], verdict[260];
	say_next(s, next, sizeof next);
	snprintf(verdict, sizeof verdict, "%s", s->verdict.text);
	if (verdict[0] >= 'a' && verdict[0] <= 'z')
		verdict[0] = (char)(verdict[0] - 'a' + 'A');
	int rows = pane_rows(c, r.w, verdict), room = r.h - 1 < rows ? r.h - 1 : rows;
	if (room < 0)
		return 0;
	int y = r.y + r.h - room - 1;
	pane_text(c, (struct rect){r.x, y, r.w, room}, style_of(verdict_color(s->verdict.kind)), verdict);
	pane_text(c, (struct rect){r.x, y + room, r.w, 1}, style_of(COLOR_DEFAULT), next);
	return room + 1;
}

static void draw_ledger(struct canvas *c, struct rect r, const struct em_snapshot *s);

static void draw_words(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	const struct em_model *m = s->problem->model;
	const struct em_entry *now = entry(s);
	char text[1024] = "", unknown[320];
	m->explain(s->problem, before(s), now, text, sizeof text);
	bool m_phase = now->phase == EM_M || now->phase == EM_M_PART || (now->phase == EM_INIT && s->next_m);
	const char *equation = m->equation(s->problem, m_phase);
	pane_unknown(s, unknown, sizeof unknown);
	int y = pane_text(c, r, style_of(COLOR_DEFAULT), text);
	if (r.h - y >= 2)
		y += 1 + draw_equations(c, (struct rect){r.x, r.y + y + 1, r.w, r.h - y - 1}, equation);
	if (unknown[0] && r.h - y >= 3)
		y += 1 + pane_text(c, (struct rect){r.x, r.y + y + 1, r.w, r.h - y - 1}, style_of(COLOR_WARN), unknown);
	if (r.h - y >= 5)
		draw_ledger(c, (struct rect){r.x, r.y + y + 1, r.w, r.h - y - 1}, s);
}

/* Where there is room: the last steps as a table, newest at the bottom. */
static void draw_ledger(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	int w = 12, x = r.x + 8;
	if (r.w < 8 + 3 * w || r.h < 4)
		return;
	size_t rows = (size_t)(r.h - 1), n = s->position + 1 < rows ? s->position + 1 : rows, from = s->position + 1 - n;
	bool wide = r.w >= 8 + 4 * w;
	canvas_put(c, r.x, r.y, style_of(COLOR_DIM), "step");
	canvas_put_right(c, x, r.y, w, style_of(COLOR_DIM), "ELBO");
	canvas_put_right(c, x + w, r.y, w, style_of(COLOR_DIM), "change");
	canvas_put_right(c, x + 2 * w, r.y, w, style_of(COLOR_DIM), wide ? "log p" : "KL");
	if (wide)
		canvas_put_right(c, x + 3 * w, r.y, w, style_of(COLOR_DIM), "KL");
	for (size_t i = 0; i < n; i++) {
		const struct em_entry *e = &s->ledger[from + i];
		int y = r.y + 1 + (int)i, at = x, attr = from + i == s->position ? ATTR_BOLD : 0;
		canvas_put_clipped(c, r.x, y, 8, style_with(COLOR_DEFAULT, attr), pane_step(e).s);
		canvas_put_right(c, at, y, w, style_with(COLOR_ELBO, attr), number_fixed(e->elbo, 1).s);
		canvas_put_right(c, at += w, y, w, style_with(e->decreased ? COLOR_BAD : COLOR_DEFAULT, attr),
		                 isnan(e->gain) ? "" : pane_change(e->gain).s);
		if (wide)
			canvas_put_right(c, at += w, y, w, style_with(COLOR_EVIDENCE, attr), number_fixed(e->log_evidence, 1).s);
		canvas_put_right(c, at + w, y, w, style_with(COLOR_KL, attr), number_fixed(e->kl, pane_decimals(e->kl)).s);
	}
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	struct rect table = rect_cut_top(&r, draw_table(c, r, s));
	(void)table;
	if (r.h >= 12)
		rect_cut_top(&r, 1);
	struct rect foot = {r.x, r.y + r.h / 2, r.w, r.h - r.h / 2};
	int used = r.h >= 6 ? draw_foot(c, foot, s) : 0;
	rect_cut_bottom(&r, used + (r.h - used >= 8 ? 1 : 0));
	if (r.w >= 66) {
		int words = r.w * 45 / 100;
		struct rect right = rect_cut_right(&r, words > 64 ? 64 : words);
		rect_cut_right(&r, 2);
		draw_bars(ui, s, c, r);
		draw_words(c, right, s);
	} else {
		struct rect below = rect_cut_bottom(&r, r.h >= 9 ? r.h * 2 / 5 : 0);
		draw_bars(ui, s, c, r);
		draw_words(c, below, s);
	}
}

/* A click on a bar goes to its step. */
static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	(void)err;
	(void)pic;
	int x, y;
	if (strcmp(call->name, "click") != 0 || !pane_cell(call, &x, &y))
		return false;
	if (!rect_has(ui->plot, x, y))
		return true;
	double step = ui->plot_from + (ui->plot_to - ui->plot_from) * (x - ui->plot.x) / ui->plot.w;
	snprintf(ui->line, sizeof ui->line, "goto %zu", (size_t)step);
	return true;
}

const struct view view_bound = {
	.name = "bound",
	.title = "Bound",
	.key = '1',
	.about = "log p(X|θ) split into the ELBO and the KL divergence of q from the posterior, to scale, for the last steps. "
	         "An E-step moves the line between the two and leaves their sum; an M-step moves the sum.",
	.draw = draw,
	.command = command,
};
