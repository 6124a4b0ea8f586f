/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of a run, shared by run.c and snapshot.c. */
#ifndef ELBOW_ENGINE_RUN_H
#define ELBOW_ENGINE_RUN_H

#include "elbow/run.h"
#include "engine/state.h"
#include "engine/step.h"

struct record {
	struct em_entry entry;
	struct action action;
	struct problem *problem;
	struct state *state; /* NULL when let go for memory */
	size_t bytes;        /* what the state adds to the one before */
};

struct em_run {
	struct problem *problem; /* for the next step */
	const struct em_evidence *evidence;
	uint64_t seed;
	struct record *records;
	size_t count, room, position;
	struct state *now, *before;
	size_t bytes; /* of the states kept */
	enum em_verdict_kind broken; /* EM_BROKEN or EM_STUCK: the last step was not made, breach says why; else 0 */
	char breach[320];
};

/* Room for one record more. */
enum em_status run_reserve(struct em_run *r, struct em_err *err);
/* A finished entry after the position, in place of whatever was undone; done->state is given up. */
enum em_status run_append(struct em_run *r, struct step_result *done, struct em_err *err);

#endif
