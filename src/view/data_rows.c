/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Documents as lines: their shares, and the words that tell them from the others, in the colour of the component that
 * each is put down to. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/list.h"

enum { NUMBER = 7, WORDS = 24, PARTS_MOST = 200000 };

/* A term of a document and how telling it is: count times the log of how much likelier it is here than anywhere. */
struct telling {
	double score;
	size_t pair;
};

struct sheet {
	const struct em_snapshot *s;
	const struct em_corpus *corpus;
	const double *totals;
	int name, bar, words, x_bar, x_words;
	double *room, *parts;
	size_t parts_room;
};

static struct sheet sheet_of(struct ui *ui, const struct picture *pic, struct rect r)
{
	struct sheet t = {.s = pic->run, .corpus = pic->corpus, .totals = data_totals(ui, pic)};
	int left = r.w - NUMBER - 1;
	t.name = left >= 60 ? left / 5 : left >= 40 ? 10 : 0;
	t.name = t.name > 32 ? 32 : t.name;
	t.bar = pic->run->problem->model->shares ? (left >= 60 ? left / 4 : left / 3) : 0;
	t.bar = t.bar > 40 ? 40 : t.bar;
	t.x_bar = r.x + NUMBER + t.name + (t.name ? 2 : 0);
	t.x_words = t.x_bar + t.bar + (t.bar ? 2 : 0);
	t.words = r.x + r.w - 2 - t.x_words;
	return t;
}

/* The best first; how many. */
static size_t telling_words(const struct sheet *t, size_t n, struct telling out[WORDS])
{
	const struct em_corpus *c = t->corpus;
	size_t found = 0;
	for (size_t i = c->row[n]; t->totals && i < c->row[n + 1]; i++) {
		double here = (double)c->count[i] / c->length[n], all = t->totals[c->term[i]] / (double)c->tokens;
		double score = c->count[i] * log(here / all);
		size_t at = found < WORDS ? found : WORDS;
		while (at > 0 && score > out[at - 1].score)
			at--;
		if (at == WORDS)
			continue;
		found += found < WORDS;
		memmove(out + at + 1, out + at, (found - at - 1) * sizeof *out);
		out[at] = (struct telling){score, i};
	}
	return found;
}

/* q of each pair's topic, or NULL where it is not to be had or would take too long. */
static const double *parts_of(struct sheet *t, size_t n)
{
	const struct em_problem *p = t->s->problem;
	size_t pairs = t->corpus->row[n + 1] - t->corpus->row[n], k = p->layout.components;
	struct em_err err = {0};
	if (!p->model->parts || pairs == 0 || pairs > PARTS_MOST / k)
		return NULL;
	if (pairs * k > t->parts_room) {
		free(t->parts);
		t->parts = malloc(pairs * k * sizeof *t->parts);
		t->parts_room = t->parts ? pairs * k : 0;
	}
	const double *q = t->s->q + n * p->layout.q_stride;
	return t->parts && p->model->parts(p, em_snapshot_made(t->s, n), q, n, 0, pairs, t->parts, &err) == EM_OK ? t->parts : NULL;
}

static void draw_words(struct sheet *t, struct canvas *c, int y, size_t n, const double *share)
{
	struct telling best[WORDS];
	size_t found = telling_words(t, n, best), k = t->s->problem->layout.components;
	const double *parts = parts_of(t, n);
	int x = t->x_words, end = t->x_words + t->words;
	for (size_t i = 0; i < found; i++) {
		const char *word = item_label(t->s->problem, t->corpus->term[best[i].pair]);
		int w = canvas_width(c, word);
		if (x > t->x_words && x + w > end)
			break;
		size_t leader = parts ? data_leader(parts + (best[i].pair - t->corpus->row[n]) * k, k) : share ? data_leader(share, k) : 0;
		struct style style = style_of(parts || share ? color_series((unsigned)leader) : COLOR_DEFAULT);
		x += canvas_put_clipped(c, x, y, end - x, style, word);
		if ((c->mono || c->glyphs == GLYPHS_ASCII) && parts && x + component_mark_width(c, k) <= end) {
			char mark[16];
			component_mark(mark, c, leader, k);
			x += canvas_put(c, x, y, style_of(COLOR_DIM), mark);
		}
		x += 1;
	}
}

static void draw_row(struct sheet *t, struct canvas *c, struct rect r, size_t n)
{
	const double *share = data_shares(t->s, n, &t->room);
	bool empty = t->corpus->length[n] == 0;
	canvas_put_right(c, r.x, r.y, NUMBER - 2, style_of(COLOR_DIM), number_count(n + 1).s);
	canvas_put_clipped(c, r.x + NUMBER, r.y, t->name, style_of(empty ? COLOR_DIM : COLOR_DEFAULT), t->corpus->name[n]);
	if (empty) {
		canvas_put_clipped(c, t->x_bar, r.y, r.x + r.w - t->x_bar, style_of(COLOR_WARN), "empty: counts zero");
		return;
	}
	if (share && t->bar > 0)
		share_bar(c, (struct rect){t->x_bar, r.y, t->bar, 1}, share, t->s->problem->layout.components);
	if (t->words > 2)
		draw_words(t, c, r.y, n, share);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct sheet t = sheet_of(ui, pic, r);
	size_t n = t.corpus->docs;
	data_head(c, &r, pic, "shares, and the words each has more of than the others, coloured by component");
	data_foot(ui, c, &r, pic);
	size_t from = data_items(ui, pic, r, 1, r.w, 1);
	for (int y = 0; y < r.h && from + (size_t)y < n; y++) {
		struct rect row = {r.x, r.y + y, r.w - 2, 1};
		draw_row(&t, c, row, from + (size_t)y);
		if (from + (size_t)y == ui->document)
			list_highlight(c, row, true);
	}
	canvas_scrollbar(c, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, style_of(COLOR_DIM), from, (size_t)r.h, n);
	free(t.room);
	free(t.parts);
}

const struct data_picture data_rows = {draw, NULL};
