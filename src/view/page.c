/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/page.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "base/text.h"
#include "plot/ascii.h"
#include "view/arrays.h"

enum { GAP = 2 }; /* columns between the words of a document without text */

void page_free(struct page *p)
{
	if (!p)
		return;
	free(p->word);
	free(p->kept);
	free(p->line);
	free(p->interval);
	free(p);
}

static uint64_t mix(uint64_t hash, uint64_t x)
{
	hash = (hash ^ x) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

/* What the words of a document depend on, in 64 bits: another corpus may come to lie at the same address. */
static uint64_t print_of(const struct em_corpus *c, size_t d)
{
	struct em_text t = c->text ? c->text[d] : (struct em_text){0};
	uint64_t hash = mix(mix(mix(1, c->terms), c->has_text), t.length), last = 0;
	size_t n = t.bytes ? t.length : 0, at = 0;
	for (; at + 8 <= n; at += 8) {
		uint64_t part;
		memcpy(&part, t.bytes + at, 8);
		hash = mix(hash, part);
	}
	if (n > at)
		memcpy(&last, t.bytes + at, n - at);
	hash = mix(hash, last);
	for (size_t i = c->row[d]; i < c->row[d + 1]; i++)
		hash = mix(hash, (uint64_t)c->term[i] << 32 | c->count[i]);
	return hash;
}

static int by_term(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;
	return *x < *y ? -1 : *x > *y;
}

/* Pairs of a document sorted by term, for looking counts up (an LDA-C file may have them in any order). */
static uint32_t (*sorted_pairs(const struct em_corpus *c, size_t d, size_t *n))[2]
{
	*n = c->row[d + 1] - c->row[d];
	uint32_t (*pair)[2] = malloc((*n + 1) * sizeof *pair);
	for (size_t i = 0; pair && i < *n; i++) {
		pair[i][0] = c->term[c->row[d] + i];
		pair[i][1] = c->count[c->row[d] + i];
	}
	if (pair)
		qsort(pair, *n, sizeof *pair, by_term);
	return pair;
}

static bool take_tokens(struct page *p, const struct em_corpus *c, size_t d)
{
	struct em_token *token = NULL;
	size_t n = 0, pairs;
	uint32_t (*pair)[2] = sorted_pairs(c, d, &pairs);
	if (!pair || em_corpus_tokens(c, d, &token, &n, NULL)) {
		free(pair);
		return false;
	}
	p->word = malloc((n + 1) * sizeof *p->word);
	for (size_t i = 0; p->word && i < n; i++) {
		struct page_word w = {token[i].at, token[i].length, token[i].term, 0, token[i].rule == EM_KEPT};
		uint32_t (*hit)[2] = w.kept ? bsearch(&w.term, pair, pairs, sizeof *pair, by_term) : NULL;
		w.count = hit ? (*hit)[1] : 1;
		if (w.at <= c->text[d].length && w.length <= c->text[d].length - w.at)
			p->word[p->words++] = w;
	}
	free(pair);
	free(token);
	return p->word != NULL;
}

static int by_count(const void *a, const void *b)
{
	const struct page_word *x = a, *y = b;
	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

static bool take_pairs(struct page *p, const struct em_corpus *c, size_t d)
{
	size_t n = c->row[d + 1] - c->row[d];
	p->word = malloc((n + 1) * sizeof *p->word);
	if (!p->word)
		return false;
	for (size_t i = 0; i < n; i++)
		p->word[i] = (struct page_word){i, 0, c->term[c->row[d] + i], c->count[c->row[d] + i], true};
	p->words = n;
	qsort(p->word, n, sizeof *p->word, by_count);
	for (size_t i = 0; i < n; i++)
		p->word[i].at = 0;
	return true;
}

static struct page *read_page(const struct em_corpus *c, size_t d, uint64_t print)
{
	struct page *p = calloc(1, sizeof *p);
	if (!p)
		return NULL;
	p->document = d;
	p->print = print;
	p->hit = SIZE_MAX;
	bool ok = c->has_text ? take_tokens(p, c, d) : take_pairs(p, c, d);
	p->kept = ok ? malloc((p->words + 1) * sizeof *p->kept) : NULL;
	if (!p->kept) {
		page_free(p);
		return NULL;
	}
	for (size_t i = 0; i < p->words; i++)
		if (p->word[i].kept)
			p->kept[p->kept_n++] = i;
	return p;
}

/* ---- lines ---- */

/* Columns of the code point at s on a canvas with these glyphs, as the canvas draws it; its bytes in *length. */
static int columns_of(enum glyphs glyphs, const char *s, size_t n, size_t *length)
{
	struct text_char t;
	*length = text_next(s, n, &t);
	if (glyphs == GLYPHS_ASCII && t.code >= 0x80 && t.width > 0)
		return (int)strlen(ascii_of(t.code).s);
	return t.width;
}

static int span_columns(enum glyphs glyphs, const char *s, size_t n)
{
	int columns = 0;
	for (size_t at = 0, length; at < n; at += length)
		columns += columns_of(glyphs, s + at, n - at, &length);
	return columns;
}

static bool add_line(struct page *p, size_t from, size_t to)
{
	if (p->lines == p->room) {
		size_t room = p->room ? 2 * p->room : 64;
		struct page_line *more = realloc(p->line, room * sizeof *more);
		if (!more)
			return false;
		p->line = more;
		p->room = room;
	}
	p->line[p->lines++] = (struct page_line){from, to};
	return true;
}

/* The first word that ends behind byte `at`. */
static size_t word_after(const struct page *p, size_t at)
{
	size_t lo = 0, hi = p->words;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->word[mid].at + p->word[mid].length > at)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo;
}

static bool is_end(char ch)
{
	return ch == '\n' || ch == '\r';
}

static bool is_blank(char ch)
{
	return ch == ' ' || ch == '\t';
}

/* The end of the line that starts at `from`, with room for the marks of its words; *next is where the one after it starts. */
static size_t line_end(const struct page *p, size_t from, size_t *next)
{
	const char *s = p->text->bytes;
	size_t n = p->text->length, at = from, word = word_after(p, from), end = from, go_on = from;
	int used = 0;
	while (at < n && !is_end(s[at])) {
		if (is_blank(s[at])) {
			end = at;
			for (; at < n && is_blank(s[at]); at++)
				used++;
			go_on = at;
			continue;
		}
		size_t length;
		int columns = columns_of(p->glyphs, s + at, n - at, &length), wide = columns;
		while (word < p->words && p->word[word].at + p->word[word].length <= at)
			word++;
		if (word < p->words && p->word[word].kept && p->word[word].at + p->word[word].length == at + length)
			columns += p->mark;
		if (used + columns > p->width && at > from) {
			*next = go_on > from ? go_on : at; /* a long word is cut where the line is full */
			return end > from ? end : at;
		}
		used += columns;
		at += length;
		if (wide == 2)
			end = go_on = at; /* scripts without blanks */
	}
	*next = at < n ? at + (s[at] == '\r' && at + 1 < n && s[at + 1] == '\n' ? 2 : 1) : n;
	return at;
}

static bool lay_text(struct page *p)
{
	size_t n = p->text->bytes ? p->text->length : 0;
	for (size_t at = 0, next = 0; at < n; at = next) {
		size_t end = line_end(p, at, &next);
		bool empty = span_columns(p->glyphs, p->text->bytes + at, end - at) == 0;
		bool above = p->lines == 0 || p->line[p->lines - 1].from == p->line[p->lines - 1].to;
		if (empty && above) /* one blank line is enough */
			continue;
		if (!add_line(p, at, empty ? at : end))
			return false;
	}
	return true;
}

struct number page_times(const struct page_word *w)
{
	struct number out = {""};
	if (w->count != 1)
		snprintf(out.s, sizeof out.s, "×%u", w->count);
	return out;
}

/* Columns of a term, and in *tail those of its mark and its count. */
static int label_columns(const struct page *p, const struct picture *pic, const struct page_word *w, int *tail)
{
	const char *label = item_label(pic->run->problem, w->term), *times = page_times(w).s;
	int columns = span_columns(p->glyphs, label, strlen(label));
	*tail = p->mark + span_columns(p->glyphs, times, strlen(times));
	return columns < p->width - *tail ? columns : p->width - *tail > 1 ? p->width - *tail : 1;
}

static bool lay_bag(struct page *p, const struct picture *pic)
{
	size_t from = 0;
	int used = 0;
	for (size_t i = 0; i < p->kept_n; i++) {
		int tail, columns = label_columns(p, pic, &p->word[p->kept[i]], &tail) + tail;
		if (i > from && used + GAP + columns > p->width) {
			if (!add_line(p, from, i))
				return false;
			from = i;
		}
		used = i == from ? columns : used + GAP + columns;
	}
	return p->kept_n == 0 || add_line(p, from, p->kept_n);
}

struct page *page_of(struct ui *ui, const struct picture *pic, size_t document, int width, const struct canvas *c)
{
	if (!pic->corpus || document >= pic->corpus->docs)
		return NULL;
	uint64_t print = print_of(pic->corpus, document);
	struct page *p = ui->page;
	if (!p || p->document != document || p->print != print) {
		page_free(p);
		p = ui->page = read_page(pic->corpus, document, print);
	}
	if (!p)
		return NULL;
	p->text = &pic->corpus->text[document];
	int mark = component_mark_width(c, pic->run->problem->layout.components);
	if (p->laid && p->width == width && p->mark == mark && p->glyphs == c->glyphs)
		return p;
	p->width = width > 0 ? width : 1;
	p->mark = mark;
	p->glyphs = c->glyphs;
	p->lines = 0;
	p->laid = pic->corpus->has_text ? lay_text(p) : lay_bag(p, pic);
	p->laid &= width > 0;
	return p;
}

/* ---- pieces of a line ---- */

static size_t add_run(struct page_run *out, size_t n, struct page_run run)
{
	if (n < PAGE_RUNS)
		out[n++] = run;
	return n;
}

static size_t runs_of_bag(const struct page *p, const struct picture *pic, struct page_line line, struct page_run *out)
{
	size_t n = 0;
	int x = 0;
	for (size_t i = line.from; i < line.to && i < p->kept_n; i++) {
		int tail, columns = label_columns(p, pic, &p->word[p->kept[i]], &tail);
		n = add_run(out, n, (struct page_run){x, columns, 0, 0, p->kept[i], true});
		x += columns + tail + GAP;
	}
	return n;
}

size_t page_runs(const struct page *p, const struct picture *pic, const struct canvas *c, size_t i,
                 struct page_run out[PAGE_RUNS])
{
	(void)c;
	if (i >= p->lines)
		return 0;
	struct page_line line = p->line[i];
	if (!p->text->bytes)
		return runs_of_bag(p, pic, line, out);
	size_t n = 0, word = word_after(p, line.from);
	int x = 0;
	for (size_t at = line.from; at < line.to;) {
		while (word < p->words && p->word[word].at + p->word[word].length <= at)
			word++;
		const struct page_word *w = word < p->words ? &p->word[word] : NULL;
		bool inside = w && w->at <= at;
		size_t end = !w ? line.to : inside ? w->at + w->length : w->at;
		size_t to = end < line.to ? end : line.to;
		struct page_run run = {x, span_columns(p->glyphs, p->text->bytes + at, to - at), at, to - at,
		                       inside ? word : SIZE_MAX, inside && to == end};
		n = add_run(out, n, run);
		x += run.width + (run.ends && w->kept ? p->mark : 0);
		at = to;
	}
	return n;
}

int page_columns(const struct page *p, size_t at, size_t n)
{
	return span_columns(p->glyphs, p->text->bytes + at, n);
}

size_t page_line_of(const struct page *p, size_t i)
{
	if (i >= p->kept_n || p->lines == 0)
		return 0;
	const struct page_word *w = &p->word[p->kept[i]];
	size_t place = p->text->bytes ? w->at + (w->length ? w->length - 1 : 0) : i, lo = 0, hi = p->lines;
	while (hi - lo > 1) { /* the last line that starts at or before it */
		size_t mid = lo + (hi - lo) / 2;
		if (p->line[mid].from <= place)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

int page_column(const struct page *p, const struct picture *pic, const struct canvas *c, size_t i)
{
	struct page_run run[PAGE_RUNS];
	size_t n = i < p->kept_n ? page_runs(p, pic, c, page_line_of(p, i), run) : 0;
	for (size_t j = 0; j < n; j++)
		if (run[j].word == p->kept[i])
			return run[j].x;
	return 0;
}

/* The place of a word among the kept ones. */
static size_t kept_index(const struct page *p, size_t word)
{
	if (!p->text->bytes) { /* every word is kept and they stand in order */
		return word;
	}
	size_t lo = 0, hi = p->kept_n;
	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		if (p->kept[mid] < word)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

size_t page_nearest(const struct page *p, const struct picture *pic, const struct canvas *c, size_t line, int x)
{
	struct page_run run[PAGE_RUNS];
	size_t best = p->kept_n;
	int least = 0;
	size_t n = page_runs(p, pic, c, line, run);
	for (size_t j = 0; j < n; j++) {
		if (run[j].word == SIZE_MAX || !p->word[run[j].word].kept)
			continue;
		int end = run[j].x + run[j].width + (run[j].ends ? p->mark : 0) - 1;
		int far = x < run[j].x ? run[j].x - x : x > end ? x - end : 0;
		if (best == p->kept_n || far < least) {
			best = kept_index(p, run[j].word);
			least = far;
		}
	}
	return best;
}

struct page_interval page_interval_of(struct page *p, size_t k, size_t n, double gamma, double sum)
{
	struct page_interval fresh = {gamma, sum, 0, 1};
	if (p->intervals != n) {
		free(p->interval);
		p->interval = calloc(n + 1, sizeof *p->interval);
		p->intervals = p->interval ? n : 0;
	}
	if (k < p->intervals && p->interval[k].gamma == gamma && p->interval[k].sum == sum)
		return p->interval[k];
	if (sum > gamma && gamma > 0) { /* of a single component the share is 1 */
		fresh.lo = special_beta_quantile(0.05, gamma, sum - gamma);
		fresh.hi = special_beta_quantile(0.95, gamma, sum - gamma);
	} else
		fresh.lo = 1;
	if (k < p->intervals)
		p->interval[k] = fresh;
	return fresh;
}
