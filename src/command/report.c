/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/report.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"

static void right(struct buf *b, int width, const char *s)
{
	for (int pad = width - (int)text_width(s); pad > 0; pad--)
		buf_putc(b, ' ');
	buf_puts(b, s);
}

/* With the ELBO's decimals while they show anything. */
static struct number change(double x)
{
	if (isnan(x))
		return (struct number){""};
	struct number small = number_short(x, 2), out = number_signed(x, 4);
	if (x != 0 && fabs(x) < 1e-4)
		snprintf(out.s, sizeof out.s, "%s%.*s", x > 0 ? "+" : "", (int)sizeof out.s - 2, small.s);
	return out;
}

enum { NUMBERS = 4 }; /* columns of the ledger: ELBO, change, log p, KL */

/* log p or KL: an estimate is never a plain number. */
static struct number about(const struct em_entry *e, double x)
{
	return e->evidence == EM_EVIDENCE_ESTIMATE ? number_about(number_fixed(x, 4), e->doubtful > 0) : number_fixed(x, 4);
}

static void ledger_numbers(const struct em_entry *e, struct number out[NUMBERS])
{
	out[0] = number_fixed(e->elbo, 4);
	out[1] = change(e->gain);
	out[2] = about(e, e->log_evidence);
	out[3] = about(e, e->kl);
}

static void ledger_row(struct buf *b, const struct em_entry *e, const int width[NUMBERS])
{
	char first[32];
	struct number x[NUMBERS];
	ledger_numbers(e, x);
	snprintf(first, sizeof first, "%6zu %5zu  %-5s", e->step, e->iteration, em_entry_name(e));
	buf_puts(b, first);
	for (size_t i = 0; i < NUMBERS; i++)
		right(b, width[i], x[i].s);
	buf_puts(b, e->decreased ? "  fell\n" : "\n");
}

/* Wider than usual where a number needs it. */
static void ledger_head(struct buf *b, const struct em_snapshot *s, size_t head, size_t tail, int width[NUMBERS])
{
	static const char *const title[NUMBERS] = {"ELBO", "change", "log p(X|θ)", "KL"};
	static const int usual[NUMBERS] = {15, 14, 15, 12};
	memcpy(width, usual, sizeof usual);
	for (size_t i = 0; i <= s->position; i++) {
		struct number x[NUMBERS];
		if (i >= head && i < tail)
			continue;
		ledger_numbers(s->ledger + i, x);
		for (size_t j = 0; j < NUMBERS; j++)
			width[j] = (int)text_width(x[j].s) + 2 > width[j] ? (int)text_width(x[j].s) + 2 : width[j];
	}
	buf_puts(b, "  step  iter  phase");
	for (size_t j = 0; j < NUMBERS; j++)
		right(b, width[j], title[j]);
	buf_putc(b, '\n');
}

void report_ledger(struct buf *b, const struct em_snapshot *s, size_t most)
{
	size_t n = s->position + 1, head = n, tail = n;
	if (n > most && most >= 4) {
		head = most / 2;
		tail = n - (most - most / 2);
	}
	const struct em_entry *last = s->ledger + s->position;
	int width[NUMBERS];
	ledger_head(b, s, head, tail, width);
	for (size_t i = 0; i < n; i++) {
		if (i == head && tail > head) {
			buf_printf(b, "         ... %s more steps; `export trace FILE` writes them all\n",
			           number_count(tail - head).s);
			i = tail;
		}
		ledger_row(b, s->ledger + i, width);
	}
	if (last->evidence == EM_EVIDENCE_ESTIMATE)
		buf_printf(b, "(nats; ~ marks estimates, those of step %zu ± %s%s)\n", last->step, number_short(2 * last->log_evidence_se, 2).s,
		           last->doubtful ? "; with ? in doubt" : "");
	else
		buf_printf(b, "(nats; log p and KL are %s)\n",
		           last->evidence == EM_EVIDENCE_EXACT ? "exact" : s->problem->model->global ? "unknown: an integral over all topics"
		                                                 : "unknown: the exact sum costs more than evidence_budget allows");
}

/* A blank is a symbol too. */
static void put_label(struct buf *b, const char *label)
{
	if (strcmp(label, " ") == 0)
		buf_puts(b, "(blank)");
	else
		text_safe(b, label, strlen(label));
}

void report_components(struct buf *b, const struct em_snapshot *s, size_t words)
{
	const struct em_problem *p = s->problem;
	struct em_item item[64];
	double total = 0;
	for (size_t k = 0; s->mass && k < p->layout.components; k++)
		total += s->mass[k];
	for (size_t k = 0; k < p->layout.components; k++) {
		bool terms = p->model->picture == EM_PICTURE_TERMS;
		size_t n = p->model->describe(p, s->theta, k, item, words < 64 ? words : 64);
		char warning[240];
		buf_printf(b, "%s %*zu", p->model->component, p->layout.components > 9 ? 3 : 1, k + 1);
		if (s->mass && total > 0)
			buf_printf(b, " %5.1f %%", 100 * s->mass[k] / total);
		buf_puts(b, "  ");
		for (size_t i = 0; i < n; i++) {
			if (i)
				buf_puts(b, terms ? " " : ", ");
			put_label(b, item[i].label);
			if (!terms)
				buf_printf(b, " %s", number_short(item[i].weight, 6).s);
		}
		buf_putc(b, '\n');
		if (p->model->health && p->model->health(p, s->theta, k, warning, sizeof warning))
			buf_printf(b, "  ! %s\n", warning);
	}
}

void report_component(struct buf *b, const struct em_snapshot *s, size_t k, size_t words)
{
	struct em_item item[64];
	size_t n = s->problem->model->describe(s->problem, s->theta, k, item, words < 64 ? words : 64);
	buf_printf(b, "%s %zu", s->problem->model->component, k + 1);
	if (s->mass && s->problem->model->picture == EM_PICTURE_FACTORS)
		buf_printf(b, ": it gives the columns %s of their variance", number_short(s->mass[k], 4).s);
	else if (s->mass)
		buf_printf(b, ": %s %ss expected", number_fixed(s->mass[k], 1).s, em_model_unit(s->problem->model));
	buf_putc(b, '\n');
	for (size_t i = 0; i < n; i++) {
		buf_printf(b, "%4zu  %.6f  ", i + 1, item[i].weight);
		put_label(b, item[i].label);
		buf_putc(b, '\n');
	}
}

void report_document(struct buf *b, const struct em_snapshot *s, size_t n)
{
	const struct em_problem *p = s->problem;
	const struct em_obs *o = s->obs + n;
	char label[512];
	double length = em_data_length(p->data, n);
	em_data_label(p->data, n, label, sizeof label);
	buf_printf(b, "%s %zu: ", p->model->observation, n + 1);
	text_safe(b, label, strlen(label));
	buf_puts(b, "\n  ");
	if (!isnan(length))
		buf_printf(b, "%.0f %s, ", length, p->data->corpus ? "tokens" : "symbols");
	buf_printf(b, "%u sweeps%s; ELBO %s, ", o->sweeps, length == 0 ? ", empty" : o->capped ? ", at the limit" : "", number_fixed(o->elbo, 6).s);
	if (isnan(o->log_evidence) && !isnan(o->guess.log_p))
		buf_printf(b, "log p %s ± %s%s, KL %s (nats)\n", number_about(number_fixed(o->guess.log_p, 4), o->guess.doubtful).s,
		           number_short(2 * o->guess.se, 2).s, o->guess.doubtful ? ", doubtful" : "",
		           number_about(number_fixed(o->guess.log_p - o->elbo, 4), o->guess.doubtful).s);
	else
		buf_printf(b, "log p %s, KL %s (nats)\n", number_fixed(o->log_evidence, 6).s, number_fixed(o->kl, 6).s);
	const struct em_array *q = p->layout.q;
	double *share = calloc(p->layout.components + 1, sizeof *share);
	if (share && p->model->shares)
		p->model->shares(p, s->q + n * p->layout.q_stride, n, share);
	for (size_t k = 0; share && p->layout.q_arrays > 0 && q->rank == 2 && k < q->dim[1]; k++) {
		buf_printf(b, "  %s %-3zu %s %-12.6g", p->model->component, k + 1, q->name,
		           s->q[q->offset + n * q->stride[0] + k * q->stride[1]]);
		if (p->model->shares)
			buf_printf(b, " share %.4f", share[k]);
		buf_putc(b, '\n');
	}
	free(share);
}

/* True when the blank at i parts the thousands of a number. */
static bool inside_number(const char *text, size_t i)
{
	return i > 0 && text[i] == ' ' && text[i - 1] >= '0' && text[i - 1] <= '9' &&
	       strspn(text + i + 1, "0123456789") == 3;
}

/* Lines of at most 78 columns, numbers whole. */
static void wrapped(struct buf *b, const char *text)
{
	struct text_line line;
	size_t at = 0, n = strlen(text);
	while (text_wrap(text, n, 78, &at, &line)) {
		size_t end = line.end;
		while (end > line.start && (text[end] != ' ' || inside_number(text, end)))
			end--;
		if (inside_number(text, line.end) && end > line.start) {
			line.end = end;
			at = end + 1;
		}
		buf_add(b, text + line.start, line.end - line.start);
		buf_putc(b, '\n');
	}
}

/* Which number moved most, with as many indices as its array has. */
static void report_moved(struct buf *b, const struct em_layout *l, const struct em_entry *e)
{
	unsigned rank = 2;
	for (unsigned i = 0; i < l->theta_arrays; i++)
		rank = strcmp(l->theta[i].name, e->moved_array) == 0 ? l->theta[i].rank : rank;
	if (!(e->moved > 0))
		return;
	buf_printf(b, "moved most: %s", e->moved_array);
	for (unsigned i = 0; i < rank; i++)
		buf_printf(b, "[%zu]", e->moved_at[i] + 1);
	buf_printf(b, " by %.6g\n", e->moved);
}

void report_step(struct buf *b, const struct em_snapshot *s)
{
	const struct em_entry *e = s->ledger + s->position;
	char text[1200];
	em_snapshot_explain(s, text, sizeof text);
	wrapped(b, text);
	buf_printf(b, "log p(X|θ) %s = ELBO %s + KL %s (nats", about(e, e->log_evidence).s, number_fixed(e->elbo, 4).s, about(e, e->kl).s);
	if (e->evidence == EM_EVIDENCE_ESTIMATE)
		buf_printf(b, "; estimated, ± %s", number_short(2 * e->log_evidence_se, 2).s);
	if (e->evidence == EM_EVIDENCE_ESTIMATE && e->doubtful)
		buf_printf(b, ", %s of %s in doubt", number_count(e->doubtful).s, number_count(s->problem->layout.observations).s);
	buf_puts(b, ")\n");
	report_moved(b, &s->problem->layout, e);
}

void report_verdict(struct buf *b, const struct em_snapshot *s)
{
	wrapped(b, s->verdict.text);
}

char *report_ascii(const char *utf8)
{
	static const struct {
		const char *from, *to;
	} map[] = {{"θ", "theta"}, {"φ", "phi"}, {"γ", "gamma"}, {"α", "alpha"}, {"β", "beta"}, {"ψ", "psi"}, {"Σ", "sum"},
	           {"Π", "prod"},  {"−", "-"},   {"→", "->"},    {"∞", "inf"},   {"…", "..."},  {"‖", "||"},  {"∝", "~"},
	           {"·", "*"},     {"≥", ">="},  {"ₙ", "_n"},    {"’", "'"}};
	struct buf b = {0};
	while (*utf8) {
		size_t i = 0, n = sizeof map / sizeof map[0];
		while (i < n && strncmp(utf8, map[i].from, strlen(map[i].from)) != 0)
			i++;
		if (i < n) {
			buf_puts(&b, map[i].to);
			utf8 += strlen(map[i].from);
		} else if ((unsigned char)*utf8 < 0x80) {
			buf_putc(&b, *utf8++);
		} else {
			buf_putc(&b, '?');
			while (((unsigned char)*++utf8 & 0xc0) == 0x80)
				;
		}
	}
	return buf_take(&b);
}
