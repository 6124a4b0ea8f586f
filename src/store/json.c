/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step and a verdict are as JSON, for programs that read along. Format: docs/formats.md. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>

#include "elbow/store.h"

/* NaN and the infinities are no numbers of JSON. */
static json_t *number(double x)
{
	return isfinite(x) ? json_real(x) : json_null();
}

static void put(json_t *o, const char *name, double x)
{
	json_object_set_new(o, name, number(x));
}

static char *line(json_t *o)
{
	char *text = json_dumps(o, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(17));
	json_decref(o);
	return text;
}

char *em_json_entry(const struct em_problem *p, const struct em_entry *e)
{
	static const char *const kinds[] = {"none", "exact", "estimate"};
	json_t *o = json_object(), *terms = json_object();
	if (!o || !terms) {
		json_decref(o);
		json_decref(terms);
		return NULL;
	}
	json_object_set_new(o, "step", json_integer((json_int_t)e->step));
	json_object_set_new(o, "iteration", json_integer((json_int_t)e->iteration));
	json_object_set_new(o, "phase", json_string(em_entry_name(e)));
	put(o, "elbo", e->elbo);
	put(o, "gain", e->gain);
	put(o, "energy", e->energy);
	put(o, "entropy", e->entropy);
	put(o, "log_evidence", e->log_evidence);
	json_object_set_new(o, "log_evidence_kind", json_string(e->evidence == EM_EVIDENCE_ESTIMATE && e->doubtful ? "doubtful" : kinds[e->evidence]));
	put(o, "log_evidence_se", e->log_evidence_se);
	put(o, "kl", e->kl);
	for (size_t i = 0; i < p->layout.terms; i++)
		put(terms, p->model->terms[i].name, e->terms[i]);
	json_object_set_new(o, "terms", terms);
	put(o, "moved", e->moved);
	json_object_set_new(o, "moved_array", json_string(e->moved_array ? e->moved_array : ""));
	json_object_set_new(o, "sweeps", json_integer((json_int_t)e->sweeps));
	json_object_set_new(o, "capped", json_integer((json_int_t)e->capped));
	json_object_set_new(o, "e_steps", json_integer((json_int_t)e->e_steps));
	put(o, "seconds", e->seconds);
	return line(o);
}

char *em_json_verdict(const struct em_verdict *v)
{
	json_t *o = json_object();
	if (!o)
		return NULL;
	json_object_set_new(o, "verdict", json_string(em_verdict_word(v->kind)));
	put(o, "rate", v->rate);
	put(o, "to_come", v->to_come);
	json_object_set_new(o, "capped", json_integer((json_int_t)v->capped));
	json_object_set_new(o, "text", json_string(v->text));
	return line(o);
}
