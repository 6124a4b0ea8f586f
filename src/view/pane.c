/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/pane.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/command.h"

/* The blank between two groups of digits, "37 118", is no place to break a line. */
static bool inside_number(const char *text, const char *blank)
{
	return blank > text && isdigit((unsigned char)blank[-1]) && isdigit((unsigned char)blank[1]) &&
	       isdigit((unsigned char)blank[2]) && isdigit((unsigned char)blank[3]) && !isdigit((unsigned char)blank[4]);
}

static size_t word_length(const char *text, const char *at)
{
	size_t n = 0;
	while (at[n] && at[n] != '\n' && (at[n] != ' ' || inside_number(text, at + n)))
		n++;
	return n;
}

bool pane_next_line(const struct canvas *c, const char *text, const char **at, int width, char line[PANE_LINE])
{
	size_t used = 0;
	const char *s = *at;
	if (!*s)
		return false;
	line[0] = '\0';
	for (;;) {
		const char *blank = s;
		while (*s == ' ')
			s++;
		size_t gap = used ? (size_t)(s - blank) : 0, word = word_length(text, s);
		if (word == 0)
			break;
		if (used + gap + word >= PANE_LINE)
			word = used ? 0 : PANE_LINE - 1;
		char trial[PANE_LINE];
		snprintf(trial, sizeof trial, "%.*s%*s%.*s", (int)used, line, (int)gap, "", (int)word, s);
		if (word == 0 || canvas_width(c, trial) > width) {
			if (used) {
				*at = s;
				return true;
			}
			word = text_fit(s, word, (size_t)(width > 0 ? width : 1)); /* one long word: cut it */
			snprintf(line, PANE_LINE, "%.*s", (int)(word ? word : 1), s);
			*at = s + (word ? word : 1);
			return true;
		}
		memcpy(line, trial, sizeof trial);
		used = strlen(line);
		s += word;
	}
	*at = *s == '\n' ? s + 1 : s;
	return true;
}

int pane_rows(const struct canvas *c, int width, const char *utf8)
{
	char line[PANE_LINE];
	int rows = 0;
	for (const char *at = utf8; pane_next_line(c, utf8, &at, width, line);)
		rows++;
	return rows;
}

int pane_text(struct canvas *c, struct rect r, struct style style, const char *utf8)
{
	char line[PANE_LINE + 8];
	int row = 0;
	const char *at = utf8;
	while (row < r.h && pane_next_line(c, utf8, &at, r.w, line)) {
		if (row == r.h - 1 && *at) { /* the last row there is, and more text */
			size_t n = strlen(line);
			snprintf(line + n, sizeof line - n, " …");
		}
		canvas_put_clipped(c, r.x, r.y + row++, r.w, style, line);
	}
	return row;
}

struct number pane_change_at(double x, int decimals)
{
	struct number out;
	if (x == 0)
		return (struct number){"0"};
	if (!isfinite(x) || fabs(x) >= 0.5 * pow(10, -decimals))
		return number_signed(x, decimals);
	/* too small for the column, but not nothing */
	if (fabs(x) >= 1e-6)
		return number_signed(x, 6);
	snprintf(out.s, sizeof out.s, "%s%.0e", x < 0 ? "−" : "+", fabs(x));
	return out;
}

struct number pane_change(double x)
{
	return pane_change_at(x, pane_decimals(x));
}

int pane_decimals(double x)
{
	double size = fabs(x);
	return !isfinite(x) || size >= 10 ? 1 : size >= 0.1 ? 3 : 6;
}

struct number pane_step(const struct em_entry *e)
{
	struct number out;
	if (e->phase == EM_INIT)
		return (struct number){"start"};
	if (e->phase == EM_EDIT)
		return (struct number){"your edit"};
	bool m = e->phase == EM_M || e->phase == EM_M_PART, part = e->phase == EM_E_PART || e->phase == EM_M_PART;
	snprintf(out.s, sizeof out.s, "%s%c %zu", part ? "part of " : "", e->leap ? 'S' : m ? 'M' : 'E', e->iteration);
	return out;
}

struct number pane_short_step(const struct em_entry *e)
{
	struct number out = {"start"};
	if (e->phase != EM_INIT)
		snprintf(out.s, sizeof out.s, "%s %zu", em_entry_name(e), e->iteration);
	return out;
}

struct number pane_known(const struct em_entry *e)
{
	struct number out = {"unknown"};
	if (e->evidence == EM_EVIDENCE_EXACT)
		return (struct number){"exact"};
	if (e->evidence == EM_EVIDENCE_ESTIMATE)
		snprintf(out.s, sizeof out.s, "estimate ± %.20s", number_short(2 * e->log_evidence_se, 2).s);
	size_t n = strlen(out.s);
	if (e->evidence == EM_EVIDENCE_ESTIMATE && e->doubtful)
		snprintf(out.s + n, sizeof out.s - n, ", %.12s doubtful", number_count(e->doubtful).s);
	return out;
}

struct number pane_about(const struct em_entry *e, double x, int decimals)
{
	struct number out = number_fixed(x, decimals);
	return e->evidence == EM_EVIDENCE_ESTIMATE ? number_about(out, e->doubtful > 0) : out;
}

bool pane_log_p_moved(const struct em_snapshot *s, size_t step, struct pane_moved *out)
{
	const struct em_entry *now = s->ledger + step, *old = step ? now - 1 : NULL;
	if (!old || (now->phase != EM_M && now->phase != EM_M_PART))
		return false;
	if (now->evidence == EM_EVIDENCE_EXACT && old->evidence == EM_EVIDENCE_EXACT)
		*out = (struct pane_moved){now->log_evidence - old->log_evidence, 0, now->log_evidence - old->log_evidence < -now->allowance};
	else
		*out = (struct pane_moved){now->log_p_change, now->log_p_change_se, now->log_p_change < -3 * now->log_p_change_se};
	return !isnan(out->change);
}

const char *pane_key(const char *context, const char *line)
{
	const char *general = "";
	for (size_t i = 0; cmd_key_at(i); i++) {
		const struct cmd_key *k = cmd_key_at(i);
		if (strcmp(k->line, line) != 0)
			continue;
		if (strcmp(k->context, context) == 0)
			return k->key;
		if (!k->context[0] && !general[0])
			general = k->key;
	}
	return general;
}

bool pane_cell(const struct view_call *call, int *x, int *y)
{
	if (call->argc < 2 || !isdigit((unsigned char)call->argv[0][0]) || !isdigit((unsigned char)call->argv[1][0]))
		return false;
	*x = atoi(call->argv[0]);
	*y = atoi(call->argv[1]);
	return true;
}

size_t pane_count(const struct view_call *call)
{
	long n = call->argc > 0 ? strtol(call->argv[0], NULL, 10) : 1;
	return n > 0 ? (size_t)n : 1;
}

/* Which of the observations log p is exact of, and which estimates are in doubt. */
static void say_estimated(const struct em_snapshot *s, char *out, size_t size)
{
	size_t n = s->problem->layout.observations, exact = 0, guessed = 0, doubtful = 0;
	const char *one = s->problem->model->observation;
	for (size_t i = 0; i < n; i++) {
		bool known = !isnan(s->obs[i].log_evidence), guess = !known && !isnan(s->obs[i].guess.log_p);
		exact += known ? 1 : 0;
		guessed += guess ? 1 : 0;
		doubtful += guess && s->obs[i].guess.doubtful ? 1 : 0;
	}
	if (!guessed) {
		snprintf(out, size, "log p(X|θ) was estimated at this θ; evidence estimates it again.");
		return;
	}
	int k = snprintf(out, size, "log p(X|θ): %s exact, %s estimated, %s doubtful of %s %ss", number_count(exact).s, number_count(guessed - doubtful).s,
	                 number_count(doubtful).s, number_count(n).s, one);
	snprintf(out + k, size - (size_t)k, "%s", doubtful ? "; more draws (evidence draws 20000) may settle what is in doubt." : ".");
}

void pane_unknown(const struct em_snapshot *s, char *out, size_t size)
{
	const struct em_entry *now = &s->ledger[s->position];
	const char *one = s->problem->model->observation;
	out[0] = '\0';
	if (now->evidence == EM_EVIDENCE_ESTIMATE)
		say_estimated(s, out, size);
	if (now->evidence != EM_EVIDENCE_NONE)
		return;
	size_t n = s->problem->layout.observations, missing = 0, guessed = 0;
	for (size_t i = 0; i < n; i++) {
		missing += isnan(s->obs[i].log_evidence) ? 1 : 0;
		guessed += isnan(s->obs[i].log_evidence) && !isnan(s->obs[i].guess.log_p) ? 1 : 0;
	}
	double budget = em_settings_row(s->problem->settings, "evidence_budget")
	                    ? em_settings_number(s->problem->settings, "evidence_budget")
	                    : NAN;
	char step[96] = "";
	if (em_settings_row(s->problem->settings, "evidence_step"))
		snprintf(step, sizeof step, ", evidence_step %g s in all", em_settings_number(s->problem->settings, "evidence_step"));
	if (s->problem->model->global)
		snprintf(out, size, "log p(X|α,η) is an integral over the topics too, and unknown; while α and η stay it stays, so KL falls by what the ELBO rises.");
	else if (guessed) /* asked for some, or stopped: what was found is kept */
		snprintf(out, size, "log p(X|θ) is unknown: %s exact, %s estimated of %s %ss; evidence goes on.", number_count(n - missing).s,
		         number_count(guessed).s, number_count(n).s, one);
	else if (budget == 0)
		snprintf(out, size, "log p(X|θ) is unknown because evidence_budget is 0.");
	else if (missing > 0 && isfinite(budget))
		snprintf(out, size, "log p(X|θ) is unknown: %s of %s exact sums would take too long (evidence_budget %g s a %s%s).",
		         number_count(missing).s, number_count(n).s, budget, one, step);
	else
		snprintf(out, size, "log p(X|θ) is unknown: no method for it is in use.");
}

int pane_places(const struct em_snapshot *s)
{
	double size = fabs(s->ledger[s->position].elbo);
	return size < 100 ? 4 : size < 1e4 ? 3 : 1;
}
