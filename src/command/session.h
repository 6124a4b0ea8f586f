/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What is open now: settings, data and a run; jobs that move it; and the picture of it that everyone else reads.
 *
 * One thread at a time performs jobs (the worker, or the only thread in batch mode); any thread takes pictures. */
#ifndef ELBOW_COMMAND_SESSION_H
#define ELBOW_COMMAND_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "command/binds.h"
#include "elbow/example.h"
#include "elbow/landscape.h"
#include "elbow/run.h"

enum condition_kind {
	UNTIL_CONVERGED,  /* verdict converged (the default) */
	UNTIL_ITERATION,  /* iteration >= value */
	UNTIL_GAIN,       /* gain of an iteration < value nats */
	UNTIL_ELBO,       /* elbo > value */
	UNTIL_KL,         /* kl < value */
	UNTIL_HOLDS       /* the job's text holds, after any entry */
};

struct condition {
	enum condition_kind kind;
	double value;
};

enum job_kind {
	JOB_OPEN,     /* text: path, "" for the built-in corpus; or name: an example, the settings as they are; init: a state
	               * file or "" */
	JOB_EXAMPLE,  /* name: opens an example with its model and settings */
	JOB_PRESET,   /* name: takes an example's model and settings, opens nothing */
	JOB_RESTART,  /* the same data from step 0, under the settings as they are; init: from another state file */
	JOB_STEP,     /* size, count times */
	JOB_PHASE,    /* m, count times */
	JOB_BACK,     /* count ledger entries back */
	JOB_GOTO,     /* step count; name: the step of that label */
	JOB_CONTINUE, /* until the condition, a breach or a cancel; at most setting max_iterations more, and then the
	               * picture's verdict is EM_LIMIT */
	JOB_SET,      /* name, text */
	JOB_EVIDENCE, /* ask: exact or estimated log p of some observations */
	JOB_LANDSCAPE,/* look: leaves the run alone; the picture's `landscape` is then the answer */
	JOB_FRAME,    /* ask: of which observations. Leaves the run alone; the table is in the picture's `said` */
	JOB_SPLIT,    /* leaves the run alone; the picture's `parts` is then of it */
	JOB_STUDY,    /* count: a document, from 0; m: whatever it costs; name: "lab": the other E-steps too. Leaves the run alone; the picture's `study` is then the answer */
	JOB_BESIDE,   /* text: "exact", "variational": from now on a run with that e_step goes beside; "": no more. The picture's
	               * `said` is then the two in a table */
	JOB_RACE,     /* count: most E-steps. Leaves the session alone; the table is in the picture's `said` */
	JOB_BRANCH,   /* name: a fork, and stands in it */
	JOB_SWITCH,   /* name: stands in that branch */
	JOB_BRANCHES, /* leaves the session alone; the list is in the picture's `said` */
	JOB_COMPARE,  /* name and text: two branches; likewise */
	JOB_RESTARTS, /* count: other seeds, each a branch; likewise */
	JOB_EDIT,     /* name: an array of theta or q; at, value: the element's new one */
	JOB_POINT,    /* name: break, watch, catch (text: of what), delete, enable, disable (count: the number, 0 all). Leaves the run
	               * alone; what to say is in the picture's `said` */
	JOB_BIND,     /* name: a key; text: the commands it is short for, "" no longer. Leaves the run alone */
	JOB_LABEL,    /* name: for the step where the run stands */
	JOB_DIAGNOSE, /* likewise: what may be wrong with the fit */
	JOB_WHY,      /* likewise: which update did it, and what would cure it */
	JOB_SAVE,     /* text: a file for all of the session; m: in the place of one that is there. Leaves the session alone */
	JOB_JOURNAL,  /* text: a file that every step goes into from now on; one that is a session is opened first. "": no more */
	JOB_SCRIPT,   /* text: a file for what was done as commands; m: in the place of one that is there. Leaves the session alone */
	JOB_SELFTEST  /* name: of an example, "" all. Leaves the session alone; the table is in the picture's `said` */
};

struct job {
	enum job_kind kind;
	enum em_size size;
	size_t count;
	bool m;
	size_t at[3];
	double value;
	struct condition until;
	struct em_landscape_ask look;
	struct em_evidence_ask ask;
	char name[64];
	char text[1024];
	char with[1024];  /* JOB_OPEN: settings for it, "NAME=VALUE" each, a line end between them */
	char init[1024];
};

/* Where a run that went beside has come, or another branch: after each iteration, 0 the start. */
struct beside_path {
	char label[48];              /* for a chart */
	bool exact;                  /* its E-step */
	bool bound;                  /* its ELBO is what to look at; else its log p */
	size_t count;                /* iterations + 1 */
	const double *elbo, *log_p;  /* [count] nats; NAN unknown */
};

/* An immutable view of the session; lives until released, whatever is opened meanwhile. */
struct picture {
	const struct em_snapshot *run;     /* NULL while nothing is open yet */
	const struct em_data *data;        /* NULL likewise */
	const struct em_corpus *corpus;    /* of data; NULL when it is not a corpus */
	const struct em_example *example;  /* NULL when the data are none */
	const char *name;                  /* of the data, unsafe for screens as it is */
	const struct em_settings *settings;/* all of them */
	const struct em_landscape *landscape; /* the last that was asked for of this run; NULL: none */
	bool landscape_now;                /* nothing has moved since */
	bool split;                        /* parts: KL in two, of the run as it stands */
	struct em_run_parts parts;
	const struct study *study;         /* of one document of this run as it stands; NULL: none asked for */
	const struct beside_path *beside;  /* NULL: nothing goes beside */
	char branch[32];                   /* the one that the session stands in */
	size_t branches;                   /* how many there are */
	size_t version;                    /* another after every job but those that leave the run alone */
	const char *breaks;                /* where the session stops on its own, a line each, safe for a terminal; NULL: not known */
	const struct bind *binds;          /* keys of the user's own; NULL: none */
	size_t bound;                      /* how many */
	const char *labels;                /* of the branch's steps, likewise */
	const char *said;                  /* what the last job has to say at length, safe for a terminal; NULL: nothing */
	struct picture_part *part;         /* private */
};

struct session;

/* screen: the table of the screen's own settings (theme, glyphs, ...), may be NULL. Owned: session_free. */
struct session *session_new(const struct em_setting_table *screen);
void session_free(struct session *s);

/* Performs one job to its end. On failure the session stands where the last whole ledger entry left it. */
enum em_status session_perform(struct session *s, const struct job *job, const struct em_hooks *hooks,
                               struct em_err *err);

/* The newest picture, owned by the caller. Never NULL, run may be. While a job runs, a new one is made at most
 * every 30 ms and at its end. */
const struct picture *session_picture(struct session *s);
void picture_release(const struct picture *p);

#endif
