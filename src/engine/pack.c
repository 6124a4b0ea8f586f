/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A state as words of 8 bytes: a head, then each block's size and content. A block that is another one too is named, not repeated. */
#include <stdlib.h>
#include <string.h>

#include "elbow/kept.h"
#include "engine/run.h"

enum { HEAD = 4, BLOCKS = 11, PROGRESS_WORDS = 2, GUESS_WORDS = 4 };
enum { IN_PROGRESS = 8, IN_GUESS = 7 }; /* those that are not doubles, by their place in blocks_of */
static const uint64_t magic = 0x31304b4341504c45u, none = UINT64_MAX, same = UINT64_MAX - 1 - BLOCKS; /* "ELPACK01" */

static void blocks_of(struct state *s, struct block **out[BLOCKS])
{
	struct block **all[BLOCKS] = {&s->theta, &s->made, &s->q, &s->stats, &s->mass, &s->bounds, &s->log_p, &s->guess, &s->progress,
	                              &s->q_phase, &s->bounds_phase};
	memcpy(out, all, sizeof all);
}

/* Words that block i of n observations takes; `in` the block's own doubles. */
static size_t words_of(int i, size_t in, size_t n)
{
	return i == IN_PROGRESS ? n * PROGRESS_WORDS : i == IN_GUESS ? n * GUESS_WORDS : in;
}

static const uint64_t sum_start = 0xcbf29ce484222325u;

static uint64_t sum_word(uint64_t h, uint64_t w)
{
	h = (h ^ w) * 0x9e3779b97f4a7c15u;
	return h ^ h >> 32;
}

static uint64_t sum_of(const uint64_t *w, size_t n)
{
	uint64_t h = sum_start;
	for (size_t i = 0; i < n; i++)
		h = sum_word(h, w[i]);
	return h;
}

static uint64_t word_of(double x)
{
	uint64_t w;
	memcpy(&w, &x, sizeof w);
	return w;
}

static double number_of(uint64_t w)
{
	double x;
	memcpy(&x, &w, sizeof x);
	return x;
}

/* ---- to words ---- */

static void put(int i, const struct block *b, size_t n, uint64_t *w)
{
	if (i == IN_PROGRESS)
		for (size_t k = 0; k < n; k++) {
			const struct em_progress *p = state_progress(b) + k;
			*w++ = p->sweeps | (uint64_t)p->base << 32;
			*w++ = p->mode | (uint64_t)p->done << 8 | (uint64_t)p->capped << 16;
		}
	else if (i == IN_GUESS)
		for (size_t k = 0; k < n; k++) {
			const struct em_guess *g = state_guess(b) + k;
			*w++ = word_of(g->log_p);
			*w++ = word_of(g->se);
			*w++ = g->doubtful;
			*w++ = g->samples;
		}
	else if (b->size)
		memcpy(w, b->v, b->size * sizeof *w);
}

enum em_status em_run_pack(const struct em_run *r, size_t step, void **out, size_t *bytes, struct em_err *err)
{
	struct state *s = step == r->position ? r->now : step + 1 == r->position ? r->before : r->records[step].state;
	size_t n = r->problem->p.layout.observations, words = HEAD;
	struct block **all[BLOCKS];
	*out = NULL;
	*bytes = 0;
	if (!s)
		return EM_OK;
	blocks_of(s, all);
	for (int i = 0; i < BLOCKS; i++)
		words += 1 + (*all[i] ? words_of(i, (*all[i])->size, n) : 0);
	uint64_t *w = malloc(words * sizeof *w);
	if (!w)
		return em_no_memory(err);
	size_t at = HEAD;
	for (int i = 0; i < BLOCKS; i++) {
		struct block *b = *all[i];
		int other = 0;
		while (other < i && *all[other] != b)
			other++;
		if (!b || other < i) {
			w[at++] = b ? same + (uint64_t)other : none;
			continue;
		}
		size_t size = words_of(i, b->size, n);
		w[at++] = size;
		put(i, b, n, w + at);
		at += size;
	}
	w[0] = magic;
	w[2] = (uint64_t)s->next_m | (uint64_t)s->inside << 1;
	w[3] = s->cursor;
	w[1] = sum_of(w + 2, at - 2);
	*out = w;
	*bytes = at * sizeof *w;
	return EM_OK;
}

/* ---- from words ---- */

static struct block *get(int i, const uint64_t *w, size_t size, size_t n)
{
	struct block *b = i == IN_PROGRESS ? block_of_progress(n) : i == IN_GUESS ? block_of_guesses(n) : block_new(size);
	if (b && i == IN_PROGRESS)
		for (size_t k = 0; k < n; k++, w += PROGRESS_WORDS)
			state_progress(b)[k] = (struct em_progress){(uint32_t)w[0], (uint32_t)(w[0] >> 32), (uint8_t)w[1], w[1] >> 8 & 1, w[1] >> 16 & 1};
	else if (b && i == IN_GUESS)
		for (size_t k = 0; k < n; k++, w += GUESS_WORDS)
			state_guess(b)[k] = (struct em_guess){number_of(w[0]), number_of(w[1]), w[2] & 1, (size_t)w[3]};
	else if (b && size)
		memcpy(b->v, w, size * sizeof *w);
	return b;
}

/* The size each block has to have. */
static void sizes_of(const struct em_layout *l, size_t out[BLOCKS])
{
	size_t n = l->observations, bounds = n * (sizeof(struct em_bound) / sizeof(double));
	size_t all[BLOCKS] = {l->theta_size, l->theta_size, n * l->q_stride, l->stats_size, l->components, bounds, n, n * GUESS_WORDS,
	                      n * PROGRESS_WORDS, n * l->q_stride, bounds};
	memcpy(out, all, sizeof all);
}

/* Words may lie anywhere in memory. */
static bool whole(const void *bytes, size_t size)
{
	uint64_t head[2], h = sum_start, w;
	if (size < HEAD * sizeof w || size % sizeof w)
		return false;
	memcpy(head, bytes, sizeof head);
	for (size_t at = sizeof head; at < size; at += sizeof w) {
		memcpy(&w, (const char *)bytes + at, sizeof w);
		h = sum_word(h, w);
	}
	return head[0] == magic && head[1] == h;
}

bool em_kept_whole(const struct em_kept *k)
{
	return k->state && whole(k->state, k->bytes);
}

/* EM_INPUT without a message: damaged, or another problem's. */
static enum em_status fill(struct state *s, const struct em_layout *l, const uint64_t *w, size_t words, struct em_err *err)
{
	struct block **all[BLOCKS];
	size_t want[BLOCKS], at = HEAD;
	blocks_of(s, all);
	sizes_of(l, want);
	for (int i = 0; i < BLOCKS; i++) {
		if (at >= words)
			return EM_INPUT;
		uint64_t size = w[at++];
		if (size >= same && size < none) {
			if (size - same >= (uint64_t)i || !*all[size - same] || want[size - same] != want[i])
				return EM_INPUT;
			*all[i] = block_retain(*all[size - same]);
			continue;
		}
		if (size == none)
			continue;
		if (size != want[i] || size > words - at)
			return EM_INPUT;
		if (!(*all[i] = get(i, w + at, size, l->observations)))
			return em_no_memory(err);
		at += size;
	}
	s->next_m = w[2] & 1;
	s->inside = w[2] >> 1 & 1;
	s->cursor = (size_t)w[3];
	if (at != words || !s->theta || !s->made || !s->q || !s->bounds || !s->log_p || !s->progress)
		return EM_INPUT;
	block_seal(s->theta);
	if (s->made != s->theta)
		block_seal(s->made);
	return EM_OK;
}

/* NULL and EM_OK: damaged. */
static enum em_status unpack(const struct em_layout *l, const struct em_kept *k, struct state **out, struct em_err *err)
{
	uint64_t *w = malloc(k->bytes + 8); /* aligned */
	*out = state_new();
	if (!w || !*out) {
		free(w);
		state_release(*out);
		*out = NULL;
		return em_no_memory(err);
	}
	memcpy(w, k->state, k->bytes);
	enum em_status st = !em_kept_whole(k) ? EM_INPUT : fill(*out, l, w, k->bytes / sizeof *w, err);
	free(w);
	if (st) {
		state_release(*out);
		*out = NULL;
	}
	return st == EM_INPUT ? EM_OK : st;
}

/* ---- a run ---- */

size_t em_run_entries(const struct em_run *r)
{
	return r->count;
}

void em_run_kept(const struct em_run *r, size_t step, struct em_kept *out)
{
	const struct record *rec = r->records + step;
	*out = (struct em_kept){.entry = rec->entry, .size = rec->action.size, .m = rec->action.m, .settings = rec->problem->p.settings};
}

const struct em_problem *em_run_problem(const struct em_run *r)
{
	return &r->problem->p;
}

/* The problem of an entry, shared with those before it where they were made under the same settings. */
static enum em_status problem_for(struct em_run *r, const struct em_model *m, const struct em_data *d, const struct em_settings *s,
                                  struct problem **out, struct em_err *err)
{
	for (size_t i = r->count; i-- > 0;)
		if (em_settings_same(r->records[i].problem->p.settings, s)) {
			*out = problem_retain(r->records[i].problem);
			return EM_OK;
		} else if (i + 32 < r->count) {
			break; /* not worth the search */
		}
	return problem_new(m, d, s, out, err);
}

/* The model's own name of an array: entries point to it. */
static const char *own_name(const struct em_layout *l, const char *name)
{
	for (unsigned i = 0; i < l->theta_arrays; i++)
		if (strcmp(l->theta[i].name, name) == 0)
			return l->theta[i].name;
	for (unsigned i = 0; i < l->q_arrays; i++)
		if (strcmp(l->q[i].name, name) == 0)
			return l->q[i].name;
	return "";
}

static enum em_status add(struct em_run *r, const struct em_model *m, const struct em_data *d, const struct em_kept *k, size_t *lost, struct em_err *err)
{
	struct record rec = {.entry = k->entry, .action = {k->size, k->m}};
	bool needed = r->count == 0 || k->entry.phase == EM_EDIT;
	enum em_status st = run_reserve(r, err);
	if (!st)
		st = problem_for(r, m, d, k->settings, &rec.problem, err);
	if (!st && k->state)
		st = unpack(&rec.problem->p.layout, k, &rec.state, err);
	if (!st && k->state && !rec.state)
		++*lost;
	if (!st && needed && !rec.state)
		st = em_fail(err, EM_INPUT, "the state of step %zu is damaged or missing, and it cannot be made again", k->entry.step);
	if (st) {
		problem_release(rec.problem);
		return st;
	}
	rec.entry.moved_array = own_name(&rec.problem->p.layout, k->entry.moved_array ? k->entry.moved_array : "");
	if (rec.state)
		rec.bytes = k->bytes;
	r->bytes += rec.bytes;
	r->records[r->count++] = rec;
	return EM_OK;
}

enum em_status em_run_revive(const struct em_model *model, const struct em_data *data, const struct em_settings *settings,
                             const struct em_evidence *evidence, const struct em_kept *kept, size_t count, size_t position,
                             const struct em_hooks *h, struct em_run **out, size_t *lost, struct em_err *err)
{
	struct em_run *r = calloc(1, sizeof *r);
	if (!r)
		return em_no_memory(err);
	enum em_status st = count && position < count ? EM_OK : em_fail(err, EM_INPUT, "no step %zu in a ledger of %zu", position, count);
	*lost = 0;
	r->evidence = evidence;
	r->seed = (uint64_t)em_settings_number(settings, "seed");
	for (size_t i = 0; i < count && !st; i++)
		st = add(r, model, data, kept + i, lost, err);
	if (!st)
		st = problem_for(r, model, data, settings, &r->problem, err);
	if (!st) {
		r->now = state_retain(r->records[0].state);
		struct em_hooks quiet = h ? (struct em_hooks){h->self, h->cancelled, h->progress, NULL, NULL} : (struct em_hooks){0};
		st = position ? em_run_goto(r, position, &quiet, err) : EM_OK;
	}
	if (st) {
		em_run_free(r);
		return st;
	}
	*out = r;
	return EM_OK;
}
