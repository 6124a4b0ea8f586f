/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ELBO over the steps of the ledger, or the gains on a logarithmic axis, with a crosshair that can go to a step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/fig.h"
#include "view/pane.h"
#include "view/ui.h"

struct window {
	size_t from, to; /* steps, inclusive */
};

static size_t cursor(const struct ui *ui, const struct em_snapshot *s)
{
	return ui->trace_cursor < s->entries ? ui->trace_cursor : s->position;
}

/* What is shown: the zoom, moved so that the crosshair is in it. */
static struct window shown(const struct ui *ui, const struct em_snapshot *s)
{
	size_t last = s->entries - 1, at = cursor(ui, s), from = ui->trace_from, to = ui->trace_to;
	if (to <= from || to - from >= last)
		return (struct window){0, last};
	size_t wide = to - from;
	if (at < from)
		from = at;
	if (at > from + wide)
		from = at - wide;
	if (from + wide > last)
		from = last - wide;
	return (struct window){from, from + wide};
}

/* ---- the figure ---- */

/* The undone ones hold what lies after the position; they are drawn dim, below the others. */
enum { UNDONE_P, UNDONE, BESIDE, EVIDENCE, ELBO_SERIES, FALLS, P_FALLS, UNDONE_E, UNDONE_M, GAIN_E, GAIN_M, SERIES };

struct points {
	double *x, *y;
	size_t n;
};

static bool is_m(const struct em_entry *e)
{
	return e->phase == EM_M || e->phase == EM_M_PART;
}

/* The value of an entry in a series, NAN when it is not in it. */
static double value(const struct em_snapshot *s, size_t step, int series)
{
	const struct em_entry *e = &s->ledger[step];
	bool undone = series == UNDONE_P || series == UNDONE || series == UNDONE_E || series == UNDONE_M;
	bool join = series == UNDONE_E || series == UNDONE_M; /* E and M alternate: the line begins a step earlier */
	if (undone ? step + join < s->position || s->position + 1 == s->entries : step > s->position && series != FALLS && series != P_FALLS)
		return NAN;
	switch (series) {
	case UNDONE:
	case ELBO_SERIES:
		return e->elbo;
	case UNDONE_P:
	case EVIDENCE:
		return e->evidence == EM_EVIDENCE_NONE ? NAN : e->log_evidence;
	case FALLS:
		return e->decreased ? e->elbo : NAN;
	case P_FALLS: {
		struct pane_moved p;
		return e->evidence != EM_EVIDENCE_NONE && pane_log_p_moved(s, step, &p) && p.fell ? e->log_evidence : NAN;
	}
	case UNDONE_E:
	case GAIN_E:
		return e->phase == EM_INIT || e->phase == EM_EDIT || is_m(e) ? NAN : e->gain;
	default:
		return is_m(e) ? e->gain : NAN;
	}
}

static bool collect(const struct em_snapshot *s, struct window w, int series, struct points *out)
{
	size_t n = w.to - w.from + 1;
	out->x = malloc(n * sizeof *out->x);
	out->y = malloc(n * sizeof *out->y);
	out->n = 0;
	if (!out->x || !out->y)
		return false;
	for (size_t step = w.from; step <= w.to; step++) {
		double y = value(s, step, series);
		if (isnan(y))
			continue;
		out->x[out->n] = (double)step;
		out->y[out->n++] = y;
	}
	return true;
}

/* The other run's numbers at the steps that ended the same iterations here. */
static bool collect_beside(const struct em_snapshot *s, struct window w, const struct beside_path *path, struct points *out)
{
	size_t n = w.to - w.from + 1;
	out->x = malloc(n * sizeof *out->x);
	out->y = malloc(n * sizeof *out->y);
	if (!out->x || !out->y)
		return false;
	for (size_t step = w.from; step <= w.to; step++) {
		const struct em_entry *e = s->ledger + step;
		bool end = e->phase == EM_INIT || (e->phase == EM_M && (step + 1 == s->entries || e[1].iteration != e->iteration));
		if (!path || !end || e->iteration >= path->count)
			continue;
		double y = path->bound ? path->elbo[e->iteration] : path->log_p[e->iteration];
		if (isnan(y))
			continue;
		out->x[out->n] = (double)step;
		out->y[out->n++] = y;
	}
	return true;
}

static const struct {
	const char *label;
	enum fig_kind kind;
	enum fig_mark mark;
	enum color color;
} looks[SERIES] = {
	[UNDONE_P] = {NULL, FIG_LINE, MARK_NONE, COLOR_DIM},
	[UNDONE] = {"undone", FIG_LINE, MARK_NONE, COLOR_DIM},
	[BESIDE] = {NULL, FIG_LINE, MARK_NONE, COLOR_KL},
	[EVIDENCE] = {"log p", FIG_LINE, MARK_TRIANGLE, COLOR_EVIDENCE},
	[ELBO_SERIES] = {"ELBO", FIG_LINE, MARK_DOT, COLOR_ELBO},
	[FALLS] = {"fell", FIG_POINTS, MARK_CROSS, COLOR_BAD},
	[P_FALLS] = {"log p fell", FIG_POINTS, MARK_CROSS, COLOR_BAD},
	[UNDONE_E] = {"undone", FIG_LINE, MARK_NONE, COLOR_DIM},
	[UNDONE_M] = {NULL, FIG_LINE, MARK_NONE, COLOR_DIM},
	[GAIN_E] = {"E-steps", FIG_LINE, MARK_DOT, COLOR_KL},
	[GAIN_M] = {"M-steps", FIG_LINE, MARK_TRIANGLE, COLOR_ELBO},
};

/* Two standard errors about log p, where some of it is estimated. */
struct band {
	double *x, *lo, *hi;
	size_t n;
	bool any;
};

static bool collect_band(const struct em_snapshot *s, struct window w, struct band *out)
{
	size_t most = w.to - w.from + 1;
	out->x = malloc(3 * most * sizeof *out->x);
	if (!out->x)
		return false;
	out->lo = out->x + most;
	out->hi = out->lo + most;
	for (size_t step = w.from; step <= w.to && step <= s->position; step++) {
		const struct em_entry *e = s->ledger + step;
		if (e->evidence == EM_EVIDENCE_NONE)
			continue;
		out->any |= e->evidence == EM_EVIDENCE_ESTIMATE;
		out->x[out->n] = (double)step;
		out->lo[out->n] = e->log_evidence - 2 * e->log_evidence_se;
		out->hi[out->n++] = e->log_evidence + 2 * e->log_evidence_se;
	}
	return true;
}

static void draw_figure(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	struct window w = shown(ui, s);
	struct points p[SERIES] = {{0}};
	struct fig_series series[SERIES];
	size_t n = 0;
	int first = ui->trace_gain ? UNDONE_E : UNDONE_P, last = ui->trace_gain ? GAIN_M : P_FALLS;
	struct band b = {0};
	bool ok = collect_band(s, w, &b);
	for (int i = first; i <= last && ok; i++) {
		ok = i == BESIDE ? collect_beside(s, w, pic->beside, &p[i]) : collect(s, w, i, &p[i]);
		if (ok && p[i].n)
			series[n++] = (struct fig_series){.label = i == BESIDE ? pic->beside->label : looks[i].label, .x = p[i].x, .y = p[i].y, .n = p[i].n,
			                                  .kind = looks[i].kind, .mark = looks[i].mark, .color = looks[i].color};
	}
	struct fig_band about = {.label = "± 2 se", .x = b.x, .lo = b.lo, .hi = b.hi, .n = b.n};
	struct fig f = {
	    .x_title = "step",
	    .bands = &about,
	    .bands_n = b.any && !ui->trace_gain ? 1 : 0,
	    .y_title = ui->trace_gain ? "gain, nats" : "nats",
	    .x = {(double)w.from, (double)w.to},
	    .y_scale = ui->trace_gain ? AXIS_LOG10 : AXIS_LINEAR,
	    .x_integer = true,
	    .series = series,
	    .series_n = n,
	    .legend = true,
	    .cursor_on = true,
	    .cursor = (double)cursor(ui, s),
	};
	if (!ok)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
	else if (n == 0)
		canvas_put_center(c, r.x, r.y + r.h / 2, r.w, style_of(COLOR_DIM), "no steps yet: the first one makes a gain");
	else
		fig_canvas(&f, c, r);
	if (ok && n) {
		ui->plot = fig_plot_rect(&f, c, r);
		ui->plot_from = fig_column_to_x(&f, c, r, ui->plot.x);
		ui->plot_to = fig_column_to_x(&f, c, r, ui->plot.x + ui->plot.w - 1);
	}
	for (int i = 0; i < SERIES; i++) {
		free(p[i].x);
		free(p[i].y);
	}
	free(b.x);
}

/* ---- the read-out ---- */

struct fields {
	struct canvas *c;
	struct rect r;
	int x, y;
};

/* "label value" in columns; a field that does not fit begins a new row. */
static void field(struct fields *f, const char *label, enum color color, int attr, const char *text)
{
	enum { STOP = 4 };
	int wide = canvas_width(f->c, label) + (label[0] ? 1 : 0) + canvas_width(f->c, text);
	if (f->x > f->r.x && f->x + wide > f->r.x + f->r.w) {
		f->x = f->r.x;
		f->y++;
	}
	if (f->y >= f->r.y + f->r.h)
		return;
	int x = f->x;
	if (label[0])
		x += canvas_put_clipped(f->c, x, f->y, f->r.x + f->r.w - x, style_of(COLOR_DIM), label) + 1;
	canvas_put_clipped(f->c, x, f->y, f->r.x + f->r.w - x, style_with(color, attr), text);
	f->x += (wide + 2 + STOP - 1) / STOP * STOP;
}

static void draw_readout(const struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r)
{
	size_t at = cursor(ui, s);
	const struct em_entry *e = &s->ledger[at];
	struct fields f = {c, r, r.x, r.y};
	char text[160];
	snprintf(text, sizeof text, "%s%s", number_count(at).s,
	         at == s->position ? " (now)" : at > s->position ? " (undone)" : "");
	field(&f, "step", COLOR_ACCENT, ATTR_BOLD, text);
	field(&f, "", COLOR_TITLE, ATTR_BOLD, pane_step(e).s);
	field(&f, "ELBO", COLOR_ELBO, ATTR_BOLD, number_fixed(e->elbo, pane_places(s)).s);
	if (e->phase != EM_INIT) {
		snprintf(text, sizeof text, "%s%s", pane_change(e->gain).s, e->decreased ? " FELL" : "");
		field(&f, "change", e->decreased ? COLOR_BAD : COLOR_DEFAULT, e->decreased ? ATTR_BOLD : 0, text);
	}
	if (r.h > 1 && r.w < 130 && f.y == r.y) { /* what follows belongs together */
		f.x = r.x;
		f.y++;
	}
	if (e->evidence == EM_EVIDENCE_NONE) {
		field(&f, "log p", COLOR_WARN, 0, "unknown");
	} else {
		snprintf(text, sizeof text, "%s %s", pane_about(e, e->log_evidence, pane_places(s)).s, pane_known(e).s);
		field(&f, "log p", e->doubtful ? COLOR_WARN : COLOR_EVIDENCE, 0, text);
		field(&f, "KL", e->doubtful ? COLOR_WARN : COLOR_KL, 0, pane_about(e, e->kl, pane_decimals(e->kl)).s);
	}
	struct pane_moved p;
	if (pane_log_p_moved(s, at, &p) && (p.fell || p.se > 0)) {
		bool unsure = p.se > 0 && fabs(p.change) <= 3 * p.se;
		int n = snprintf(text, sizeof text, "%s", p.se > 0 ? number_signed(p.change, pane_decimals(p.se)).s : pane_change(p.change).s);
		if (p.se > 0)
			n += snprintf(text + n, sizeof text - (size_t)n, " ± %s", number_short(2 * p.se, 2).s);
		snprintf(text + n, sizeof text - (size_t)n, "%s", p.fell ? " FELL" : unsure ? ", perhaps 0" : "");
		field(&f, "log p changed", p.fell ? COLOR_BAD : COLOR_DEFAULT, p.fell ? ATTR_BOLD : 0, text);
	}
	if (e->sweeps) {
		snprintf(text, sizeof text, "%s (%.1f a %s)", number_count(e->sweeps).s,
		         e->active ? (double)e->sweeps / (double)e->active : 0.0, s->problem->model->observation);
		field(&f, "sweeps", COLOR_DEFAULT, 0, text);
	}
	if (e->capped)
		field(&f, "at the sweep limit", COLOR_WARN, 0, number_count(e->capped).s);
	char took[32];
	axis_duration(e->seconds, took, sizeof took);
	field(&f, "took", COLOR_DEFAULT, 0, took);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	struct rect top = rect_cut_top(&r, r.h >= 12 ? (r.w < 60 ? 3 : 2) : r.h >= 6 ? 1 : 0);
	draw_readout(ui, s, c, top);
	if (r.h >= 10)
		rect_cut_top(&r, 1);
	size_t at = cursor(ui, s);
	if (r.h >= 6) {
		char text[160];
		struct rect foot = rect_cut_bottom(&r, 1);
		struct window w = shown(ui, s);
		int n = 0;
		if (w.to - w.from + 1 < s->entries)
			n = snprintf(text, sizeof text, "steps %zu to %zu of %zu; %s shows all.  ", w.from, w.to, s->entries - 1,
			             pane_key("trace", "zoom all"));
		snprintf(text + n, sizeof text - (size_t)n, at == s->position ? "Left and right move the crosshair, up and down zoom."
		                                                              : "Enter goes to step %zu.", at);
		canvas_put_clipped(c, foot.x, foot.y, foot.w, style_of(COLOR_DIM), text);
	}
	draw_figure(ui, pic, c, r);
}

/* ---- commands ---- */

static void move(struct ui *ui, const struct em_snapshot *s, size_t to)
{
	ui->trace_cursor = to >= s->entries ? s->entries - 1 : to;
	if (ui->trace_cursor == s->position)
		ui->trace_cursor = SIZE_MAX; /* follows the run from here */
}

static void zoom(struct ui *ui, const struct em_snapshot *s, const char *how, struct em_err *err)
{
	struct window w = shown(ui, s);
	size_t at = cursor(ui, s), wide = w.to - w.from;
	if (strcmp(how, "in") == 0)
		wide = wide > 4 ? wide / 2 : wide;
	else if (strcmp(how, "out") == 0)
		wide = wide * 2;
	else if (strcmp(how, "all") == 0)
		wide = s->entries;
	else {
		em_fail(err, EM_USAGE, "zoom %s; it takes in, out or all", how);
		return;
	}
	ui->trace_from = at > wide / 2 ? at - wide / 2 : 0;
	ui->trace_to = ui->trace_from + wide;
	if (wide + 1 >= s->entries)
		ui->trace_from = ui->trace_to = 0;
}

static void click(struct ui *ui, const struct em_snapshot *s, const struct view_call *call)
{
	int x, y;
	if (!pane_cell(call, &x, &y) || !rect_has(ui->plot, x, y) || ui->plot.w < 1)
		return;
	double span = ui->plot.w > 1 ? (double)(x - ui->plot.x) / (double)(ui->plot.w - 1) : 0;
	double step = ui->plot_from + (ui->plot_to - ui->plot_from) * span;
	if (step > -1 && step < 1e15)
		move(ui, s, step < 0 ? 0 : (size_t)(step + 0.5));
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const struct em_snapshot *s = pic->run;
	const char *name = call->name;
	size_t at = cursor(ui, s), n = pane_count(call);
	struct window w = shown(ui, s);
	size_t page = (w.to - w.from) / 8 + 1;
	if (strcmp(name, "left") == 0)
		move(ui, s, at > n ? at - n : 0);
	else if (strcmp(name, "right") == 0)
		move(ui, s, at + n);
	else if (strcmp(name, "page-up") == 0)
		move(ui, s, at > page ? at - page : 0);
	else if (strcmp(name, "page-down") == 0)
		move(ui, s, at + page);
	else if (strcmp(name, "home") == 0)
		move(ui, s, w.from);
	else if (strcmp(name, "end") == 0)
		move(ui, s, w.to);
	else if (strcmp(name, "up") == 0)
		zoom(ui, s, "in", err);
	else if (strcmp(name, "down") == 0)
		zoom(ui, s, "out", err);
	else if (strcmp(name, "zoom") == 0)
		zoom(ui, s, call->argc ? call->argv[0] : "all", err);
	else if (strcmp(name, "gain") == 0)
		ui->trace_gain = !ui->trace_gain;
	else if (strcmp(name, "click") == 0)
		click(ui, s, call);
	else if (strcmp(name, "enter") == 0) {
		snprintf(ui->line, sizeof ui->line, "goto %zu", at);
		ui->trace_cursor = SIZE_MAX;
	} else
		return false;
	return true;
}

const struct view view_trace = {
	.name = "trace",
	.title = "Trace",
	.key = '2',
	.about = "The ELBO after every step of the ledger, and log p(X|θ) where it is known, in a band of two standard errors where it is "
	         "estimated, with a cross where an M-step lowered it; or the gain of each step on a "
	         "logarithmic axis, where a straight line is convergence at a steady rate. Steps after the present one were undone "
	         "by going back and are drawn dim; Enter goes to the step under the crosshair.",
	.draw = draw,
	.command = command,
};
