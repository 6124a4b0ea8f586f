/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The step machine: a run of EM that advances by units, sweeps, phases and iterations, forward and back, with a ledger
 * of the decomposition log p(X|theta) = ELBO + KL. Source: src/engine/run.c opens with its invariants. */
#ifndef ELBOW_RUN_H
#define ELBOW_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elbow/evidence.h"
#include "elbow/model.h"

/* A capital phase ended with this entry; a part did not. An edit is a change from outside, no step of the algorithm. */
enum em_phase { EM_INIT, EM_E, EM_M, EM_E_PART, EM_M_PART, EM_EDIT };
const char *em_phase_name(enum em_phase p); /* "init" "E" "M" "e" "m" "edit" */

struct em_entry;
/* "S" for a macro step, else the name of its phase. */
const char *em_entry_name(const struct em_entry *e);
/* What the step from before to now did, in a few sentences: as em_model.explain, and for steps that are the engine's own. */
void em_step_explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out, size_t size);
struct em_snapshot;
/* Of the step that a snapshot stands at; after an M-step with what its theta has that one must know. */
void em_snapshot_explain(const struct em_snapshot *s, char *out, size_t size);

enum em_size { EM_UNIT, EM_SWEEP, EM_PHASE, EM_ITERATION };

/* What came of a leap of theta: there was none, or none to make (two plain iterations); it was taken; it would have ended lower and
 * was refused (two plain iterations). */
enum em_leap { EM_LEAP_NO, EM_LEAP_NONE, EM_LEAPT, EM_LEAP_REFUSED };

/* One line of the ledger. Step 0 is the start. Unknown values are NAN. */
struct em_entry {
	size_t step, iteration;       /* iteration 1 is the first E and M; 0 for step 0 */
	enum em_phase phase;
	enum em_size size;            /* what made it: a unit, a sweep or (the rest of) a phase */
	double elbo, energy, entropy; /* elbo = energy + entropy */
	double terms[EM_TERMS];
	double log_evidence, log_evidence_se;
	enum em_evidence_kind evidence;
	double log_p_change;          /* where log_evidence is an estimate: its change in the last step that moved theta, by the same */
	double log_p_change_se;       /* draws before and after, with its error; NAN: not asked */
	size_t estimated, doubtful;   /* observations whose part of log_evidence is an estimate; and one that doubts itself */
	double kl;                    /* exact models: by its definition; else log_evidence - elbo */
	double seconds;               /* wall clock of the step, evidence included */
	double gain;                  /* elbo minus the entry before; NAN at step 0 */
	double allowance;             /* what counts as rounding in gain */
	size_t e_steps;               /* whole E-steps made from step 0 up to here */
	enum em_leap leap;            /* with accelerate=squarem: this entry is a macro step of 2 or 3 iterations, its phase M */
	double leap_length;           /* in steps of EM; NAN: could not be told */
	/* What moved. */
	size_t unit;                  /* the observation or the block of a unit step */
	double moved;                 /* largest change of an element of q (E) or theta (M) */
	const char *moved_array;      /* its array ("gamma", "topics"); static */
	size_t moved_at[3];
	uint64_t sweeps;              /* E: coordinate sweeps made, over all observations */
	size_t active;                /* E: observations that made a sweep */
	size_t capped;                /* E: observations that ran into the sweep limit */
	double worst_gain;            /* E: smallest change of one observation's bound, and which */
	size_t worst;
	double was, became;           /* EM_EDIT: the element moved_array[moved_at] */
	bool decreased;               /* the ELBO fell by more than allowance (only where the settings do not promise otherwise) */
};

/* One observation as of a snapshot. */
struct em_obs {
	double elbo;                  /* its share of the ELBO */
	double log_evidence;          /* NAN when unknown */
	double kl;                    /* by its definition where the model is exact, else log_evidence - elbo */
	uint32_t sweeps;              /* in the last E phase */
	bool done, capped;
	struct em_guess guess;        /* where log_evidence is unknown and em_run_estimate was asked */
};

enum em_verdict_kind {
	EM_NOT_CONVERGED, /* still moving */
	EM_CONVERGED,     /* what is still to come is below the tolerance */
	EM_STALLED,       /* nothing moves though the start was a fixed point or a saddle */
	EM_DECREASED,     /* the ELBO fell beyond rounding */
	EM_LIMIT,         /* stopped by a limit (iterations) */
	EM_STUCK,         /* broken: the next step has no result, for a component collapses */
	EM_BROKEN         /* an invariant was breached */
};
/* "converged", "stalled", "still moving", "fell", "hit a limit" or "broken"; texts begin with it. */
const char *em_verdict_word(enum em_verdict_kind kind);

struct em_verdict {
	enum em_verdict_kind kind;
	double rate;       /* ratio of the last gains per iteration; NAN when unknown */
	double to_come;    /* nats still to come by Aitken; NAN when unknown */
	bool steady;       /* the last rates agree to 0.01: a forecast may be believed */
	double missing;    /* fraction of missing information: the root of the rate of gains, at which errors of theta shrink */
	double iterations; /* still to make until what is to come is below the tolerance; NAN when unknown */
	size_t capped;     /* observations at the sweep limit in the last E-step */
	char text[320];    /* one sentence with the numbers */
};

/* An immutable picture of the run; everything in it lives until its release. Views read nothing else. */
struct em_snapshot {
	const struct em_problem *problem;
	const struct em_entry *ledger;   /* [entries]; entries after position were undone by back and can be gone to */
	size_t entries, position;        /* position < entries */
	const double *theta;             /* now */
	const double *theta_made;        /* what q was made with; inside an E phase its untouched part: em_snapshot_made() */
	const double *theta_before;      /* at the entry before position (theta itself at step 0) */
	const double *q;                 /* observations x q_stride */
	const double *q_before;          /* at the entry before position */
	const double *stats;             /* of q; NULL inside an E phase */
	const double *mass;              /* [components] expected size, from the last statistics; NULL if none yet */
	const struct em_obs *obs;        /* [observations] now */
	const struct em_obs *obs_before; /* at the entry before position */
	bool next_m;                     /* the phase that comes next, or that we are inside */
	bool inside;                     /* a part of the phase is done */
	size_t next_unit;                /* the observation or block a unit step would move next */
	struct em_verdict verdict;
	uint64_t seed;
};

void em_snapshot_release(const struct em_snapshot *s); /* NULL is allowed */
/* The theta that q of observation n was made with; borrowed from the snapshot. */
const double *em_snapshot_made(const struct em_snapshot *s, size_t n);

/* All members may be NULL. cancelled and progress are called from several threads at once. */
struct em_hooks {
	void *self;
	bool (*cancelled)(void *self);
	void (*progress)(void *self, const char *what, size_t done, size_t of);
	void (*stepped)(void *self, const struct em_entry *e); /* a ledger entry was made */
	bool (*halt)(void *self); /* between the entries of one call, after stepped: true makes it return EM_OK there */
};

struct em_run;

/* Settings of every run: seed, evidence_budget, history_memory, threads, tolerance, accelerate. */
extern const struct em_setting_table em_run_settings;

/* A θ (and optionally q) from outside, in the layout of the problem; from a state file. */
struct em_given {
	const double *theta; /* [theta_size] or NULL */
	const double *q;     /* [observations * q_stride] or NULL */
	const double *made;  /* [theta_size]: what that q was made with; NULL: theta */
};

/* A run at step 0. data is borrowed and must outlive the run and its snapshots; settings are retained; given may be
 * NULL; evidence may be NULL (none). Owned: em_run_free. */
enum em_status em_run_new(const struct em_model *model, const struct em_data *data, const struct em_settings *s,
                          const struct em_evidence *evidence, const struct em_given *given,
                          const struct em_hooks *hooks, struct em_run **out, struct em_err *err);
void em_run_free(struct em_run *r);
/* Another run that stands where this one does, with the same ledger and settings; they share what was made so far, and go on apart.
 * Owned: em_run_free. */
enum em_status em_run_clone(const struct em_run *r, struct em_run **out, struct em_err *err);

/* Steps. With accelerate=squarem a whole EM_ITERATION is a macro step (em_leap); the smaller ones are plain. Each makes whole ledger entries or, on any status but EM_OK and EM_BREACH, leaves the run as it was before the
 * entry that failed. EM_BREACH: the run stands at the entry before, stays usable for looking and going back. */
enum em_status em_run_step(struct em_run *r, enum em_size size, const struct em_hooks *h, struct em_err *err);
/* The whole (or the rest of the) E- or M-step by name; ends a phase of the other kind first if inside one. */
enum em_status em_run_phase(struct em_run *r, bool m, const struct em_hooks *h, struct em_err *err);
/* Goes to a ledger entry, exactly. EM_USAGE when there is none. */
enum em_status em_run_goto(struct em_run *r, size_t step, const struct em_hooks *h, struct em_err *err);
/* What to find out of log p at the position. */
enum { EM_RANGES = 64 };
struct em_evidence_ask {
	bool exact;      /* by the exact method, whatever it costs, where it can be had at all; else estimated where no exact one is known */
	size_t ranges;   /* 0: all observations */
	struct em_range {
		size_t from, to; /* to: one past */
	} range[EM_RANGES];
	size_t samples;  /* of an estimate: draws an observation; one that has as many already is left */
	double enough;   /* of an estimate: a standard error in nats below which an observation needs no more draws; 0: all get them */
	bool change;     /* also how log p changed in the last step that moved theta, by the same draws on both sides */
};

/* Then the entry there (and those about it that have the same theta) knows log p exactly, or estimated with its error, as far as all
 * observations are known. Nothing else of the run moves, and steps to come do not depend on it. What was found before a cancel is
 * kept. EM_USAGE: there is no method for this model; EM_CANCELLED. */
enum em_status em_run_evidence(struct em_run *r, const struct em_evidence_ask *ask, const struct em_hooks *h, struct em_err *err);
/* All observations, `samples` draws each. */
enum em_status em_run_estimate(struct em_run *r, size_t samples, const struct em_hooks *h, struct em_err *err);
/* KL over all observations in two (elbow/split.h): the part of theta and the price of independence; se of both, from the draws. theta
 * counts observations whose log p is known exactly, `unknown` are the others. LDA by mean field only: EM_USAGE. EM_CANCELLED. */
struct em_run_parts {
	double theta, price, se;
	size_t unknown;
	size_t dearest;      /* the observation of the largest price, and that */
	double dearest_price;
};
enum em_status em_run_split(const struct em_run *r, size_t draws, const struct em_hooks *h, struct em_run_parts *out, struct em_err *err);
/* What the exact ones that are unknown at the position would take, predicted seconds; *count of them, *never beyond any method. */
double em_run_evidence_cost(const struct em_run *r, size_t from, size_t to, size_t *count, size_t *never);
/* A change of yours: an element of a named array of theta or q gets a value, the others of a row that sums to 1 are scaled. Bounds and
 * statistics are made anew (q too, where it follows from a theta that allows less now); an entry EM_EDIT of its own, to which no step
 * is compared. EM_USAGE: inside a phase, no such element, or the value does not fit the model. */
struct em_edit {
	const char *array;
	size_t at[3];
	double value;
};
enum em_status em_run_edit(struct em_run *r, const struct em_edit *edit, const struct em_hooks *h, struct em_err *err);
/* Changes a setting of effect NOW or STEP for the steps to come. */
enum em_status em_run_set(struct em_run *r, const char *name, const char *value, struct em_err *err);

const struct em_entry *em_run_entry(const struct em_run *r); /* at the position; valid until the next step */
enum em_status em_run_snapshot(struct em_run *r, const struct em_snapshot **out, struct em_err *err);

/* A verdict on a ledger up to and including position. tolerance: nats to come that count as converged. */
struct em_verdict em_verdict_on(const struct em_entry *ledger, size_t position, double tolerance,
                                const char *observation);
/* Looks at theta where the ledger has come to rest: with components that are the same it is EM_STALLED, a saddle. */
void em_verdict_doubt(struct em_verdict *v, const struct em_problem *p, const double *theta);

#endif
