/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document, several E-steps: where mean field comes to rest from many starts, sweep by sweep, beside the other ways and the truth. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/study.h"
#include "plot/fig.h"
#include "view/arrays.h"
#include "view/list.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/ui.h"

enum { SHOWN_TOPICS = 6 };

static const struct em_lab *lab_of(const struct ui *ui, const struct picture *pic)
{
	return pic->study && pic->study->n == ui->document ? pic->study->lab : NULL;
}

static size_t chosen(const struct ui *ui, const struct em_lab *x)
{
	return ui->lab_place < x->places ? ui->lab_place : 0;
}

static size_t cursor(const struct ui *ui, const struct em_lab_place *p)
{
	return ui->lab_sweep < p->sweeps ? ui->lab_sweep : p->sweeps;
}

/* ---- in words ---- */

static void say(const struct em_lab *x, char *out, size_t size)
{
	size_t stable = 0, usual = 0;
	for (size_t i = 0; i < x->places; i++) {
		stable += !x->place[i].saddle;
		usual = x->place[i].usual ? i : usual;
	}
	double behind = x->place[0].elbo - x->place[usual].elbo;
	int n = snprintf(out, size, "From %zu starts mean field comes to rest in %zu place%s", x->starts, x->places, x->places == 1 ? "" : "s");
	if (stable < x->places)
		n += snprintf(out + n, size - (size_t)n, ", %zu of them %s", x->places - stable, x->places - stable == 1 ? "a saddle" : "saddles");
	n += snprintf(out + n, size - (size_t)n, ". ");
	if (x->topics == 1 || x->tokens == 0)
		snprintf(out + n, size - (size_t)n, "There is nothing to share out: q is the posterior.");
	else if (x->place[usual].saddle)
		snprintf(out + n, size - (size_t)n, "The usual start, γ = α + N/K, sits on a saddle %s nats below the best; a push would free it.", number_short(behind, 3).s);
	else if (behind > 1e-6)
		snprintf(out + n, size - (size_t)n, "The usual start ends in %s of them, %s nats below the best%s", usual + 1 == x->places ? "the worst" : "one",
		         number_short(behind, 3).s, isnan(x->log_p) ? "." : "; even the best stays below log p.");
	else
		snprintf(out + n, size - (size_t)n, "The usual start ends in the best%s", isnan(x->log_p) ? "." : ", which stays below log p all the same.");
}

/* ---- the table ---- */

static int columns_of(int w, size_t topics)
{
	int room = (w - 62) / 6;
	room = room < 0 ? 0 : room > SHOWN_TOPICS ? SHOWN_TOPICS : room;
	return (size_t)room < topics ? room : (int)topics;
}

/* A column as a whole or not at all. */
static void put_right(struct canvas *c, struct rect r, int x, int w, struct style style, const char *text)
{
	if (x + w <= r.w)
		canvas_put_right(c, r.x + x, r.y, w, style, text);
}

static void table_head(struct canvas *c, struct rect r, int topics)
{
	struct style dim = style_of(COLOR_DIM);
	bool ascii = c->glyphs == GLYPHS_ASCII; /* where theta is a long word */
	canvas_put_clipped(c, r.x, r.y, r.w, dim, "E-step");
	put_right(c, r, 24, 11, dim, "bound");
	put_right(c, r, 35, 9, dim, "KL");
	put_right(c, r, 44, 8, dim, ascii ? "off th." : "off θ");
	put_right(c, r, 52, 8, dim, "off z");
	for (int k = 0; k < topics; k++)
		put_right(c, r, 61 + 6 * k, 6, style_of(color_series((unsigned)k)), k == 0 ? (ascii ? "E th1" : "E θ1") : number_count((size_t)k + 1).s);
}

static void table_row(struct canvas *c, struct rect r, const struct em_lab *x, const struct em_lab_answer *a, int topics)
{
	bool exact = a == x->answer;
	struct style plain = style_with(exact ? COLOR_EVIDENCE : COLOR_DEFAULT, exact ? ATTR_BOLD : 0), dim = style_of(COLOR_DIM);
	double kl = x->log_p - a->bound;
	canvas_put_clipped(c, r.x, r.y, r.w < 24 ? r.w : 24, plain, a->name);
	if (!a->made) {
		if (r.w > 26)
			canvas_put_clipped(c, r.x + 26, r.y, r.w - 26, style_of(COLOR_WARN), "would take too long");
		return;
	}
	put_right(c, r, 24, 11, isnan(a->bound) ? dim : plain, isnan(a->bound) ? "none" : number_fixed(a->bound, 4).s);
	put_right(c, r, 35, 9, isnan(kl) ? dim : style_of(COLOR_KL),
	                 isnan(a->bound) ? "–" : isnan(kl) ? "unknown" : number_fixed(kl < 0 ? 0 : kl, 4).s);
	put_right(c, r, 44, 8, dim, isnan(a->off_theta) ? "–" : number_fixed(a->off_theta, 3).s);
	put_right(c, r, 52, 8, dim, isnan(a->off_z) ? "–" : number_fixed(a->off_z, 3).s);
	for (int k = 0; k < topics; k++)
		put_right(c, r, 61 + 6 * k, 6, plain, number_fixed(a->mean[k], 3).s);
}

static void place_row(struct canvas *c, struct rect r, const struct em_lab *x, size_t i, bool here)
{
	const struct em_lab_place *p = x->place + i;
	struct buf b = {0};
	struct style style = style_with(COLOR_DEFAULT, here ? ATTR_BOLD : 0);
	double kl = x->log_p - p->elbo;
	if (here)
		canvas_put(c, r.x, r.y, style_of(COLOR_ACCENT), "▸");
	buf_printf(&b, "%zu  %s", i + 1, number_fixed(p->elbo, 4).s);
	if (!isnan(kl))
		buf_printf(&b, "  KL %s", number_fixed(kl < 0 ? 0 : kl, 4).s);
	buf_printf(&b, "  %s  %zu of %zu starts%s  %zu sweep%s  γ", p->saddle ? "saddle" : "stable", p->starts, x->starts, p->usual ? ", the usual one" : "",
	           p->sweeps, p->sweeps == 1 ? "" : "s");
	for (size_t k = 0; k < x->topics && k < 8; k++)
		buf_printf(&b, " %s", number_fixed(p->gamma[k], 2).s);
	if (b.s && !b.failed)
		canvas_put_clipped(c, r.x + 2, r.y, r.w - 2, style, b.s);
	buf_free(&b);
}

/* ---- the trace of one place ---- */

static void draw_trace(const struct ui *ui, struct canvas *c, struct rect r, const struct em_lab *x)
{
	const struct em_lab_place *p = x->place + chosen(ui, x);
	size_t at = cursor(ui, p), n = p->sweeps + 1;
	char text[200];
	double kl = x->log_p - p->trace[at];
	struct rect head = rect_cut_top(&r, 1);
	int used = snprintf(text, sizeof text, "place %zu, after sweep %zu of %zu: ELBO %s", chosen(ui, x) + 1, at, p->sweeps, number_fixed(p->trace[at], 4).s);
	if (!isnan(kl))
		snprintf(text + used, sizeof text - (size_t)used, ", KL %s", number_fixed(kl < 0 ? 0 : kl, 4).s);
	canvas_put_clipped(c, head.x, head.y, head.w, style_with(COLOR_TITLE, ATTR_BOLD), text);
	if (r.h < 4 || r.w < 20)
		return;
	struct fig_series series = {.label = "ELBO", .y = p->trace, .n = n, .mark = n <= 40 ? MARK_DOT : MARK_NONE, .color = COLOR_ELBO};
	struct fig_line line = {.label = "log p", .at = x->log_p, .color = COLOR_EVIDENCE};
	struct fig f = {.x_title = "sweep", .y_title = "nats", .x = {0, (double)(p->sweeps > 0 ? p->sweeps : 1)}, .x_integer = true, .series = &series,
	                .series_n = 1, .lines = &line, .lines_n = isnan(x->log_p) ? 0u : 1u, .cursor_on = true, .cursor = (double)at};
	fig_canvas(&f, c, r);
}

/* ---- the view ---- */

static void draw_lab(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, const struct em_lab *x)
{
	char text[400], right[96];
	struct rect head = rect_cut_top(&r, 1);
	snprintf(right, sizeof right, "document %s of %s", number_count(ui->document + 1).s, number_count(pic->run->problem->layout.observations).s);
	canvas_put_clipped(c, head.x, head.y, head.w - canvas_width(c, right) - 2, style_with(COLOR_TITLE, ATTR_BOLD), pic->corpus->name[ui->document]);
	canvas_put_right(c, head.x, head.y, head.w, style_of(COLOR_DIM), right);
	say(x, text, sizeof text);
	struct rect words = rect_cut_top(&r, r.h > 14 ? 2 : r.h > 6 ? 1 : 0);
	if (words.h > 0)
		pane_text(c, words, style_of(COLOR_DEFAULT), text);
	if (r.h > 17)
		rect_cut_top(&r, 1);
	int topics = columns_of(r.w, x->topics);
	if (r.h >= 2)
		table_head(c, rect_cut_top(&r, 1), topics);
	for (int i = 0; i < EM_LAB_METHODS && r.h > 0; i++)
		table_row(c, rect_cut_top(&r, 1), x, x->answer + i, topics);
	if (r.h > 12)
		rect_cut_top(&r, 1);
	size_t rows = x->places, most = r.h > 7 ? (size_t)r.h - 6 : r.h > 0 ? (size_t)r.h : 0, from = 0;
	rows = rows > most ? most : rows;
	if (chosen(ui, x) >= rows && rows > 0)
		from = chosen(ui, x) + 1 - rows;
	for (size_t i = from; i < from + rows; i++)
		place_row(c, rect_cut_top(&r, 1), x, i, i == chosen(ui, x));
	if (r.h > 9)
		rect_cut_top(&r, 1);
	if (r.h > 0)
		draw_trace(ui, c, r, x);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct em_document d;
	if (!list_room(c, r, 12, 3, "lab: too small"))
		return;
	if (pic->run->problem->layout.observations > 0 && ui->document >= pic->run->problem->layout.observations)
		order_select(ui, pic->run->problem->layout.observations - 1);
	const struct em_lab *x = lab_of(ui, pic);
	bool lda = ui->document < pic->run->problem->layout.observations && em_document_of(pic->run->problem, pic->run->theta, ui->document, &d) && !pic->run->problem->model->exact;
	if (x)
		draw_lab(ui, pic, c, r, x);
	else
		pane_text(c, r, style_of(COLOR_DIM), study_of(pic->run, ui->document, &d)
		                                         ? "The E-steps of this document are being made. Where they were stopped, `lab` begins anew."
		                                     : lda ? "This document is empty: its q is the prior, and so is the posterior."
		                                         : "The lab is for a document of LDA by mean field: there an E-step has several places to end in, and none is the posterior.");
}

static void choose(struct ui *ui, size_t place)
{
	ui->lab_place = place;
	ui->lab_sweep = SIZE_MAX;
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const struct em_lab *x = lab_of(ui, pic);
	const char *name = call->name;
	size_t n = pane_count(call), place = x ? chosen(ui, x) : 0, at = x ? cursor(ui, x->place + place) : 0;
	if (strcmp(name, "next-document") == 0 || strcmp(name, "previous-document") == 0 || strcmp(name, "select") == 0) {
		choose(ui, 0);
		return view_reader.command(ui, pic, call, err);
	}
	if (strcmp(name, "up") == 0)
		choose(ui, place > n ? place - n : 0);
	else if (strcmp(name, "down") == 0)
		choose(ui, x && place + n < x->places ? place + n : x ? x->places - 1 : 0);
	else if (strcmp(name, "left") == 0)
		ui->lab_sweep = at > n ? at - n : 0;
	else if (strcmp(name, "right") == 0)
		ui->lab_sweep = at + n;
	else if (strcmp(name, "home") == 0)
		ui->lab_sweep = 0;
	else if (strcmp(name, "end") == 0)
		ui->lab_sweep = SIZE_MAX;
	else
		return false;
	return true;
}

static bool wants(struct ui *ui, const struct picture *pic, struct job *out)
{
	struct em_document d;
	if (lab_of(ui, pic)) { /* it came; should another's take its place, this is asked for again */
		ui->labbed = SIZE_MAX;
		return false;
	}
	if (!pic->run || !pic->corpus || !study_of(pic->run, ui->document, &d) || (ui->labbed == ui->document && ui->labbed_of == pic->version + 1))
		return false;
	ui->labbed = ui->document;
	ui->labbed_of = pic->version + 1;
	*out = (struct job){.kind = JOB_STUDY, .count = ui->document, .name = "lab"};
	return true;
}

const struct view view_lab = {
	.name = "lab",
	.title = "Lab",
	.key = '0',
	.aside = true,
	.about = "One document and several E-steps: where mean field comes to rest from many starts, with its bound and whether the place is stable or a "
	         "saddle; hard assignment, CVB0 and collapsed Gibbs; and the exact posterior they are all after. Up and down choose a place, left and "
	         "right go through its sweeps.",
	.draw = draw,
	.command = command,
	.wants = wants,
};
