/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "engine/state.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "engine/bugs.h"

struct block *block_new(size_t doubles)
{
	if (doubles > SIZE_MAX / 16)
		return NULL;
	struct block *b = calloc(1, sizeof *b);
	size_t bytes = (doubles * sizeof(double) + 63) / 64 * 64;
	if (!b || !(b->v = aligned_alloc(64, bytes ? bytes : 64))) {
		free(b);
		return NULL;
	}
	memset(b->v, 0, bytes ? bytes : 64);
	atomic_init(&b->refs, 1);
	b->size = doubles;
	return b;
}

struct block *block_copy(const struct block *from)
{
	struct block *b = block_new(from->size);
	if (b && from->size)
		memcpy(b->v, from->v, from->size * sizeof *b->v);
	return b;
}

struct block *block_retain(struct block *b)
{
	if (b)
		atomic_fetch_add(&b->refs, 1);
	return b;
}

void block_release(struct block *b)
{
	if (b && atomic_fetch_sub(&b->refs, 1) == 1) {
		free(b->v);
		free(b);
	}
}

static uint64_t checksum(const struct block *b)
{
	uint64_t h = 0x9e3779b97f4a7c15u, x;
	for (size_t i = 0; i < b->size; i++) {
		memcpy(&x, b->v + i, sizeof x);
		h = (h ^ x) * 0x2127599bf4325c37u;
		h ^= h >> 29;
	}
	return h;
}

void block_seal(struct block *b)
{
	b->seal = checksum(b);
}

bool block_intact(const struct block *b)
{
	return b->seal == checksum(b);
}

struct block *block_of_bounds(size_t observations)
{
	return block_new(observations * (sizeof(struct em_bound) / sizeof(double)));
}

struct block *block_of_progress(size_t observations)
{
	return block_new(observations * ((sizeof(struct em_progress) + 7) / 8) + 8);
}

struct block *block_of_guesses(size_t observations)
{
	struct block *b = block_new((observations * sizeof(struct em_guess) + sizeof(double) - 1) / sizeof(double));
	for (size_t n = 0; b && n < observations; n++)
		state_guess(b)[n].log_p = NAN;
	return b;
}

enum em_status problem_new(const struct em_model *m, const struct em_data *d, const struct em_settings *s,
                           struct problem **out, struct em_err *err)
{
	struct problem *p = calloc(1, sizeof *p);
	if (!p)
		return em_no_memory(err);
	atomic_init(&p->refs, 1);
	m = em_model_under(m, s);
	p->p = (struct em_problem){.model = m, .data = d};
	p->real = m;
	enum em_status st = m->layout(d, s, &p->p.layout, err);
	if (!st)
		st = bug_plant(p, s, err);
	if (st) {
		free(p);
		return st;
	}
	p->p.settings = em_settings_retain(s);
	*out = p;
	return EM_OK;
}

struct problem *problem_retain(struct problem *p)
{
	atomic_fetch_add(&p->refs, 1);
	return p;
}

void problem_release(struct problem *p)
{
	if (p && atomic_fetch_sub(&p->refs, 1) == 1) {
		em_settings_release(p->p.settings);
		free(p);
	}
}

struct state *state_new(void)
{
	struct state *s = calloc(1, sizeof *s);
	if (s)
		atomic_init(&s->refs, 1);
	return s;
}

struct state *state_copy(const struct state *from)
{
	struct state *s = state_new();
	if (!s)
		return NULL;
	s->theta = block_retain(from->theta);
	s->made = block_retain(from->made);
	s->q = block_retain(from->q);
	s->stats = block_retain(from->stats);
	s->mass = block_retain(from->mass);
	s->bounds = block_retain(from->bounds);
	s->log_p = block_retain(from->log_p);
	s->guess = block_retain(from->guess);
	s->progress = block_retain(from->progress);
	s->q_phase = block_retain(from->q_phase);
	s->bounds_phase = block_retain(from->bounds_phase);
	s->next_m = from->next_m;
	s->inside = from->inside;
	s->cursor = from->cursor;
	return s;
}

struct state *state_retain(struct state *s)
{
	if (s)
		atomic_fetch_add(&s->refs, 1);
	return s;
}

void state_release(struct state *s)
{
	if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
		return;
	struct block *all[] = {s->theta,  s->made,  s->q,        s->stats,   s->mass,
	                       s->bounds, s->log_p, s->guess, s->progress, s->q_phase, s->bounds_phase};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		block_release(all[i]);
	free(s);
}

void state_put(struct block **place, struct block *b)
{
	struct block *old = *place;
	*place = b;
	block_release(old);
}
