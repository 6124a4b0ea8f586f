/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A latent-variable model as one constant record: observations with their own latent variables, tied by global parameters.
 *
 *     observations --e_step--> q (per observation);  collect: q --> statistics (sum) + terms of the bound (sum)
 *     statistics --m_step--> theta;                  energy(theta, statistics) + entropy = ELBO
 *
 * All numbers are doubles in flat blocks; a layout says which named array lies where. Natural logarithms, nats. */
#ifndef ELBOW_MODEL_H
#define ELBOW_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elbow/data.h"
#include "elbow/settings.h"
#include "elbow/status.h"

enum { EM_ARRAYS = 4, EM_TERMS = 8 };

enum em_constraint { EM_FREE, EM_SIMPLEX_ROWS, EM_POSITIVE, EM_POSITIVE_DEFINITE, EM_PROBABILITY };

/* A named array of the public vocabulary (state file, print, docs). Element (i,j,l) lies at
 * offset + i*stride[0] + j*stride[1] + l*stride[2] of its block. */
struct em_array {
	const char *name;
	unsigned rank;
	size_t dim[3], stride[3], offset;
	enum em_constraint constraint;
};

/* Blocks, sizes in doubles. q has one row of q_stride an observation, so q arrays have stride[0] == q_stride. */
struct em_layout {
	size_t observations, components;
	struct em_array theta[EM_ARRAYS], q[EM_ARRAYS], stats[EM_ARRAYS];
	unsigned theta_arrays, q_arrays, stats_arrays;
	size_t theta_size, q_stride, stats_size;
	size_t derived_size; /* what derive() computes once a step from theta */
	size_t work_size;    /* scratch of one thread */
	size_t terms;        /* how many of em_model.terms */
};

/* What a run works on: fixed while the settings are. Everything borrowed but layout. */
struct em_problem {
	const struct em_model *model;
	const struct em_data *data;
	const struct em_settings *settings;
	struct em_layout layout;
};

/* The parameters a call sees. For exact models made == now after every E-step. */
struct em_theta {
	const double *now;     /* theta */
	const double *made;    /* the theta that the observation's q was made with */
	const double *derived; /* derive(now, made) */
	bool fresh;            /* collect only: e_step made this observation's q just now and left its work untouched */
};

/* One observation's share of the bound, nats. elbo is summed in the form with the least cancellation. */
struct em_bound {
	double elbo;
	double terms[EM_TERMS];
	/* Exact models; NAN for the others. Both under theta.now, KL by its own definition and not as a difference. */
	double log_p; /* log p(x_n|theta) */
	double kl;    /* KL(q || p(z_n|x_n, theta)) */
};

/* How far one observation's E-step has come in the current E phase. All zero before its first sweep. */
struct em_progress {
	uint32_t sweeps; /* done in this phase */
	uint32_t base;   /* model's own: sweeps when the present mode began */
	uint8_t mode;    /* model's own */
	bool done;
	bool capped;     /* done because of the sweep limit, not because it converged */
};

/* One ranked item of a component, for example a term of a topic. */
struct em_item {
	uint32_t id;
	double weight;
	const char *label; /* borrowed from the data; unsafe for screens as it is */
};

/* A q term of the ELBO is part of the energy E_q[log p(x,z|theta)] or of the entropy H[q]. */
struct em_term {
	const char *name;    /* "e_log_p_z": column in the trace */
	const char *formula; /* "E[log p(z|θ)]" */
	bool entropy;
	const char *help;
};

/* What a component looks like. */
enum em_picture {
	EM_PICTURE_TERMS,    /* ranked terms with probabilities: topics[K][V] */
	EM_PICTURE_GAUSSIAN, /* means[K][D], covariances[K][D][D] */
	EM_PICTURE_COIN,     /* bias[K] */
	EM_PICTURE_RATE,     /* rates[K] */
	EM_PICTURE_PIXELS,   /* probabilities[K][D] */
	EM_PICTURE_CHAIN,    /* initial[K], transitions[K][K], emissions[K][V] */
	EM_PICTURE_CELLS,    /* the multinomial of linkage */
	EM_PICTURE_FACTORS   /* loadings[K][D] */
};

struct em_entry;

struct em_model {
	const char *name, *title;
	const char *observation, *component; /* "document", "topic" */
	const char *unit;                    /* what sizes of components count: "token"; NULL: observations */
	const char *latent;                  /* the formula of q, one line */
	enum em_data_kind takes;
	bool exact;                          /* the E-step sets q to the posterior; collect gives log_p and kl */
	bool discrete;                       /* log p(x|theta) is that of counts: never above 0 */
	enum em_picture picture;
	const void *family;                  /* what models that share code are told apart by (struct mixture) */
	const struct em_setting_table *settings;
	const struct em_term *terms;

	/* The record that serves under these settings, for a model of several kinds under one name (LDA: variational, exact,
	 * smoothed); they share the table of settings. NULL: this one. */
	const struct em_model *(*variant)(const struct em_settings *s);
	/* Shapes; EM_USAGE when settings and data do not fit. */
	enum em_status (*layout)(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
	                         struct em_err *err);
	/* theta from the data, the setting `init` and a seed. theta is zeroed. */
	enum em_status (*init)(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err);
	/* Fills the parts of a theta that no named array holds, after its arrays were set from outside. May be NULL. */
	void (*complete)(const struct em_problem *p, double *theta);
	/* Checks a theta that came from outside (lengths are right, completed): constraints, and every observation possible. */
	enum em_status (*check)(const struct em_problem *p, const double *theta, struct em_err *err);
	/* For models that make q again from theta.made: the theta that q of entry 0 is made with (in: a copy of theta). NULL:
	 * theta itself. */
	void (*blank)(const struct em_problem *p, double *made);
	/* q of observation n at ledger entry 0: every component (path, topic of a token) that can have produced it alike. */
	void (*start)(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work);
	/* Once before a pass over the observations. derived has derived_size doubles. */
	void (*derive)(const struct em_problem *p, const double *now, const double *made, double *derived);
	/* Moves q of observation n by at most budget sweeps; q_before is its q when the phase began, before its bound
	 * then under theta.now. Sets progress. Runs in parallel over n: touches q, progress and work only. */
	void (*e_step)(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget,
	               const double *q_before, const struct em_bound *before, double *q,
	               struct em_progress *progress, double *work);
	/* The bound of observation n for its q made under t->made; adds its expected sufficient statistics to stats
	 * (NULL: no statistics). */
	void (*collect)(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
	                struct em_bound *out, double *work);
	/* After the statistics of all observations: true when they have lost digits where they were taken about. derived then
	 * says a better place, and they are collected once more, under the same theta. May be NULL. */
	bool (*again)(const struct em_problem *p, const double *stats, double *derived);
	/* Maximizes the energy over one block of theta (in: the old theta, out: the new). */
	enum em_status (*m_step)(const struct em_problem *p, const double *stats, unsigned block, double *theta,
	                         struct em_err *err);
	/* Name of an M-step block ("topics"), NULL past the last. Depends on the settings. */
	const char *(*block)(const struct em_problem *p, unsigned block);
	/* The energy terms from the statistics; entropy terms are left alone. */
	void (*energy)(const struct em_problem *p, const double *theta, const double *stats, double *terms);

	/* Terms of the bound that belong to theta and to no observation (q(beta|lambda) of smoothed LDA): adds them to terms,
	 * entropies too; returns their sum in the form with the least cancellation. May be NULL. */
	double (*global)(const struct em_problem *p, const double *theta, double *terms);

	/* The expected share of each component in observation n, sums to 1; [components]. NULL: components have no shares. */
	void (*shares)(const struct em_problem *p, const double *q, size_t n, double *out);
	/* Where observations have parts with a latent variable each (tokens of a document in the order of its pairs, times of a
	 * sequence): q(z_i = k) of parts from .. from+count-1 of observation n, made with `made`; [count][components]. May be NULL. */
	enum em_status (*parts)(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
	                        size_t count, double *out, struct em_err *err);
	/* The two logs that the posterior of observation n comes from, for each component: log of its weight, log p(x_n|k);
	 * [components] each. NULL where an observation has no component of its own. */
	enum em_status (*weigh)(const struct em_problem *p, const double *theta, size_t n, double *weight, double *fit,
	                        struct em_err *err);
	/* Something to say about component k of theta that its user must know (a floor acts, it is about to collapse): a
	 * sentence with numbers, true. May be NULL. */
	bool (*health)(const struct em_problem *p, const double *theta, size_t k, char *out, size_t size);
	/* The same of theta as a whole, once an M-step has made it. May be NULL. */
	bool (*remark)(const struct em_problem *p, const double *theta, char *out, size_t size);
	/* True when the settings promise that no E-step lowers the ELBO. */
	bool (*monotone)(const struct em_problem *p);
	/* The max best items of component k, best first; how many were written. */
	size_t (*describe)(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max);
	/* Expected size of each component (tokens of a topic) from the statistics; [components]. */
	void (*masses)(const struct em_problem *p, const double *stats, double *out);
	/* Two or three plain sentences on what the step from before to now did and why, with numbers; and the equation of
	 * the update that was made. Both NUL-terminated within size bytes, UTF-8. */
	void (*explain)(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out,
	                size_t size);
	const char *(*equation)(const struct em_problem *p, bool m_phase);
};

static inline const char *em_model_unit(const struct em_model *m)
{
	return m->unit ? m->unit : m->observation;
}

/* The registry: NULL when there is no such model; NULL past the last. */
const struct em_model *em_model_named(const char *name);
const struct em_model *em_model_at(size_t i);
/* The variant of a model that serves under these settings. */
const struct em_model *em_model_under(const struct em_model *m, const struct em_settings *s);
extern const char *const em_model_names[]; /* in the same order, NULL-terminated */

#endif
