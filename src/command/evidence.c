/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * `evidence`: log p of all documents or of some, exact or estimated, with what it would cost told first. */
#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/text.h"
#include "command/verbs.h"
#include "elbow/corpus.h"

enum { DRAWS = 4000 };
#define LONG 600.0 /* predicted seconds that want a bang */

/* "3", "7-9", several between commas. False: it is none. */
static bool ranges_of(const char *text, size_t n, struct em_evidence_ask *w)
{
	for (; w->ranges < EM_RANGES; text++) {
		char *end;
		unsigned long from = strtoul(text, &end, 10), to = from;
		if (!isdigit((unsigned char)*text))
			return false;
		if (*end == '-') {
			text = end + 1;
			to = strtoul(text, &end, 10);
			if (!isdigit((unsigned char)*text))
				return false;
		}
		if (from < 1 || to < from || to > n || (*end && *end != ','))
			return false;
		w->range[w->ranges++] = (struct em_range){from - 1, to};
		if (!*end)
			return true;
		text = end;
	}
	return false;
}

static enum em_status draws_of(const char *text, size_t *out, struct em_err *err)
{
	char *end;
	double x = strtod(text, &end);
	if (*end || !(x >= 100 && x <= 1e7 && x == (double)(size_t)x))
		return em_fail(err, EM_USAGE, "evidence: \"%s\" is no number of draws from 100 to 10000000", text);
	*out = (size_t)x;
	return EM_OK;
}

/* [exact|estimate] [all|visible|DOCUMENTS] [draws N]; each once. */
static enum em_status parse(const struct cmd_call *c, size_t n, struct em_evidence_ask *w, struct em_err *err)
{
	const char *how = NULL, *which = NULL, *draws = NULL, **slot;
	*w = (struct em_evidence_ask){.samples = DRAWS, .change = true};
	for (int i = 0; i < c->argc; i++) {
		const char *word = c->argv[i];
		enum em_status st = EM_OK;
		bool whole = strcmp(word, "all") == 0 || strcmp(word, "visible") == 0; /* without a screen all are */
		if (strcmp(word, "exact") == 0 || strcmp(word, "estimate") == 0) {
			slot = &how;
			w->exact = word[1] == 'x';
		} else if (strcmp(word, "draws") == 0 && i + 1 < c->argc) {
			slot = &draws;
			st = draws_of(c->argv[++i], &w->samples, err);
		} else if (whole || (!which && ranges_of(word, n, w))) {
			slot = &which;
		} else if (which && isdigit((unsigned char)*word)) {
			return em_fail(err, EM_USAGE, "evidence: \"%s\" besides \"%s\"; several documents go between commas, as in 3,7-9", word, which);
		} else {
			return em_fail(err, EM_USAGE, "evidence: \"%s\" is none of exact, estimate, all, visible, cost, frame, split, draws N, or documents from 1 to %zu as in "
			               "3,7-9", word, n);
		}
		if (st)
			return st;
		if (*slot)
			return em_fail(err, EM_USAGE, "evidence: \"%s\" besides \"%s\"; one of them", word, *slot);
		*slot = word;
	}
	if (w->exact && draws)
		return em_fail(err, EM_USAGE, "evidence: exact takes no draws; evidence estimate does");
	if (w->ranges == 0) {
		w->ranges = 1;
		w->range[0] = (struct em_range){0, n};
	}
	return EM_OK;
}

static void say_time(struct buf *b, double seconds)
{
	if (seconds >= 7200)
		buf_printf(b, "%s hours", number_short(seconds / 3600, 2).s);
	else if (seconds >= 120)
		buf_printf(b, "%s minutes", number_short(seconds / 60, 2).s);
	else
		buf_printf(b, "%s s", number_short(seconds, 2).s);
}

/* ---- what it would cost ---- */

struct costs {
	size_t known, unknown, never;
	double sum;
	size_t of[4]; /* by method */
};

static const char *const methods[] = {"urn sum", "quadrature", "sum by topics", "none"};

static bool in_ranges(const struct em_evidence_ask *w, size_t n)
{
	for (size_t r = 0; r < w->ranges; r++)
		if (n >= w->range[r].from && n < w->range[r].to)
			return true;
	return false;
}

static struct costs costs_of(const struct em_snapshot *s, const struct em_evidence_ask *w)
{
	struct costs out = {0};
	for (size_t i = 0; i < s->problem->layout.observations; i++) {
		if (!in_ranges(w, i))
			continue;
		double cost = em_evidence_exact.cost(s->problem, i);
		if (!isnan(s->obs[i].log_evidence)) {
			out.known++;
			continue;
		}
		for (size_t m = 0; m < 4; m++)
			out.of[m] += strcmp(em_evidence_method(s->problem, i), methods[m]) == 0;
		out.unknown++;
		out.never += isinf(cost) ? 1 : 0;
		out.sum += isinf(cost) ? 0 : cost;
	}
	return out;
}

static void say_costs(struct buf *b, const struct costs *k)
{
	bool first = true;
	buf_printf(b, "exact log p of %s document%s: about ", number_count(k->unknown - k->never).s, k->unknown - k->never == 1 ? "" : "s");
	say_time(b, k->sum);
	buf_puts(b, " of one core predicted (");
	for (size_t m = 0; m < 3; m++)
		if (k->of[m]) {
			buf_printf(b, "%s%s %s", first ? "" : ", ", methods[m], number_count(k->of[m]).s);
			first = false;
		}
	buf_puts(b, first ? "none)" : ")");
	if (k->never)
		buf_printf(b, "; %s are out of reach", number_count(k->never).s);
}

/* The whole of a step, or these documents, by method, and what is dearest. */
static enum em_status cost_table(const struct cmd_call *c, const struct em_snapshot *s, const struct em_evidence_ask *w)
{
	struct buf b = {0};
	size_t n = s->problem->layout.observations, dearest = 0, asked = 0;
	size_t count[4] = {0}, within = 0;
	double sum[4] = {0}, most = 0, budget = em_settings_number(s->problem->settings, "evidence_budget");
	for (size_t i = 0; i < n; i++) {
		if (!in_ranges(w, i))
			continue;
		double cost = em_evidence_exact.cost(s->problem, i);
		asked++;
		for (size_t m = 0; m < 4; m++)
			if (strcmp(em_evidence_method(s->problem, i), methods[m]) == 0) {
				count[m]++;
				sum[m] += isinf(cost) ? 0 : cost;
			}
		within += cost <= budget;
		if (!isinf(cost) && cost > most) {
			most = cost;
			dearest = i;
		}
	}
	buf_puts(&b, "exact log p of one theta, predicted for one core\n");
	for (size_t m = 0; m < 3; m++)
		if (count[m]) {
			buf_printf(&b, "  %-14s %8s document%s  ", methods[m], number_count(count[m]).s, count[m] == 1 ? "" : "s");
			say_time(&b, sum[m]);
			buf_putc(&b, '\n');
		}
	if (count[3])
		buf_printf(&b, "  %-14s %8s document%s: estimates only\n", "out of reach", number_count(count[3]).s, count[3] == 1 ? "" : "s");
	buf_printf(&b, "within evidence_budget=%g s a document: %s of %s", budget, number_count(within).s, number_count(asked).s);
	if (most > 0) {
		buf_printf(&b, "; the dearest, document %s, ", number_count(dearest + 1).s);
		say_time(&b, most);
	}
	c->front->print(c->front->self, b.s ? b.s : "out of memory");
	buf_free(&b);
	return EM_OK;
}

enum em_status evidence_frame(const struct em_snapshot *s, const struct em_evidence_ask *ask, const struct em_hooks *h, char **out, struct em_err *err)
{
	enum { LINES = 40 };
	struct buf b = {0};
	struct em_stop stop = {h ? h->cancelled : NULL, h ? h->self : NULL};
	double below = 0, above = 0;
	size_t count = 0, done = 0;
	enum em_status st = EM_OK;
	for (size_t i = 0; i < s->problem->layout.observations; i++)
		count += in_ranges(ask, i) ? 1 : 0;
	for (size_t i = 0; i < s->problem->layout.observations && !st; i++) {
		struct em_document d;
		struct em_ceiling top;
		if (!in_ranges(ask, i))
			continue;
		if (!em_document_of(s->problem, s->theta, i, &d))
			st = em_fail(err, EM_USAGE, "evidence frame: it is for lda by mean field");
		else
			st = em_fold_in_bound(&d, s->q + i * s->problem->layout.q_stride, &stop, &top, err);
		if (st)
			break;
		below += s->obs[i].elbo;
		above += top.value;
		if (h && h->progress)
			h->progress(h->self, "bounds", ++done, count);
		if (count <= LINES)
			buf_printf(&b, "document %s: %s <= log p <= %s\n", number_count(i + 1).s, number_fixed(s->obs[i].elbo, 4).s,
			           number_fixed(top.value, 4).s);
	}
	if (!st)
		buf_printf(&b, "%s document%s: %s (ELBO) <= log p <= %s (fold-in bound), %s nats apart", number_count(count).s, count == 1 ? "" : "s",
		           number_fixed(below, 4).s, number_fixed(above, 4).s, number_short(above - below, 4).s);
	*out = !st && b.len ? buf_take(&b) : NULL;
	buf_free(&b);
	return st;
}

void evidence_parts(const struct em_run_parts *x, char *out, size_t size)
{
	if (x->unknown)
		snprintf(out, size, "the price of independence is %s ± %s of KL; of %s documents log p is unknown", number_fixed(x->price, 2).s,
		         number_short(2 * x->se, 1).s, number_count(x->unknown).s);
	else
		snprintf(out, size, "KL %s = %s of q(θ) + %s%s%s, the price of independence; most in document %zu, %s",
		         number_fixed(x->theta + x->price, 2).s, number_fixed(x->theta, 2).s, number_fixed(x->price, 2).s, x->se > 1e-3 ? " ± " : "",
		         x->se > 1e-3 ? number_short(2 * x->se, 1).s : "", x->dearest + 1, number_fixed(x->dearest_price, 2).s);
}

static enum em_status frame(const struct cmd_call *c, const struct em_evidence_ask *w, struct em_err *err)
{
	enum em_status st = c->front->submit(c->front->self, &(struct job){.kind = JOB_FRAME, .ask = *w}, err);
	const struct picture *after = session_picture(c->front->session);
	if (!st && after->said)
		c->front->print(c->front->self, after->said);
	picture_release(after);
	return st;
}

static enum em_status split(const struct cmd_call *c, struct em_err *err)
{
	char text[320];
	enum em_status st = c->front->submit(c->front->self, &(struct job){.kind = JOB_SPLIT}, err);
	const struct picture *after = session_picture(c->front->session);
	if (!st && after->split) {
		evidence_parts(&after->parts, text, sizeof text);
		c->front->print(c->front->self, text);
	}
	picture_release(after);
	return st;
}

enum em_status verb_evidence(const struct cmd_call *c, struct em_err *err)
{
	const struct em_snapshot *s = c->picture->run;
	struct em_evidence_ask w;
	if (!s)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	for (int i = 0; i < c->argc; i++)
		if (c->front->has_screen && strcmp(c->argv[i], "visible") == 0) { /* the screen knows which: it comes back with their numbers */
			char *argv[8] = {(char *)(uintptr_t)(c->bang ? "visible!" : "visible")};
			for (int j = 0; j < c->argc && j < 7; j++)
				argv[j + 1] = c->argv[j];
			return c->front->ui(c->front->self, 1 + (c->argc < 7 ? c->argc : 7), argv, err);
		}
	if (c->argc == 1 && strcmp(c->argv[0], "split") == 0)
		return split(c, err);
	bool cost = c->argc && strcmp(c->argv[0], "cost") == 0, framed = c->argc && strcmp(c->argv[0], "frame") == 0;
	struct cmd_call rest = *c;
	rest.argc -= cost || framed;
	rest.argv += cost || framed;
	enum em_status st = parse(&rest, s->problem->layout.observations, &w, err);
	if (st)
		return st;
	if ((cost || w.exact) && (s->problem->model->exact || s->problem->model->global || !s->problem->data->corpus))
		return em_fail(err, EM_USAGE, "there is no exact method of log p for %s; %s", s->problem->model->title,
		               s->problem->model->exact ? "every step has it already" : "it is an integral over the topics too");
	if (cost)
		return cost_table(c, s, &w);
	if (framed)
		return frame(c, &w, err);
	if (w.exact) {
		struct costs k = costs_of(s, &w);
		struct buf b = {0};
		say_costs(&b, &k);
		if (k.unknown == 0)
			c->front->print(c->front->self, "log p of these is known exactly");
		else if (k.unknown == k.never)
			st = em_fail(err, EM_USAGE, "evidence exact: all %s are out of reach; evidence estimate", number_count(k.never).s);
		else if (k.sum > LONG && !c->bang)
			st = em_fail(err, EM_USAGE, "%s; evidence! exact does it all the same", b.s ? b.s : "too long");
		else if (b.s)
			c->front->print(c->front->self, b.s);
		buf_free(&b);
		if (st || k.unknown == 0)
			return st;
	}
	return c->front->submit(c->front->self, &(struct job){.kind = JOB_EVIDENCE, .ask = w}, err);
}
