/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of a session, shared by session.c (what it holds, pictures of it) and jobs.c (what moves it). */
#ifndef ELBOW_COMMAND_HELD_H
#define ELBOW_COMMAND_HELD_H

#include <pthread.h>
#include <stdatomic.h>

#include "command/beside.h"
#include "command/binds.h"
#include "command/branches.h"
#include "command/breaks.h"
#include "command/keep.h"
#include "command/labels.h"
#include "command/script.h"
#include "command/session.h"
#include "command/study.h"
#include "command/world.h"

/* The public struct first, so that one pointer serves both. */
struct held {
	struct picture pub;
	atomic_size_t refs;
	struct world *world;
	const struct em_snapshot *owned; /* the run's */
	char *said, *breaks, *labels;
	struct bind *binds;
	struct seen *seen;
	struct study *study;
	struct beside_path *path;
	struct em_snapshot limited;      /* the same with the verdict of a limit; pub.run where that holds */
};

/* A landscape, shared by the pictures it is in. */
struct seen {
	atomic_size_t refs;
	struct em_landscape *l;
};

struct session {
	const struct em_setting_table *screen; /* may be NULL */
	pthread_mutex_t lock;
	struct held *newest; /* behind lock */
	/* Touched only by the thread that performs jobs. */
	struct em_settings *settings;
	struct world *world;
	struct em_run *run;
	char path[1024];
	char init[1024];  /* the state file that step 0 came from, "" without */
	size_t limit;     /* iterations after which `continue` gave up; 0 when the last job was something else */
	char *said;       /* by the last job, owned; NULL: nothing */
	struct seen *seen;/* NULL: none of this run */
	bool seen_now;
	struct study *study; /* NULL: none */
	size_t split_of;     /* the version that parts are of, + 1; 0: none */
	struct em_run_parts parts;
	struct beside *beside; /* NULL: none */
	struct branches branches;
	struct breaks breaks;
	struct binds binds;
	struct labels labels;
	struct script script; /* what was done */
	struct keep keep;
	size_t version;
	double published; /* when, seconds of the monotonic clock */
};

enum { SESSION_TABLES = 5 };

/* The tables of settings in use with a model; their number. */
size_t session_tables(const struct session *s, const struct em_model *m, const struct em_setting_table *out[SESSION_TABLES]);
/* A new picture in place of the newest; when memory is short the old one stays. */
enum em_status session_publish(struct session *s, struct em_err *err);
double session_clock(void);
void seen_release(struct seen *x);

#endif
