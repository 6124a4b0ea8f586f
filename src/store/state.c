/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A state as JSON: written by hand, for the digits; read by jansson, strictly. */
#include <jansson.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "elbow/store.h"

/* Dimensions i.. of an array, nested, from element `at` on. */
static void write_array(struct buf *b, const struct em_array *a, unsigned i, const double *v)
{
	if (i == a->rank) {
		buf_printf(b, "%.17g", *v);
		return;
	}
	buf_putc(b, '[');
	for (size_t x = 0; x < a->dim[i]; x++) {
		if (x)
			buf_puts(b, i + 1 == a->rank ? "," : ",\n");
		write_array(b, a, i + 1, v + x * a->stride[i]);
	}
	buf_putc(b, ']');
}

static void write_arrays(struct buf *b, const char *title, const struct em_array *a, unsigned count, const double *v)
{
	buf_printf(b, "\"%s\": {", title);
	for (unsigned i = 0; i < count; i++) {
		buf_printf(b, "%s\"%s\": ", i ? ",\n" : "", a[i].name);
		write_array(b, a + i, 0, v + a[i].offset);
	}
	buf_puts(b, "}");
}

static void write_settings(struct buf *b, const struct em_settings *s)
{
	const struct em_setting *row;
	char value[1100];
	bool first = true;
	buf_puts(b, "\"settings\": {");
	for (size_t i = 0; (row = em_settings_at(s, i)); i++) {
		if (row->type == EM_TEXT) /* paths and the like are of one machine */
			continue;
		em_settings_show(s, row->name, value, sizeof value);
		buf_printf(b, "%s\"%s\": \"%s\"", first ? "" : ", ", row->name, value);
		first = false;
	}
	buf_puts(b, "}");
}

enum em_status em_export_state(const struct em_snapshot *s, const char *path, bool replace, struct em_err *err)
{
	const struct em_layout *l = &s->problem->layout;
	struct buf b = {0};
	buf_printf(&b, "{\"elbow\": 1, \"model\": \"%s\",\n", s->problem->model->name);
	write_settings(&b, s->problem->settings);
	buf_puts(&b, ",\n");
	write_arrays(&b, "theta", l->theta, l->theta_arrays, s->theta);
	buf_puts(&b, ",\n");
	write_arrays(&b, "q", l->q, l->q_arrays, s->q);
	bool inside_e = s->inside && !s->next_m; /* two thetas have made that q: it goes as if made with the new one */
	if (!inside_e && memcmp(s->theta_made, s->theta, l->theta_size * sizeof *s->theta) != 0) {
		buf_puts(&b, ",\n");
		write_arrays(&b, "made", l->theta, l->theta_arrays, s->theta_made);
	}
	buf_puts(&b, "}\n");
	enum em_status st = b.failed ? em_no_memory(err) : file_write_whole(path, replace, b.s, b.len, err);
	buf_free(&b);
	return st;
}

/* ---- reading ---- */

static enum em_status load(const char *path, json_t **out, struct em_err *err)
{
	struct file_bytes f;
	json_error_t bad;
	enum em_status st = file_map(path, &f, err);
	if (st)
		return st;
	json_t *root = json_loadb(f.bytes, f.size, JSON_REJECT_DUPLICATES, &bad);
	file_unmap(&f);
	if (!root)
		return em_fail(err, EM_INPUT, "%s:%d: %s; a state file is what `export state` writes", path, bad.line, bad.text);
	json_t *version = json_object_get(root, "elbow");
	if (!json_is_integer(version) || json_integer_value(version) != 1) {
		json_decref(root);
		return em_fail(err, EM_INPUT, "%s: no \"elbow\": 1; a state file is what `export state` writes", path);
	}
	if (!json_is_string(json_object_get(root, "model"))) {
		json_decref(root);
		return em_fail(err, EM_INPUT, "%s: no \"model\"; a state file names its model", path);
	}
	*out = root;
	return EM_OK;
}

enum em_status em_state_peek(const char *path, char *model, size_t size, size_t *components, struct em_err *err)
{
	json_t *root = NULL;
	enum em_status st = load(path, &root, err);
	if (st)
		return st;
	json_t *theta = json_object_get(root, "theta");
	json_t *first = json_object_iter_value(json_object_iter(theta));
	if (!json_is_array(first) || json_array_size(first) == 0)
		st = em_fail(err, EM_INPUT, "%s: \"theta\" holds no array; a state file has theta", path);
	else {
		*components = json_array_size(first);
		const char *name = json_string_value(json_object_get(root, "model"));
		size_t n = strlen(name) < size ? strlen(name) : size - 1;
		memcpy(model, name, n);
		model[n] = '\0';
	}
	json_decref(root);
	return st;
}

struct reader {
	const char *path, *part;
	const struct em_array *a;
	struct em_err *err;
};

static enum em_status read_array(const struct reader *r, const json_t *j, unsigned i, double *v)
{
	if (i == r->a->rank) {
		if (!json_is_number(j))
			return em_fail(r->err, EM_INPUT, "%s: %s.%s has an element that is not a number", r->path, r->part, r->a->name);
		*v = json_number_value(j);
		return EM_OK;
	}
	if (!json_is_array(j) || json_array_size(j) != r->a->dim[i])
		return em_fail(r->err, EM_INPUT, "%s: %s.%s has %zu elements in dimension %u; this data and these settings need %zu",
		               r->path, r->part, r->a->name, json_array_size(j), i + 1, r->a->dim[i]);
	for (size_t x = 0; x < r->a->dim[i]; x++) {
		enum em_status st = read_array(r, json_array_get(j, x), i + 1, v + x * r->a->stride[i]);
		if (st)
			return st;
	}
	return EM_OK;
}

/* Blocks keep the padding that the layout has, as zeros, and the alignment that models may rely on. */
static enum em_status read_arrays(const char *path, const json_t *root, const char *part, const struct em_array *a,
                                  unsigned count, size_t size, double **out, struct em_err *err)
{
	json_t *object = json_object_get(root, part);
	if (!json_is_object(object))
		return em_fail(err, EM_INPUT, "%s: no \"%s\"; a state file has theta and q", path, part);
	double *v = aligned_alloc(64, (size * sizeof *v + 64) / 64 * 64);
	if (!v)
		return em_no_memory(err);
	memset(v, 0, size * sizeof *v);
	*out = v;
	for (unsigned i = 0; i < count; i++) {
		json_t *j = json_object_get(object, a[i].name);
		if (!j)
			return em_fail(err, EM_INPUT, "%s: no %s.%s", path, part, a[i].name);
		struct reader r = {path, part, a + i, err};
		enum em_status st = read_array(&r, j, 0, v + a[i].offset);
		if (st)
			return st;
	}
	return EM_OK;
}

/* The file's q has an array of this model. If not, it is that of another kind of E-step and of no use here. */
static bool has_q(json_t *root, const struct em_layout *l)
{
	json_t *q = json_object_get(root, "q");
	bool has = q && (!json_is_object(q) || l->q_arrays == 0);
	for (unsigned i = 0; q && i < l->q_arrays; i++)
		has |= json_object_get(q, l->q[i].name) != NULL;
	return has;
}

enum em_status em_state_read(const char *path, const struct em_problem *p, struct em_state *out, struct em_err *err)
{
	const struct em_layout *l = &p->layout;
	json_t *root = NULL;
	*out = (struct em_state){0};
	enum em_status st = load(path, &root, err);
	if (st)
		return st;
	const char *model = json_string_value(json_object_get(root, "model"));
	if (strcmp(model, p->model->name) != 0)
		st = em_fail(err, EM_INPUT, "%s: a state of the model %s; this run is of %s", path, model, p->model->name);
	if (!st && !(out->model = strdup(model)))
		st = em_no_memory(err);
	if (!st)
		st = read_arrays(path, root, "theta", l->theta, l->theta_arrays, l->theta_size, &out->theta, err);
	if (!st && has_q(root, l))
		st = read_arrays(path, root, "q", l->q, l->q_arrays, l->observations * l->q_stride, &out->q, err);
	if (!st && out->q && json_object_get(root, "made"))
		st = read_arrays(path, root, "made", l->theta, l->theta_arrays, l->theta_size, &out->made, err);
	json_decref(root);
	if (st)
		em_state_free(out);
	return st;
}

void em_state_free(struct em_state *st)
{
	free(st->model);
	free(st->theta);
	free(st->q);
	free(st->made);
	*st = (struct em_state){0};
}
