/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Other runs that a session keeps beside the one it stands in: forks of it, restarts from other seeds, runs of other data. Touched only by
 * the thread that performs jobs. */
#ifndef ELBOW_COMMAND_BRANCHES_H
#define ELBOW_COMMAND_BRANCHES_H

#include "base/buf.h"
#include "command/beside.h"
#include "command/session.h"
#include "command/world.h"

enum { BRANCH_NAME = 32, BRANCHES_MOST = 200 };

/* All that goes with a run. Of the branch that the session stands in these are the session's own, and NULL here. */
struct branch {
	char name[BRANCH_NAME];
	char from[BRANCH_NAME]; /* forked from that one after step at; "": its own start */
	size_t at;
	struct em_run *run;
	struct em_settings *settings;
	struct world *world;
	struct beside *beside;
	char path[1024], init[1024];
};

struct branches {
	struct branch *all; /* [count] */
	size_t count, room, current;
};

/* One branch, "main". */
enum em_status branches_init(struct branches *b, struct em_err *err);
void branches_free(struct branches *b);
/* SIZE_MAX: there is none. */
size_t branches_find(const struct branches *b, const char *name);
/* An empty one more; EM_USAGE when the name is taken, or none, or there are too many. NULL or "": the first of "branch 1", ... */
enum em_status branches_add(struct branches *b, const char *name, struct branch **out, struct em_err *err);
void branches_drop_last(struct branches *b);

struct session;
/* The session, which has nothing of its own, stands in branch i. */
void branches_stand(struct session *s, size_t i);
/* A fork of the run at its position, under a name; the session then stands in it. */
enum em_status branches_fork(struct session *s, const char *name, struct em_err *err);
/* The session stands in another. The screen's settings stay as they are. EM_USAGE names those there are. */
enum em_status branches_switch(struct session *s, const char *name, struct em_err *err);
/* Runs from n seeds after the run's own, to convergence or max_iterations, all kept as "seed S" (one of that name is made anew); *said: what
 * came of them, owned by the caller. Cancelled: those made by then are kept and told of. */
enum em_status branches_restarts(struct session *s, size_t n, const struct em_hooks *h, char **said, struct em_err *err);
/* As text, owned by the caller; NULL: out of memory. */
char *branches_list(struct session *s);
enum em_status branches_compare(struct session *s, const char *a, const char *b, char **said, struct em_err *err);

/* The run of branch i, where it stands. Owned: em_snapshot_release. */
enum em_status branches_look(struct session *s, size_t i, const struct em_snapshot **out, struct em_err *err);
const struct em_settings *branches_settings(const struct session *s, size_t i);

#endif
