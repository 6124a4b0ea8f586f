/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What stands after a ledger entry: immutable, shared blocks of numbers. */
#ifndef ELBOW_ENGINE_STATE_H
#define ELBOW_ENGINE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elbow/evidence.h"

/* A counted array of doubles, 64-byte aligned; written only by whoever made it, until it is sealed. */
struct block {
	atomic_size_t refs;
	size_t size; /* doubles */
	uint64_t seal;
	double *v;
};

struct block *block_new(size_t doubles); /* zeroed; NULL: out of memory */
struct block *block_copy(const struct block *b);
struct block *block_retain(struct block *b); /* NULL passes through, here and below */
void block_release(struct block *b);
/* A checksum of the content, and whether it still fits: an E-step must not have touched theta. */
void block_seal(struct block *b);
bool block_intact(const struct block *b);

/* The problem a step was made under: settings may change between steps. */
struct problem {
	atomic_size_t refs;
	struct em_problem p;
	const struct em_model *real; /* p.model, where no bug is planted */
	struct em_model planted;     /* else it is this, under this title */
	char title[64];
};

enum em_status problem_new(const struct em_model *m, const struct em_data *d, const struct em_settings *s,
                           struct problem **out, struct em_err *err);
struct problem *problem_retain(struct problem *p);
void problem_release(struct problem *p);

struct state {
	atomic_size_t refs;
	struct block *theta;
	struct block *made;     /* the theta that q (inside an E phase: the untouched part of q) was made with */
	struct block *q;
	struct block *stats;    /* of q; NULL inside an E phase */
	struct block *mass;     /* of stats, or of the last */
	struct block *bounds;   /* struct em_bound per observation */
	struct block *log_p;    /* per observation, NAN unknown */
	struct block *guess;    /* struct em_guess per observation, of those that log_p does not know; NULL: nobody asked */
	struct block *progress; /* struct em_progress per observation, of the last E phase */
	struct block *q_phase;  /* inside an E phase: q and bounds when it began */
	struct block *bounds_phase;
	bool next_m, inside;
	size_t cursor;          /* the observation or block of the next unit */
};

struct state *state_new(void);
struct state *state_copy(const struct state *s); /* shares every block */
struct state *state_retain(struct state *s);
void state_release(struct state *s);
/* Puts a block (owned) in place of another. */
void state_put(struct block **place, struct block *b);

static inline struct em_bound *state_bounds(const struct block *b)
{
	return (struct em_bound *)(void *)b->v;
}
static inline struct em_progress *state_progress(const struct block *b)
{
	return (struct em_progress *)(void *)b->v;
}
static inline struct em_guess *state_guess(const struct block *b)
{
	return (struct em_guess *)(void *)b->v;
}
struct block *block_of_guesses(size_t observations); /* none known */
struct block *block_of_bounds(size_t observations);
struct block *block_of_progress(size_t observations);

#endif
