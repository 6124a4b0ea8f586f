/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Somebody else's run: an LDA-C result against the bound as it is computed here, and the verdict on any trace of an objective. */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/number.h"
#include "base/text.h"
#include "command/verbs.h"
#include "elbow/corpus.h"
#include "elbow/run.h"

/* Of a bound they printed with ten decimals from sums in another order; and of one whose q was not quite settled. */
#define SAME 1e-6

/* ---- numbers in text files ---- */

/* Rows of numbers, [rows][columns]; columns: of the first row, and every other has as many (0: any). */
struct table {
	double *v;
	size_t rows, columns, count, room;
};

static enum em_status put(struct table *t, double x, struct em_err *err)
{
	if (t->count == t->room) {
		size_t room = 2 * t->room + 1024;
		double *v = realloc(t->v, room * sizeof *v);
		if (!v)
			return em_no_memory(err);
		t->v = v;
		t->room = room;
	}
	t->v[t->count++] = x;
	return EM_OK;
}

static bool separates(char c)
{
	return c == ' ' || c == '\t' || c == ',' || c == ';' || c == '\r';
}

/* One line's numbers. */
static enum em_status read_line(const char *path, size_t line, const char *at, const char *end, struct table *t, struct em_err *err)
{
	size_t before = t->count;
	while (at < end) {
		char word[64], *stop;
		size_t n = 0;
		while (at < end && separates(*at))
			at++;
		while (at < end && !separates(*at) && n + 1 < sizeof word)
			word[n++] = *at++;
		word[n] = '\0';
		if (!n)
			break;
		double x = strtod(word, &stop);
		if (*stop || isnan(x)) {
			struct buf b = {0};
			text_safe(&b, word, strlen(word));
			enum em_status st = em_fail(err, EM_INPUT, "%s:%zu: \"%s\" is no number", path, line, b.s ? b.s : "");
			buf_free(&b);
			return st;
		}
		enum em_status st = put(t, x, err);
		if (st)
			return st;
	}
	size_t n = t->count - before;
	if (n == 0)
		return EM_OK;
	if (t->rows > 0 && n != t->columns)
		return em_fail(err, EM_INPUT, "%s:%zu: %zu number%s; the lines before have %zu", path, line, n, n == 1 ? "" : "s", t->columns);
	t->columns = n;
	t->rows++;
	return EM_OK;
}

static enum em_status read_table(const char *path, struct table *t, struct em_err *err)
{
	struct file_bytes f;
	*t = (struct table){0};
	enum em_status st = file_map(path, &f, err);
	if (st)
		return st;
	size_t line = 1;
	for (const char *at = f.bytes, *all = f.bytes + f.size; at < all && !st; line++) {
		const char *end = memchr(at, '\n', (size_t)(all - at));
		end = end ? end : all;
		st = read_line(path, line, at, end, t, err);
		at = end < all ? end + 1 : all;
	}
	file_unmap(&f);
	if (!st && t->rows == 0)
		st = em_fail(err, EM_INPUT, "%s: there is no number in it", path);
	if (st) {
		free(t->v);
		t->v = NULL;
	}
	return st;
}

/* ---- a trace ---- */

/* Cell `at` of a line: between delimiters, or, delimiter ' ', between blanks. False: there is none. */
static bool cell_of(const char *from, const char *end, char delimiter, size_t at, char *out, size_t size)
{
	for (;; at--) {
		const char *stop = from;
		while (delimiter == ' ' && from < end && separates(*from))
			from++;
		for (stop = from; stop < end && (delimiter == ' ' ? !separates(*stop) : *stop != delimiter);)
			stop++;
		if (at == 0) {
			while (from < stop && isspace((unsigned char)*from))
				from++;
			while (stop > from && isspace((unsigned char)stop[-1]))
				stop--;
			snprintf(out, size, "%.*s", (int)(stop - from < 100 ? stop - from : 100), from);
			return stop > from;
		}
		if (stop >= end)
			return false;
		from = delimiter == ' ' ? stop : stop + 1;
	}
}

static bool number_of(const char *text, double *out)
{
	char *stop;
	*out = strtod(text, &stop);
	return stop > text && *stop == '\0' && !isnan(*out);
}

/* The column with a known name in the first line, else the first. */
static size_t column_of(const char *from, const char *end, char delimiter)
{
	static const char *const known[] = {"elbo", "likelihood", "bound", "objective", "log_likelihood", "loglik", "ll"};
	char cell[128];
	for (size_t at = 0; cell_of(from, end, delimiter, at, cell, sizeof cell) || at == 0; at++)
		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			if (strcmp(known[i], cell) == 0)
				return at;
	return 0;
}

/* The objective, one value a line; a first line without a number is the header. */
static enum em_status read_trace(const char *path, struct table *t, size_t *column, struct em_err *err)
{
	struct file_bytes f;
	*t = (struct table){0};
	enum em_status st = file_map(path, &f, err);
	if (st)
		return st;
	size_t line = 1;
	char delimiter = ' ';
	for (const char *at = f.bytes, *all = f.bytes + f.size; at < all && !st; line++) {
		const char *end = memchr(at, '\n', (size_t)(all - at));
		char cell[128];
		double x;
		end = end ? end : all;
		if (line == 1) {
			delimiter = memchr(at, ',', (size_t)(end - at)) ? ',' : memchr(at, ';', (size_t)(end - at)) ? ';' : memchr(at, '\t', (size_t)(end - at)) ? '\t' : ' ';
			*column = column_of(at, end, delimiter);
		}
		bool there = cell_of(at, end, delimiter, *column, cell, sizeof cell);
		if (there && number_of(cell, &x)) {
			st = put(t, x, err);
		} else if (line > 1 && there) {
			struct buf b = {0};
			text_safe(&b, cell, strlen(cell));
			st = em_fail(err, EM_INPUT, "%s:%zu: \"%s\" is no number; column %zu is the objective", path, line, b.s ? b.s : "", *column + 1);
			buf_free(&b);
		} else if (line > 1 && end > at + (end > at && end[-1] == '\r')) {
			st = em_fail(err, EM_INPUT, "%s:%zu: nothing in column %zu, the objective", path, line, *column + 1);
		}
		at = end < all ? end + 1 : all;
	}
	file_unmap(&f);
	t->columns = 1;
	t->rows = t->count;
	if (!st && t->rows < 2)
		st = em_fail(err, EM_INPUT, "%s: %zu number%s: no trace; one a line, at least two", path, t->rows, t->rows == 1 ? "" : "s");
	if (st) {
		free(t->v);
		t->v = NULL;
	}
	return st;
}

static enum em_status verdict_of(const double *v, size_t n, size_t stride, double tolerance, struct em_verdict *out, size_t *falls,
                                 struct em_err *err)
{
	struct em_entry *e = calloc(n + 1, sizeof *e);
	if (!e)
		return em_no_memory(err);
	*falls = 0;
	for (size_t i = 0; i < n; i++) {
		e[i] = (struct em_entry){.step = i, .iteration = i, .phase = i ? EM_M : EM_INIT, .elbo = v[i * stride],
		                         .allowance = 1e-9 + 1e-12 * fabs(v[i * stride])};
		e[i].gain = i ? e[i].elbo - e[i - 1].elbo : NAN;
		e[i].decreased = i && e[i].gain < -e[i].allowance;
		*falls += e[i].decreased;
	}
	*out = em_verdict_on(e, n - 1, tolerance, "row");
	free(e);
	return EM_OK;
}

static enum em_status audit_trace(const struct cmd_call *c, const char *path, struct em_err *err)
{
	struct table t;
	struct em_verdict v;
	size_t falls, column = 0;
	struct buf b = {0};
	enum em_status st = read_trace(path, &t, &column, err);
	if (st)
		return st;
	const double *x = t.v;
	st = verdict_of(x, t.rows, 1, em_settings_number(c->picture->settings, "tolerance"), &v, &falls, err);
	if (!st) {
		buf_printf(&b, "%s values, from %s to %s (column %zu)\n", number_count(t.rows).s, number_fixed(x[0], 4).s,
		           number_fixed(x[t.rows - 1], 4).s, column + 1);
		if (falls)
			buf_printf(&b, "it falls %s times: no bound of EM does that; either it is none, or a step is wrong\n", number_count(falls).s);
		buf_printf(&b, "%s", v.text);
		if (isfinite(v.to_come))
			buf_printf(&b, "\nlimit by Aitken %s", number_fixed(x[t.rows - 1] + v.to_come, 6).s);
		c->front->print(c->front->self, b.s ? b.s : "out of memory");
		if (falls || v.kind == EM_DECREASED)
			st = em_fail(err, EM_BREACH, "%s: the objective falls", path);
	}
	buf_free(&b);
	free(t.v);
	return st;
}

/* ---- an LDA-C result ---- */

struct result {
	struct table beta, gamma, likelihood;
	double alpha;
	char path[4][1100];
};

/* "num_topics 3", "num_terms 100", "alpha 0.1" */
static enum em_status read_other(const char *path, double *alpha, struct em_err *err)
{
	struct file_bytes f;
	enum em_status st = file_map(path, &f, err);
	if (st)
		return st;
	char *text = strndup(f.bytes, f.size), *stop = NULL;
	file_unmap(&f);
	const char *at = text ? strstr(text, "alpha") : NULL;
	*alpha = at ? strtod(at + 5, &stop) : NAN;
	free(text);
	return *alpha > 0 && isfinite(*alpha) ? EM_OK : em_fail(err, EM_INPUT, "%s: no positive alpha; a line \"alpha NUMBER\" is needed", path);
}

static void close_result(struct result *r)
{
	free(r->beta.v);
	free(r->gamma.v);
	free(r->likelihood.v);
}

static enum em_status open_result(const char *dir, struct result *r, struct em_err *err)
{
	static const char *const names[] = {"final.beta", "final.gamma", "final.other", "likelihood.dat"};
	*r = (struct result){.alpha = NAN};
	for (int i = 0; i < 4; i++)
		snprintf(r->path[i], sizeof r->path[i], "%s/%s", dir, names[i]);
	enum em_status st = read_table(r->path[0], &r->beta, err);
	if (!st)
		st = read_table(r->path[1], &r->gamma, err);
	if (!st)
		st = read_other(r->path[2], &r->alpha, err);
	if (!st)
		st = read_table(r->path[3], &r->likelihood, err);
	if (!st && r->beta.rows != r->gamma.columns)
		st = em_fail(err, EM_INPUT, "%s has %zu topics, %s %zu", r->path[0], r->beta.rows, r->path[1], r->gamma.columns);
	if (st)
		close_result(r);
	return st;
}

static double *aligned_room(size_t n)
{
	double *v = aligned_alloc(64, (n * sizeof *v + 64) / 64 * 64);
	if (v)
		memset(v, 0, n * sizeof *v);
	return v;
}

/* theta and q in the layout of the problem; rows of topics are scaled to sum to 1 (theirs do to six digits), *off: how far they were. */
static enum em_status fill(const struct result *r, const struct em_problem *p, double **theta, double **q, double *off, struct em_err *err)
{
	const struct em_layout *l = &p->layout;
	const struct em_array *alpha = l->theta, *topics = l->theta + 1, *gamma = l->q;
	*theta = aligned_room(l->theta_size);
	*q = aligned_room(l->observations * l->q_stride);
	if (!*theta || !*q)
		return em_no_memory(err);
	for (size_t k = 0; k < r->beta.rows; k++) {
		double sum = 0;
		(*theta)[alpha->offset + k * alpha->stride[0]] = r->alpha;
		for (size_t v = 0; v < r->beta.columns; v++)
			sum += exp(r->beta.v[k * r->beta.columns + v]);
		*off = fmax(*off, fabs(sum - 1));
		if (!(fabs(sum - 1) < 0.01))
			return em_fail(err, EM_INPUT, "%s:%zu: the exponentials sum to %g; those of a topic's log probabilities sum to 1", r->path[0], k + 1, sum);
		for (size_t v = 0; v < r->beta.columns; v++)
			(*theta)[topics->offset + k * topics->stride[0] + v * topics->stride[1]] = exp(r->beta.v[k * r->beta.columns + v]) / sum;
	}
	for (size_t d = 0; d < r->gamma.rows; d++)
		for (size_t k = 0; k < r->gamma.columns; k++)
			(*q)[gamma->offset + d * gamma->stride[0] + k * gamma->stride[1]] = r->gamma.v[d * r->gamma.columns + k];
	return EM_OK;
}

static enum em_status problem_of(const struct cmd_call *c, const struct result *r, struct em_problem *p, struct em_settings **settings,
                                 struct em_err *err)
{
	char k[32];
	static const char *const plain[][2] = {{"e_step", "variational"}, {"eta", "0"}, {"alpha_update", "fixed"}, {"e_start", "warm"}, {"bug", "none"},
	                                       {"accelerate", "none"}};
	const struct em_model *m = em_model_named("lda");
	const struct em_setting_table *tables[] = {m->settings, &em_run_settings};
	const struct em_corpus *corpus = c->picture->corpus;
	if (!corpus)
		return em_fail(err, EM_USAGE, "audit: open the corpus first that the result was fitted to");
	if (corpus->docs != r->gamma.rows || corpus->terms != r->beta.columns)
		return em_fail(err, EM_INPUT, "the result is of %zu documents and %zu terms; what is open has %zu and %zu (an .ldac file is read as it is)",
		               r->gamma.rows, r->beta.columns, corpus->docs, corpus->terms);
	*settings = em_settings_rebase(c->picture->settings, tables, 2);
	if (!*settings)
		return em_no_memory(err);
	snprintf(k, sizeof k, "%zu", r->beta.rows);
	enum em_status st = em_settings_put(settings, "components", k, err);
	for (size_t i = 0; i < sizeof plain / sizeof plain[0] && !st; i++)
		st = em_settings_put(settings, plain[i][0], plain[i][1], err);
	*p = (struct em_problem){.model = m, .data = c->picture->data, .settings = *settings};
	return st ? st : m->layout(p->data, *settings, &p->layout, err);
}

static void say_terms(struct buf *b, const struct em_problem *p, const struct em_entry *e)
{
	for (size_t i = 0; i < p->layout.terms; i++)
		buf_printf(b, "  %-16s %*s%s\n", p->model->terms[i].name, 16 - (int)text_width(number_fixed(e->terms[i], 4).s), "",
		           number_fixed(e->terms[i], 4).s);
}

/* What the run says of theirs; true where it is to be believed. */
static bool judge(struct buf *b, const struct result *r, const struct em_entry e[4], double off, const struct em_verdict *v, size_t falls)
{
	size_t n = r->likelihood.rows, columns = r->likelihood.columns;
	double said = r->likelihood.v[(n - 1) * columns], gap = e[0].elbo - said, size = 1 + fabs(said), e_gain = e[1].gain, more = e[2].elbo - e[0].elbo;
	bool numbers = gap > -SAME * size && gap < 1e-3 * size, stop = v->kind == EM_CONVERGED && e_gain < 1e-4 * size;
	buf_printf(b, "their bound, last line  %s\n", number_fixed(said, 4).s);
	buf_printf(b, "bound of final.*        %s (%s)\n", number_fixed(e[0].elbo, 4).s, number_signed(gap, 4).s);
	if (off > 1e-4)
		buf_printf(b, "rows of final.beta are off 1 by up to %s\n", number_short(off, 2).s);
	if (gap < -SAME * size)
		buf_puts(b, "NOT to be believed: final.beta and final.gamma give less than the bound they print; an M-step after it can only have raised it\n");
	else if (!numbers)
		buf_puts(b, "NOT to be believed: final.* gives far more than the bound they print; these files do not belong together, or the bound lacks a term\n");
	else
		buf_puts(b, "its numbers are to be believed: the last M-step came after the last line, and the bound rose by that\n");
	if (falls)
		buf_printf(b, "their bound falls in %s of %s lines (LDA-C begins each E-step cold)\n", number_count(falls).s, number_count(n).s);
	buf_printf(b, "one more E-step, settled, raises the bound by %s; the M-step after it to %s in all\n", number_fixed(e_gain, 4).s, number_signed(more, 4).s);
	buf_printf(b, "its stop: %s\n", v->text);
	buf_puts(b, stop ? "the stop is to be believed" : "the stop is NOT to be believed: it is still moving");
	return numbers && stop;
}

static enum em_status audit_result(const struct cmd_call *c, const char *dir, struct em_err *err)
{
	struct result r;
	struct em_problem p;
	struct em_settings *settings = NULL;
	struct em_run *run = NULL;
	struct em_verdict v;
	struct em_entry e[4] = {{0}};
	double *theta = NULL, *q = NULL, off = 0;
	size_t falls = 0;
	struct buf b = {0};
	enum em_status st = open_result(dir, &r, err);
	if (st)
		return st;
	st = problem_of(c, &r, &p, &settings, err);
	if (!st)
		st = fill(&r, &p, &theta, &q, &off, err);
	if (!st)
		st = em_run_new(p.model, p.data, settings, NULL, &(struct em_given){theta, q, NULL}, NULL, &run, err);
	for (int i = 0; i < 3 && !st; i++) {
		e[i] = *em_run_entry(run);
		st = i < 2 ? em_run_step(run, EM_PHASE, NULL, err) : EM_OK;
	}
	if (!st)
		st = verdict_of(r.likelihood.v, r.likelihood.rows, r.likelihood.columns, em_settings_number(settings, "tolerance"), &v, &falls, err);
	if (!st) {
		buf_printf(&b, "%zu topics, alpha %s, %s documents, %s terms; bound by terms:\n", r.beta.rows, number_short(r.alpha, 6).s,
		           number_count(r.gamma.rows).s, number_count(r.beta.columns).s);
		say_terms(&b, &p, e);
		bool good = judge(&b, &r, e, off, &v, falls);
		c->front->print(c->front->self, b.s ? b.s : "out of memory");
		if (!good)
			st = em_fail(err, EM_BREACH, "%s: not to be believed as it stands", dir);
	}
	buf_free(&b);
	em_run_free(run);
	em_settings_release(settings);
	free(theta);
	free(q);
	close_result(&r);
	return st;
}

enum em_status verb_audit(const struct cmd_call *c, struct em_err *err)
{
	struct stat s;
	if (stat(c->argv[0], &s))
		return em_fail(err, EM_INPUT, "%s: there is no such file or folder", c->argv[0]);
	return S_ISDIR(s.st_mode) ? audit_result(c, c->argv[0], err) : audit_trace(c, c->argv[0], err);
}
