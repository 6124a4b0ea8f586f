/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a ledger entry is called, and what its step did: the model tells of its own steps, the engine of its own. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "elbow/run.h"

const char *em_entry_name(const struct em_entry *e)
{
	return e->leap ? "S" : em_phase_name(e->phase);
}

static void leapt(const struct em_entry *now, struct buf *b)
{
	int d = fabs(now->gain) >= 10 ? 2 : fabs(now->gain) >= 0.1 ? 4 : 6;
	buf_printf(b, "Macro step %zu (SQUAREM): two iterations of EM", now->iteration);
	if (now->leap == EM_LEAP_NONE)
		buf_puts(b, "; they point nowhere further, so that is all. ");
	else if (now->leap == EM_LEAP_REFUSED)
		buf_printf(b, ", a leap of θ over %s of them along their way, and an E-step there: its bound was lower than what the two "
		              "iterations had reached, so the leap was refused and they stand. ", number_short(now->leap_length, 3).s);
	else
		buf_printf(b, ", a leap of θ over %s of them along their way, and an iteration from there. ",
		           number_short(now->leap_length, 3).s);
	buf_printf(b, "The ELBO %s by %s in %d E-steps.", now->gain < 0 ? "fell" : "rose", number_fixed(fabs(now->gain), d).s,
	           now->leap == EM_LEAP_NONE ? 2 : 3);
}

static void edited(const struct em_problem *p, const struct em_entry *now, struct buf *b)
{
	const struct em_layout *l = &p->layout;
	buf_printf(b, "A change of yours: %s", now->moved_array);
	for (unsigned set = 0; set < 2; set++)
		for (unsigned i = 0; i < (set ? l->q_arrays : l->theta_arrays); i++) {
			const struct em_array *a = (set ? l->q : l->theta) + i;
			for (unsigned d = 0; d < a->rank && now->moved_array == a->name; d++)
				buf_printf(b, "[%zu]", now->moved_at[d] + 1);
		}
	buf_printf(b, " from %s to %s. ", number_short(now->was, 4).s, number_short(now->became, 4).s);
	buf_printf(b, "The ELBO %s by %s; no step of EM is to blame or to thank.", now->gain < 0 ? "fell" : "rose",
	           number_fixed(fabs(now->gain), fabs(now->gain) >= 10 ? 2 : 6).s);
}

void em_step_explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out, size_t size)
{
	struct buf b = {0};
	if (now->phase == EM_EDIT) {
		edited(p, now, &b);
	} else if (!now->leap) {
		p->model->explain(p, before, now, out, size);
		buf_puts(&b, out);
	} else {
		leapt(now, &b);
	}
	if (em_settings_row(p->settings, "bug") && em_settings_number(p->settings, "bug") > 0)
		buf_printf(&b, " (bug=%s is planted: these numbers are wrong on purpose.)", em_settings_text(p->settings, "bug"));
	buf_copy(&b, out, size);
	buf_free(&b);
}

void em_snapshot_explain(const struct em_snapshot *s, char *out, size_t size)
{
	const struct em_entry *now = s->ledger + s->position;
	char more[320];
	em_step_explain(s->problem, s->position ? now - 1 : NULL, now, out, size);
	size_t n = strlen(out);
	bool m = now->phase == EM_M || now->phase == EM_M_PART;
	if (m && s->problem->model->remark && s->problem->model->remark(s->problem, s->theta, more, sizeof more) && n + strlen(more) + 2 < size)
		snprintf(out + n, size - n, " %s", more);
}
